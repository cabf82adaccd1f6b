"""The package's sentences in the words of the command line."""

from __future__ import annotations


def split_remedy(sentence: str) -> tuple[str, str]:
    """What is wrong, and what to do about it: the package parts them by a semicolon."""
    wrong, _, remedy = sentence.partition("; ")
    return wrong, remedy
