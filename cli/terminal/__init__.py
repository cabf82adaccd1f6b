"""How things are written for a person in a terminal, and for a program."""
