"""Values that are easy to damage on the way through a backup, an import job or a queue."""

from dataclasses import dataclass
from typing import Final

LONGEST: Final = 2048
"""Bytes that an attribute's value may have (cognito/latest/developerguide/quotas.html)."""


@dataclass(frozen=True, slots=True)
class Text:
    """A text, and what is special about it."""

    key: str
    title: str
    value: str


TEXTS: Final[tuple[Text, ...]] = (
    Text("emoji", "Emoji", "🛟 👩‍👩‍👧‍👦 🏴‍☠️ 🧑🏽‍🚀 𝔘"),
    Text("rtl", "Right-to-left text", "\u202eمحمد الخوارزمي\u202c נעמי בן־דוד"),
    Text("combining", "Combining characters", "Jose\u0301 Nu\u0303ez, z\u0335a\u0337l\u0336g\u0334o\u0335"),
    Text("newline", "Newlines", "first line\nsecond line\r\nthird"),
    Text("comma", "Commas", "one, two,, three,"),
    Text("backslash", "Backslashes", "C:\\temp\\, \\\\server\\share\\"),
    Text("quotes", "Quotes", '"ahoy", she said, \'bye\' ""'),
    Text("spaces", "Space at both ends", "  around\t"),
    Text(
        "syntax",
        "What looks like syntax",
        '=SUM(A1:A9) {"a": [null]} 0012.50 %2F ${x} $.path <b>&amp; #USER#',
    ),
)

GROUP_NAME: Final = 'Ünï#/"code",\\+%2F<&>=🛟\''
"""Letters, marks, symbols, numbers and punctuation: what a group's name may consist of."""

USERNAME: Final = 'Zoë#1/"a",b;\\+%2F<&>🛟'
"""The same for a username."""

DESCRIPTION: Final = "Those who\nkeep watch, day & night 🛟"
