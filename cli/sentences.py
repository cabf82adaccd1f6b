"""The package's sentences in the words of the command line.

The package speaks of keys of the ImportWorkflow's input, because that is what it is given; who typed options
is told of options.
"""

from __future__ import annotations

import re
from typing import Final

from cli.import_input import in_options

_QUOTED: Final = re.compile(r'"(--[a-z-]+)"(: true)?')


def as_options(sentence: str) -> str:
    """A sentence that names options in place of the input's keys."""
    return _QUOTED.sub(r"\1", in_options(sentence))


def split_remedy(sentence: str) -> tuple[str, str]:
    """What is wrong, and what to do about it: the package parts them by a semicolon."""
    wrong, _, remedy = sentence.partition("; ")
    return wrong, remedy
