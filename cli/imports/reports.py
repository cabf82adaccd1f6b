"""The reports of imports: which there are, where they lie, and copies of them."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from botocore.exceptions import ClientError

from cli.connection import Connection
from cli.history.usernames import usernames
from cli.problems import Problem, WrongUse
from lifeboat.restore.page import page, subs_named
from lifeboat.store.ledger import Ledger
from lifeboat.store.table import BackupTable

MOST_NAMED: Final = 5
"""Imports that are named where another one was asked for than there is."""


@dataclass(frozen=True, slots=True)
class Report:
    """An import's report as it lies in the bucket of its Region. `entry` is the import's ledger entry."""

    entry: Mapping[str, Any]
    document: Mapping[str, Any]
    page: str

    @property
    def outdated(self) -> bool:
        """Whether the import was taken up again since the report was written."""
        return bool(self.entry["status"] == "RUNNING")


def find_report(connection: Connection, import_id: str | None) -> Report:
    """The report of an import, by default of the last one that has any.

    Raises WrongUse when there is no such import, and Problem when it has no report.
    """
    ledger = Ledger(connection.table(connection.here()), "import")
    entry = _entry(ledger, import_id)
    if not entry.get("report"):
        raise _no_report(entry)
    bucket, _, key = str(entry["report"]).removeprefix("s3://").partition("/")
    region = str(entry["execution_arn"]).split(":")[3]
    s3 = connection.client("s3", region)
    document: dict[str, Any] = json.loads(_text(s3, bucket, key))
    return Report(entry, document, _text(s3, bucket, key.removesuffix(".json") + ".html"))


def with_usernames(table: BackupTable, report: Report) -> str:
    """The page with usernames in it, hidden until they are switched on. It holds personal data."""
    return page(report.document, usernames(table, subs_named(report.document)))


def write_copy(path: Path, text: str, *, private: bool) -> None:
    """Write a copy of a page; where it is private nobody else can read it. Raises Problem."""
    try:
        if private:
            path.touch(mode=0o600)
            path.chmod(0o600)  # it may have been there
        path.write_text(text, encoding="utf-8")
    except OSError as error:
        raise Problem(
            f"{path} cannot be written: {error.strerror}", "Name another file with --output."
        ) from None


def file_name(import_id: str) -> str:
    """What a copy is called, on any system: without the colons of a time."""
    return f"report-{import_id.replace(':', '-')}.html"


def _entry(ledger: Ledger, import_id: str | None) -> Mapping[str, Any]:
    if import_id is not None:
        entry = ledger.get(import_id)
        if entry is None:
            known = [str(each["sk"]) for each in ledger.all(("report",)) if each.get("report")]
            last = ", ".join(reversed(known[-MOST_NAMED:]))
            raise WrongUse(
                f"there is no import {import_id}", f"The last with a report: {last}." if last else NO_IMPORT
            )
        return entry
    runs = list(ledger.all(("report", "started_at", "drill")))
    if not runs:
        raise Problem("there was no import yet", NO_IMPORT)

    def rank(run: Mapping[str, Any]) -> tuple[bool, bool, str]:
        """Imports before drills, those with a report before others; a resumed one is as late as that."""
        return not run.get("drill"), bool(run.get("report")), str(run.get("started_at", ""))

    last_run = max(runs, key=rank)
    return ledger.get(str(last_run["sk"])) or last_run


NO_IMPORT: Final = (
    "`lifeboat import --help` says how to start one; `lifeboat preflight` tries without writing."
)


def _no_report(entry: Mapping[str, Any]) -> Problem:
    import_id = entry.get("run_id", entry["sk"])
    if entry["status"] == "RUNNING":
        return Problem(
            f"the import {import_id} still runs; its report comes at the end",
            f"Watch it with `lifeboat watch {import_id}`.",
        )
    reason = f": {entry['reason']}" if entry.get("reason") else ""
    return Problem(
        f"the import {import_id} ended as {entry['status']} before it could write a report{reason}",
        f"Mend the cause, then go on where it stopped: `lifeboat import --resume {import_id} --wait`.",
    )


def _text(s3: Any, bucket: str, key: str) -> str:
    try:
        body: bytes = s3.get_object(Bucket=bucket, Key=key)["Body"].read()
    except ClientError as error:
        if error.response["Error"]["Code"] in ("NoSuchKey", "NoSuchBucket"):
            raise Problem(
                f"the report s3://{bucket}/{key} is not there any more",
                "It was deleted. `lifeboat import --resume` with the import's id compares the pool again.",
            ) from None
        raise
    return body.decode()
