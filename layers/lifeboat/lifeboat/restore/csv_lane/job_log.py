"""What an import job says of its rows: by line number only, in a log stream of its own.

    [SUCCEEDED] Line Number 5956 - The import succeeded.
    [SKIPPED] Line Number 5956 - The user already exists.
    [FAILED] Line Number 5956 - The User Record does not set any of the auto verified attributes to true.

https://docs.aws.amazon.com/cognito/latest/developerguide/cognito-user-pools-using-import-tool-cloudwatch.html
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass

SUCCEEDED = "SUCCEEDED"
FIRST_LINES = (2, 1, 0)
"""What the first user's line may be: whether the header counts, and from what, is not documented."""

LONGEST_REASON = 200

_LINE = re.compile(r"\[(SUCCEEDED|SKIPPED|FAILED)\] Line Number ([0-9]+) - (.*)", re.DOTALL)


@dataclass(frozen=True, slots=True)
class RowResult:
    """What became of a row. `reason` is Cognito's own text, which holds no user data."""

    result: str
    reason: str


def log_group(pool_id: str, pool_name: str) -> str:
    """The log group of a pool's import jobs."""
    return f"/aws/cognito/userpools/{pool_id}/{pool_name}"


def log_stream(job_id: str, job_name: str) -> str:
    """The log stream of one job."""
    return f"{job_id}/{job_name}"


def row_results(messages: Iterable[str], rows: int) -> dict[int, RowResult]:
    """The results by row, counted from 0; rows that the log does not mention are left out.

    A log that mentions every row shows by its smallest number where lines begin. Any other one is read in
    every way that it can be, and tells only what all of these agree on.
    """
    by_line: dict[int, RowResult] = {}
    for message in messages:
        found = _LINE.search(message)
        if found is not None:
            by_line[int(found[2])] = RowResult(found[1], found[3].strip()[:LONGEST_REASON])
    if not by_line:
        return {}
    lowest, highest = min(by_line), max(by_line)
    firsts = [first for first in FIRST_LINES if first <= lowest and highest < first + rows]
    if len(by_line) == rows:
        firsts = [lowest]
    return {
        row: by_line[row + firsts[0]]
        for row in range(rows)
        if firsts and len({by_line.get(row + first) for first in firsts}) == 1 and row + firsts[0] in by_line
    }
