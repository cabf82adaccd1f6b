"""Reading and writing a user pool."""
