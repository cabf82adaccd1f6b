"""Imports: what is asked for, what they would do, what they did."""
