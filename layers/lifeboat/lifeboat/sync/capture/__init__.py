"""Live capture: what changes in the pool is read again and written, as an export writes it."""
