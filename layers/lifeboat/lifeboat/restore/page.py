"""The reconciliation report as a page for people: one file, without scripts or anything to fetch.

It names users by their subs only, like the report that it is made from.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from html import escape
from typing import Any

MOST_ROWS = 1_000
"""A longer table is cut: the JSON report has every row."""

_STYLE = """
:root {
  color-scheme: light dark;
  --ink: #1b1f24; --dim: #5b6570; --line: #d5dae0; --paper: #fff;
  --good: #1a7f37; --bad: #b42318; --warn: #9a6700;
}
@media (prefers-color-scheme: dark) {
  :root {
    --ink: #e6e9ee; --dim: #9aa4b0; --line: #38404a; --paper: #15191e;
    --good: #4ac26b; --bad: #ff7b72; --warn: #d4a72c;
  }
}
* { box-sizing: border-box; }
body {
  margin: 0 auto; padding: 1.5rem; max-width: 64rem;
  background: var(--paper); color: var(--ink); font: 16px/1.5 system-ui, sans-serif;
}
h1 { font-size: 1.5rem; margin: 0; }
h2 { font-size: 1.15rem; margin: 2rem 0 .5rem; }
p { margin: .3rem 0; }
.dim { color: var(--dim); }
.good { color: var(--good); }
.bad { color: var(--bad); }
.warn { color: var(--warn); }
.tiles {
  display: grid; gap: .75rem; margin: 1rem 0;
  grid-template-columns: repeat(auto-fit, minmax(9rem, 1fr));
}
.tile { border: 1px solid var(--line); border-radius: .5rem; padding: .6rem .8rem; }
.tile b { display: block; font-size: 1.5rem; }
.scroll { overflow-x: auto; }
table { border-collapse: collapse; width: 100%; font-size: .95rem; }
th, td { text-align: left; padding: .35rem .6rem; border-bottom: 1px solid var(--line); vertical-align: top; }
th { color: var(--dim); font-weight: 600; }
td, code { overflow-wrap: anywhere; }
td.n, th.n { text-align: right; white-space: nowrap; }
@media print { body { max-width: none; padding: 0; } .scroll { overflow: visible; } }
"""


def page(report: Mapping[str, Any]) -> str:
    """The page of a report, as UTF-8 HTML."""
    title = f"Import {report['import_id']}"
    parts = [
        _heading(report),
        _tiles(report),
        _notes("Warnings", report.get("warnings", ())),
        _notes("Left out of the created pool", report.get("pool_notes", ())),
        _failed(report),
        _different(report),
        _changed_since(report),
        _groups(report),
        _lanes(report["lanes"]),
        _not_restorable(report["not_restorable"]),
        _files(report),
    ]
    return (
        '<!doctype html>\n<html lang="en"><head><meta charset="utf-8">'
        '<meta name="viewport" content="width=device-width,initial-scale=1">'
        f"<title>{escape(title)}</title><style>{_STYLE}</style></head>\n<body>\n"
        + "\n".join(part for part in parts if part)
        + "\n</body></html>\n"
    )


def _heading(report: Mapping[str, Any]) -> str:
    fine = report["status"] == "SUCCEEDED"
    verdict = (
        '<p class="good">Everything that can come back has come back.</p>'
        if fine
        else '<p class="bad">Not everything came back. Mend the causes below, then resume the import with '
        f"<code>{escape(_resume(report))}</code></p>"
    )
    return (
        f"<h1>Import: {escape(report['status'].lower())}</h1>"
        f'<p class="dim">Pool {escape(report["user_pool_id"])}{_moment(report)} from export '
        f"{escape(report['export_id'])}. "
        f"{escape(report['started_at'])} to {escape(report['ended_at'])}, "
        f"{_duration(report['duration_seconds'])}.</p>{verdict}"
    )


def _moment(report: Mapping[str, Any]) -> str:
    return f" as of {escape(report['as_of'])}," if report["as_of"] else ""


def _resume(report: Mapping[str, Any]) -> str:
    return f'{{"Resume": "{report["import_id"]}"}}'


def _duration(seconds: float) -> str:
    minutes, rest = divmod(round(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    words = [(hours, "h"), (minutes, "min"), (rest, "s")]
    return " ".join(f"{number} {unit}" for number, unit in words if number) or "0 s"


def _tiles(report: Mapping[str, Any]) -> str:
    users, lanes = report["totals"]["users"], report["lanes"]
    tiles = [
        ("in the backup", users["in_backup"], ""),
        ("restored", users["restored"], "good"),
        ("failed", users["failed"], "bad"),
        ("different", users["different"], "warn"),
        ("unexpected", users["unexpected"], "warn"),
        ("by import jobs", lanes["csv"], ""),
        ("by the API", lanes["api"], ""),
        ("memberships restored", report["totals"]["memberships"]["restored"], ""),
        ("memberships left to the sign-in", report["totals"]["memberships"].get("at_sign_in", 0), ""),
        ("groups in the backup", report["totals"]["groups"]["in_backup"], ""),
    ]
    cells = (
        f'<div class="tile"><b class="{tone if number else ""}">{number:,}</b>{escape(name)}</div>'
        for name, number, tone in tiles
    )
    return f'<div class="tiles">{"".join(cells)}</div>'


def _notes(title: str, notes: Sequence[str]) -> str:
    if not notes:
        return ""
    return f"<h2>{title}</h2><ul>{''.join(f'<li>{escape(note)}</li>' for note in notes)}</ul>"


def _failed(report: Mapping[str, Any]) -> str:
    rows = [(_code(entry["sub"]), escape(entry["reason"])) for entry in report["failed"]]
    return _table("Failed users", ("Sub in the backup", "Reason"), rows)


def _different(report: Mapping[str, Any]) -> str:
    rows = [
        (_code(entry["sub"]), escape(", ".join(entry["fields"])), escape(entry["reason"]))
        for entry in report["different"]
    ]
    return _table("Users that differ", ("Sub in the backup", "In which fields", "Reason"), rows)


def _changed_since(report: Mapping[str, Any]) -> str:
    rows = [
        (_code(entry["sub"]), escape(", ".join(entry["fields"]))) for entry in report.get("changed_since", ())
    ]
    return _table(
        "Users who signed in and were changed since", ("Sub in the backup", "In which fields"), rows
    )


def _groups(report: Mapping[str, Any]) -> str:
    rows = [
        (escape(entry["group"]), escape(", ".join(entry["fields"]))) for entry in report["different_groups"]
    ]
    rows += [(escape(name), "not in the backup") for name in report["unexpected_groups"]]
    return _table("Groups that differ", ("Group", "In what"), rows)


def _lanes(lanes: Mapping[str, Any]) -> str:
    rows = [(escape(reason), f"{count:,}") for reason, count in lanes["why_api"].items()]
    return _table("Why users went by the API", ("Reason", "Users"), rows, numbers=True)


def _not_restorable(kinds: Mapping[str, Any]) -> str:
    rows = [
        (escape(name.replace("_", " ")), escape(entry["why"]), _count(entry["users"]))
        for name, entry in kinds.items()
    ]
    return _table("What no restore can bring back", ("What", "Why", "Users"), rows, numbers=True)


def _count(users: int | str) -> str:
    return f"{users:,}" if isinstance(users, int) else escape(users)


def _files(report: Mapping[str, Any]) -> str:
    return f"<h2>Maps of old and new</h2><p>Users and app clients: <code>{escape(report['maps'])}</code></p>"


def _code(text: str) -> str:
    return f"<code>{escape(text)}</code>"


def _table(
    title: str, columns: Sequence[str], rows: Sequence[Iterable[str]], *, numbers: bool = False
) -> str:
    """A table of cells that are HTML already; "" without rows. `numbers` says that the last column is one."""
    if not rows:
        return ""
    last = len(columns) - 1
    classes = [' class="n"' if numbers and place == last else "" for place in range(len(columns))]
    head = "".join(f"<th{style}>{escape(name)}</th>" for name, style in zip(columns, classes, strict=True))
    body = "".join(
        "<tr>"
        + "".join(f"<td{style}>{cell}</td>" for cell, style in zip(row, classes, strict=True))
        + "</tr>"
        for row in rows[:MOST_ROWS]
    )
    more = (
        f'<p class="dim">{len(rows) - MOST_ROWS:,} more are in the JSON report.</p>'
        if len(rows) > MOST_ROWS
        else ""
    )
    return (
        f'<h2>{escape(title)}</h2><div class="scroll"><table><thead><tr>{head}</tr></thead>'
        f"<tbody>{body}</tbody></table></div>{more}"
    )
