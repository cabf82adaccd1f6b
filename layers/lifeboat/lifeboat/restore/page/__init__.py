"""The reconciliation report as a page for people: one file that fetches nothing.

It names users by their subs only, like the report that it is made from, unless it is given usernames; then
these are hidden until they are switched on. Style and script stand in the page itself, and are all that its
Content-Security-Policy lets it use (https://www.w3.org/TR/CSP3/#framework-directive-source-list).
"""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Mapping
from functools import cache
from html import escape
from pathlib import Path

from lifeboat.restore.page import sections
from lifeboat.restore.page.charts import PATTERN
from lifeboat.restore.page.sections import People, Report
from lifeboat.restore.page.tables import MOST_ROWS

__all__ = ["MOST_ROWS", "page", "subs_named"]

SWITCH = (
    '<p class="switch"><label><input type="checkbox" id="names" autocomplete="off"> Show usernames</label> '
    '<span class="dim">This copy has personal data.</span></p>'
)


def page(report: Report, names: Mapping[str, str] | None = None) -> str:
    """The page of a report, as UTF-8 HTML. `names` are usernames by sub, for a copy that has them."""
    people = People(names)
    found = [
        sections.what_next(report),
        sections.overview(report),
        sections.notes("warnings", "Warnings", report.get("warnings", ())),
        people.failed(report),
        people.different(report),
        sections.groups(report),
        sections.unexpected(report),
        sections.course(report),
        sections.kinds(report),
        people.changed_since(report),
        sections.notes("pool", "Left out of the created pool", report.get("pool_notes", ())),
        people.not_restorable(report),
        sections.files(report),
    ]
    shown = [section for section in found if section is not None]
    contents = "".join(section.entry() for section in shown)
    return (
        f"{_head(report)}\n<body>\n"
        f'<a class="skip" href="#next">Skip to what to do now</a>\n{PATTERN}\n{sections.heading(report)}\n'
        f'{"" if names is None else SWITCH}<nav aria-label="Contents"><ul>{contents}</ul></nav>\n<main>\n'
        + "\n".join(section.html() for section in shown)
        + f"\n</main>\n<script>{_asset('report.js')}</script>\n</body></html>\n"
    )


def subs_named(report: Report) -> set[str]:
    """The subs of the backup that a page shows, for whoever looks up their usernames."""
    lists = (report["failed"], report["different"], report.get("changed_since", ()))
    subs = {str(entry["sub"]) for entries in lists for entry in entries[:MOST_ROWS]}
    return subs | {sub for _, sub in sections.listed_subs(report)}


def _head(report: Report) -> str:
    title = f"Import {report['import_id']}: {report['status'].lower()}"
    policy = (
        f"default-src 'none'; style-src '{_digest('report.css')}'; script-src '{_digest('report.js')}'; "
        "img-src data:; base-uri 'none'; form-action 'none'"
    )
    return (
        '<!doctype html>\n<html lang="en"><head><meta charset="utf-8">'
        f'<meta http-equiv="Content-Security-Policy" content="{policy}">'
        '<meta name="viewport" content="width=device-width,initial-scale=1">'
        '<meta name="color-scheme" content="light dark"><meta name="referrer" content="no-referrer">'
        f'<link rel="icon" href="data:,"><title>{escape(title)}</title>'
        f"<style>{_asset('report.css')}</style></head>"
    )


@cache
def _asset(name: str) -> str:
    """Style or script, as they lie beside this module."""
    return Path(__file__).with_name(name).read_text("utf-8")


@cache
def _digest(name: str) -> str:
    """What a policy calls an asset by."""
    return "sha256-" + base64.b64encode(hashlib.sha256(_asset(name).encode()).digest()).decode()
