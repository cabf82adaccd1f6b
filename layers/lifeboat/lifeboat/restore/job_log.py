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
FIRST_LINE = 2
"""The line of the first user, below the header; taken for granted only where the log does not show it."""

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

    Whether the header counts as a line is not documented. A log that mentions every row shows it by its
    smallest number; for any other one the header is thought to be line 1.
    """
    by_line: dict[int, RowResult] = {}
    for message in messages:
        found = _LINE.search(message)
        if found is not None:
            by_line[int(found[2])] = RowResult(found[1], found[3].strip()[:LONGEST_REASON])
    first = min(by_line) if by_line and len(by_line) == rows else FIRST_LINE
    return {line - first: result for line, result in by_line.items() if 0 <= line - first < rows}
