"""A run is shown until it ends: in a terminal, in a log, after a failed look, and left by Ctrl-C."""

from __future__ import annotations

import io
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any, cast

import pytest
import typer
from rich.console import Console

from cli.runs.executions import Follower, Look, Run
from cli.runs.following import MOST_MISSES, View, follow
from cli.terminal.output import Output
from lifeboat.errors import StoreUnavailable

ARN = "arn:aws:states:eu-west-1:123456789012:execution:ImportWorkflow:abc"
AT = "2026-11-21T10:00:00.000Z"
USERS = {
    "phase": "USERS",
    "expected": 1_000,
    "settled": 400,
    "users_per_second": 31.5,
    "expected_end": "2026-11-21T10:12:00.000Z",
}
ENTRY: dict[str, Any] = {"user_pool_id": "eu-west-1_New", "users": 1_000, "groups": 3, "progress": USERS}


@dataclass
class Played:
    """Looks that come one after the other, as a follower's would."""

    looks: Iterator[Look | Exception | type[KeyboardInterrupt]]
    run: Run = field(default_factory=lambda: Run("import", ARN, datetime(2026, 11, 21, 9, 58, tzinfo=UTC)))
    run_id: str = "2026-11-21T09:58:00.000Z-86b993c5"

    def look(self) -> Look:
        found = next(self.looks)
        if isinstance(found, Look):
            return found
        raise found


def played(*looks: Look | Exception | type[KeyboardInterrupt]) -> Follower:
    return cast(Follower, Played(iter(looks)))


def output(terminal: bool = False, as_json: bool = False) -> Output:
    def console() -> Console:
        return Console(file=io.StringIO(), width=110, force_terminal=terminal, color_system=None)

    return Output(as_json, console(), console())


def written(console: Console) -> str:
    assert isinstance(console.file, io.StringIO)
    return console.file.getvalue()


def shown(out: Output, *looks: Look | Exception | type[KeyboardInterrupt]) -> Look:
    return follow(out, played(*looks), sleep=lambda _: None)


def test_lines_where_there_is_no_terminal() -> None:
    out = output()

    last = shown(
        out,
        Look(AT, "RUNNING", {}, "Begin Import"),
        Look(AT, "RUNNING", ENTRY),
        Look(AT, "RUNNING", ENTRY),
        Look(AT, "SUCCEEDED", {**ENTRY, "totals": {}}),
    )

    assert last.status == "SUCCEEDED"
    title, *lines = written(out.console).splitlines()
    assert title.startswith("import 2026-11-21T09:58:00.000Z-86b993c5 in eu-west-1, 2 min")
    assert [line.strip() for line in lines] == [
        "10:00 UTC  Begin Import",
        "10:00 UTC  users 400 of 1,000 (40 %), 31.5 a second, ends in about 12 min (10:12 UTC)",
        "10:00 UTC  ended",
    ]


def test_bars_in_a_terminal() -> None:
    out = output(terminal=True)

    shown(out, Look(AT, "RUNNING", ENTRY), Look(AT, "SUCCEEDED", {**ENTRY, "totals": {}}))

    text = written(out.console)
    for expected in (
        "400 of 1,000",
        "31.5/s",
        "12 min left, 10:12 UTC",
        "comparing",
    ):
        assert expected in text
    assert "Ctrl-C leaves it running" in text
    assert "into eu-west-1_New" in text


def test_json_stays_by_itself_on_standard_output() -> None:
    out = output(as_json=True)

    shown(out, Look(AT, "SUCCEEDED", ENTRY))

    assert written(out.console) == ""
    assert "import" in written(out.errors)


def test_a_look_that_fails_ends_nothing() -> None:
    out = output()
    lost = StoreUnavailable("DynamoDB: EndpointConnectionError")

    last = shown(out, Look(AT, "RUNNING", ENTRY), *[lost] * MOST_MISSES, Look(AT, "SUCCEEDED", ENTRY))

    assert last.status == "SUCCEEDED"
    assert "DynamoDB: EndpointConnectionError; looking again" in written(out.console)


@pytest.mark.parametrize("before", [[], [Look(AT, "RUNNING", ENTRY), *[StoreUnavailable("x")] * MOST_MISSES]])
def test_the_first_look_and_too_many_lost_ones_count(before: list[Look | Exception]) -> None:
    with pytest.raises(StoreUnavailable):
        shown(output(), *before, StoreUnavailable("x"))


def test_ctrl_c_leaves_the_run_and_says_how_to_come_back() -> None:
    out = output()

    with pytest.raises(typer.Exit) as left:
        shown(out, Look(AT, "RUNNING", ENTRY), KeyboardInterrupt)

    assert left.value.exit_code == 130
    assert "The import goes on in eu-west-1" in written(out.console)
    assert "lifeboat watch 2026-11-21T09:58:00.000Z-86b993c5" in " ".join(written(out.console).split())


def test_nothing_is_cut_off_in_eighty_columns() -> None:
    console = Console(file=io.StringIO(), width=80)
    large = USERS | {"expected": 1_000_000, "settled": 412_345, "failed": 3, "updates_per_second": 22.4}
    view = View(played(), {})

    view.take(Look(AT, "RUNNING", {**ENTRY, "memberships": 500_000, "users": 1_000_000, "progress": large}))
    console.print(view)

    for expected in (
        "comparing",
        "412,345 of 1,000,000",
        "12 min left, 10:12 UTC",
        "3 failed so far, 22.4 updates",
    ):
        assert expected in written(console)
