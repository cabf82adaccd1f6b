"""What varied people are called and what they write: data for `people`.

Each table is gone through in turn, so that a small population has every line of it. Usernames and group
names keep to what Cognito takes (letters, marks, symbols, numbers and punctuation: no white space, no
joiners); values of attributes do not have to.
"""

from collections.abc import Sequence
from typing import Final

NAMES: Final[Sequence[tuple[str, str, str]]] = (
    ("Zoë", "Núñez-Łukasiewicz", "es-ES"),
    ("Søren", "Ångström", "da-DK"),
    ("Sinéad", "O'Connor", "ga-IE"),
    ("Наталья", "Щёголева", "ru-RU"),
    ("Єлизавета", "Ґалаґан", "uk-UA"),
    ("Αλέξανδρος", "Παπαδόπουλος", "el-GR"),
    ("محمد", "الخوارزمي", "ar-EG"),
    ("נעמי", "בן־דוד", "he-IL"),
    ("小明", "欧阳", "zh-CN"),
    ("さくら", "山田", "ja-JP"),
    ("ジョン", "スミス", "ja-JP"),
    ("서연", "김", "ko-KR"),
    ("อรุณ", "ศรีสุข", "th-TH"),
    ("अनीता", "शर्मा", "hi-IN"),
    ("Jose\u0301", "Nu\u0303ez", "pt-BR"),
    ("🛟", "🧑🏽‍🚀", "en-US"),
)
"""Given name, family name, locale. The last but one is written with combining characters."""

AWKWARD: Final = (
    "",
    "one, two,, three,",
    "she said \"ahoy\" and 'bye'",
    "first line\nsecond line\r\nthird\n",
    "#hash #USER#00 a/b//c \\ back\\slash",
    "  spaces around\t",
    "👩‍👩‍👧‍👦 🏴‍☠️ 🇪🇺",
    "\u202eright to left\u202c, z\u0335a\u0337l\u0336g\u0334o\u0335",
    "true",
    "0012.50",
    "null",
    "=SUM(A1:A9)",
    '{"json": ["é", null]}',
    "<b>&amp;</b> ${jndi} %2F%00 $.path States.Format('{}')",
    "x" * 2048,
    "𝔘" * 512,
)
"""Values of custom:note; the long ones fill the 2,048 bytes that an attribute may have."""

USERNAME_SHAPES: Final = (
    "{given}.{family}.{n}",
    "user-{n}",
    "{family}#{n}/{given}",
    'a,b;"{n}"',
    "o'{n}+tag@{given}",
    "%2F{n}%00",
    "🛟{n}",
    "{n}:" + "ü" * 100,
)

GROUP_SHAPES: Final = (
    "admins-{n}",
    "team/{n}/écrit",
    "#{n}#",
    "администраторы{n}",
    "群组{n}",
    "مجموعة{n}",
    "\"{n}\",'quoted'",
    "+{n}=%2F<&>",
    "e\u0301quipe{n}",
    "{n}" + "🛟" * 50,
)

PRECEDENCES: Final = (0, None, 1, 10, 2**31 - 1)
DESCRIPTIONS: Final = (None, "Those who\nkeep watch, day & night", "Описание #1/2", "d" * 2048)
