"""The report's page: well-formed, self-contained, and deaf to what hostile values say."""

from __future__ import annotations

import base64
import hashlib
import re
from html.parser import HTMLParser
from typing import Any

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from lifeboat.restore.page import MOST_ROWS, page, subs_named
from lifeboat.restore.page.charts import nice, stacked

VOID = {"input", "link", "meta"}
ATTACKS = [
    "<script>alert(1)</script>",
    '"><img src=x onerror=alert(1)>',
    "</title><script>",
    "</style><link rel=stylesheet href=//evil.example>",
    "&lt;b&gt;",
    "' onmouseover='x",
    "]]><!--",
]


class Reader(HTMLParser):
    """Reads a page, and fails where tags do not match."""

    def __init__(self, text: str) -> None:
        super().__init__(convert_charrefs=True)
        self.open: list[str] = []
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.texts: list[str] = []
        self.feed(text)
        self.close()
        assert self.open == []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))
        if tag not in VOID:
            self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self.open
        assert self.open.pop() == tag

    def handle_comment(self, data: str) -> None:
        raise AssertionError("a comment")

    def handle_data(self, data: str) -> None:
        if not {"style", "script"} & set(self.open):
            self.texts.append(data)

    @property
    def text(self) -> str:
        return "\n".join(self.texts)

    def count(self, tag: str) -> int:
        return sum(name == tag for name, _ in self.tags)


def report(**changes: Any) -> dict[str, Any]:
    users = {"in_backup": 1_234_567, "restored": 7, "different": 0, "failed": 0, "unexpected": 0}
    return {
        "import_id": "2026-03-01T09:30:12.873Z-9c29014e",
        "user_pool_id": "eu-west-1_New",
        "export_id": "2026-03-01T03:00:00.214Z-b3656560",
        "as_of": "",
        "status": "SUCCEEDED",
        "started_at": "2026-03-01T09:30:12.873Z",
        "ended_at": "2026-03-01T10:31:13.873Z",
        "duration_seconds": 3661.0,
        "warnings": [],
        "maps": "s3://reports/imports/x/maps/",
        "pool_notes": [],
        "totals": {
            "users": users,
            "memberships": {"restored": 3},
            "groups": {"in_backup": 2, "different": 0},
        },
        "lanes": {"csv": 5, "api": 2, "why_api": {}},
        "failed": [],
        "different": [],
        "different_groups": [],
        "unexpected_groups": [],
        "unexpected": [],
        "not_restorable": {},
        "kinds": {},
        "timeline": [],
        "rates": [],
        "updates_limit": 22.5,
        **changes,
    }


def hostile(text: str) -> dict[str, Any]:
    """A report in which everything that is text says this."""
    return report(
        import_id=text,
        user_pool_id=text,
        export_id=text,
        as_of=text,
        status=text,
        started_at=text,
        ended_at=text,
        warnings=[text],
        pool_notes=[text],
        maps=text,
        lanes={"csv": 0, "api": 1, "why_api": {text: 1}},
        failed=[{"sub": text, "reason": text, "status": text}],
        different=[{"sub": text, "new_sub": text, "fields": [text, text], "reason": text, "status": text}],
        changed_since=[{"sub": text, "new_sub": text, "fields": [text]}],
        kinds={
            text: dict.fromkeys(("in_backup", "restored", "different", "failed", "disabled", "linked"), 1)
        },
        timeline=[{"phase": text, "at": text}],
        rates=[{"phase": text, "at": text, "done": 1, "per_second": 1.0}] * 5,
        different_groups=[{"group": text, "fields": [text]}],
        unexpected_groups=[text],
        unexpected=[text],
        not_restorable={
            text: {"users": "all", "why": text},
            f"{text}2": {"users": 3, "why": text, "subs": [text]},
        },
    )


def test_the_moment_that_was_gone_back_to_is_said() -> None:
    assert "2026-03-01 08:00:00 UTC" in Reader(page(report(as_of="2026-03-01T08:00:00.000Z"))).texts
    assert "that export" in Reader(page(report())).texts


def shape(text: str) -> list[tuple[str, dict[str, str | None]]]:
    return Reader(text).tags


@pytest.mark.parametrize("attack", ATTACKS)
def test_values_are_text_and_never_markup(attack: str) -> None:
    text = page(hostile(attack), {attack: attack})
    assert shape(text) == shape(page(hostile("harmless"), {"harmless": "harmless"}))
    assert Reader(text).text.count(attack) >= 12


@given(st.text(st.characters(exclude_categories=["Cs", "Cc"])))
@settings(max_examples=60)
def test_no_text_at_all_changes_the_page_s_shape(text: str) -> None:
    assume(text != "SUCCEEDED")  # a page of good news has another shape
    assert shape(page(hostile(text))) == shape(page(hostile("harmless")))


@pytest.mark.parametrize("content", [report(), hostile("x"), hostile(ATTACKS[0])])
def test_the_page_fetches_nothing_and_runs_nothing_but_its_own(content: dict[str, Any]) -> None:
    text = page(content, {})
    read = Reader(text)
    assert not {"img", "iframe", "object", "embed", "base", "form"} & {tag for tag, _ in read.tags}
    for tag, attributes in read.tags:
        assert not {"src", "style", "action", "xlink:href"} & set(attributes)
        assert not any(name.startswith("on") for name in attributes)
        where = attributes.get("href") or ""
        assert where == "data:," if tag == "link" else re.fullmatch(r"(#[a-z-]+)?", where)
    [style], [script] = (re.findall(rf"<{tag}>(.*?)</{tag}>", text, re.DOTALL) for tag in ("style", "script"))
    assert not re.search(r"url\(|@import|expression|//", style)
    assert not re.search(r"fetch|XMLHttp|import\(|eval|innerHTML|document\.write", script)
    policy = next(each["content"] for tag, each in read.tags if "http-equiv" in each) or ""
    assert f"style-src '{digest(style)}'; script-src '{digest(script)}';" in policy
    assert policy.startswith("default-src 'none'; ")
    assert "unsafe" not in policy


def digest(text: str) -> str:
    return f"sha256-{base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()}"


def test_the_page_is_html_in_utf_8() -> None:
    text = page(report(warnings=["Ó Briain, 李 😀"]))
    assert text.startswith("<!doctype html>\n")
    read = Reader(text)
    assert ("meta", {"charset": "utf-8"}) in read.tags
    assert "Ó Briain, 李 😀" in read.text
    for tag in ("html", "head", "title", "style", "body", "h1"):
        assert read.count(tag) == 1
    assert "1,234,567" in read.text
    assert "1 h 1 min 1 s" in read.text


@pytest.mark.parametrize(
    ("seconds", "words"),
    [(0, "0 s"), (0.4, "0 s"), (59.6, "1 min"), (3600, "1 h"), (86_400.2, "24 h"), (61, "1 min 1 s")],
)
def test_durations_are_in_words(seconds: float, words: str) -> None:
    assert f", after {words}\n" in Reader(page(report(duration_seconds=seconds))).text


def test_a_good_end_and_a_bad_one_do_not_look_alike() -> None:
    good = Reader(page(report())).text
    bad = Reader(page(report(status="INCOMPLETE", failed=[{"sub": "s", "reason": "r"}]))).text
    assert "Everything that can come back has come back." in good
    assert "Not everything came back" in bad
    assert "lifeboat import --resume 2026-03-01T09:30:12.873Z-9c29014e --wait" in bad
    assert "Failed users" in bad
    assert "Failed users" not in good


def test_after_a_drill_nobody_is_told_to_go_on_with_it() -> None:
    for status in ("SUCCEEDED", "INCOMPLETE"):
        text = Reader(page(report(drill="a-drill", status=status))).text
        assert "this was a drill" in text
        assert "Point the application" not in text
        assert "--resume" not in text


@pytest.mark.parametrize("rows", [1, MOST_ROWS, MOST_ROWS + 1, MOST_ROWS + 1_234])
def test_long_tables_are_cut_and_say_by_how_much(rows: int) -> None:
    failed = [{"sub": f"sub-{number}", "reason": "r"} for number in range(rows)]
    text = page(report(status="INCOMPLETE", failed=failed))
    read = Reader(text)
    assert read.text.count("sub-") == min(rows, MOST_ROWS)
    listed = report(
        not_restorable={"invitations": {"users": rows, "why": "w", "subs": [f"s-{n}" for n in range(rows)]}}
    )
    assert len(subs_named(listed)) == page(listed).count("<code>s-") == min(rows, MOST_ROWS)
    assert page(report(unexpected=[f"u-{n}" for n in range(rows)])).count("<code>u-") == min(rows, MOST_ROWS)
    more = rows - MOST_ROWS
    assert (f"{more:,} more are in the JSON report." in text) == (more > 0)
    assert "more are in the JSON report" not in text or more > 0


def test_every_table_has_as_many_cells_in_a_row_as_in_its_head() -> None:
    for table in re.findall(r"<table>.*?</table>", page(hostile("x")), re.DOTALL):
        head, *rows = re.findall(r"<tr>(.*?)</tr>", table, re.DOTALL)
        assert rows
        assert {row.count("<td") for row in rows} == {head.count("<th")}


# -- usernames ---------------------------------------------------------------------------------------------


def test_usernames_are_there_only_where_they_are_given() -> None:
    content = report(
        status="INCOMPLETE",
        failed=[{"sub": "a", "reason": "r"}, {"sub": "b", "reason": "r"}],
        not_restorable={"invitations": {"users": 1, "why": "w", "subs": ["c"]}},
    )
    assert subs_named(content) == {"a", "b", "c"}
    without, given = Reader(page(content)), Reader(page(content, {"a": "ada", "c": "cyn"}))
    assert "ada" in given.texts
    assert "cyn" in given.texts
    assert given.count("input") == without.count("input") + 1
    assert "Username" not in without.text


# -- charts ------------------------------------------------------------------------------------------------


@given(st.lists(st.tuples(st.integers(0, 10**9), st.just("good")), max_size=5))
def test_bars_never_leave_their_place(amounts: list[tuple[int, str]]) -> None:
    parts = stacked(amounts, sum(amount for amount, _ in amounts))
    assert len(parts) == sum(amount > 0 for amount, _ in amounts)
    for part in parts:
        assert part.start >= 0
        assert part.length > 0
        assert part.start + part.length <= 100.001


@given(st.floats(0, 1e9))
def test_an_axis_ends_a_little_above_its_values(value: float) -> None:
    assert value <= nice(value) <= max(1, 2 * value)


def test_the_course_of_the_run_is_drawn() -> None:
    content = report(
        timeline=[
            {"phase": "PREFLIGHT", "at": "2026-03-01T09:30:12.873Z"},
            {"phase": "USERS", "at": "2026-03-01T09:31:12.873Z"},
            {"phase": "NEW", "at": "2026-03-01T10:30:13.873Z"},
        ],
        rates=[
            {
                "phase": "USERS",
                "at": f"2026-03-01T09:{minute}:12.873Z",
                "done": 60 * minute,
                "per_second": 1.0,
                "updates_per_second": 24.5,
            }
            for minute in (31, 32, 33)
        ],
    )
    read = Reader(page(content))
    assert "09:30:12, 1 min" in read.texts
    assert "09:31:12, 59 min 1 s, 1,980 users, 0.6 a second" in read.texts
    assert "10:30:13, 1 min" in read.texts
    assert "24.5" in read.texts
    assert read.count("path") == 2 * 3 + 2 + 2 + 1, "two grids, an area with its line, two lines, the limit"
    assert Reader(page(report(rates=content["rates"][:2]))).count("path") == 0


def test_users_are_counted_by_the_status_they_had() -> None:
    counts = {"in_backup": 9, "restored": 7, "different": 0, "failed": 2, "disabled": 3, "linked": 0}
    found = {"federated_profiles": {"users": 4, "why": "w", "subs": []}}
    read = Reader(page(report(kinds={"CONFIRMED": counts}, not_restorable=found)))
    assert "7 restored, 2 failed; 3 of them disabled" in read.texts
    assert "4 come back at their first sign-in" in read.texts


def test_the_most_frequent_reasons_stand_above_the_users() -> None:
    failed = [{"sub": str(number), "reason": "rare" if number == 0 else "often"} for number in range(9)]
    texts = Reader(page(report(status="INCOMPLETE", failed=failed))).texts
    assert texts[texts.index("often") + 1] == "8"
    assert texts.index("often") < texts.index("rare")
