"""A module for each command. `register` adds it to the app."""
