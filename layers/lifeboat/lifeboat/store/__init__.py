"""The backup table: keys, items, history, ledgers and the lock."""
