"""Who did not come back in an import, or not as before, and why.

An import that ran to its end has a report, which is believed. One that is running, or stopped before its end,
has outcomes only: these know who failed, and nothing yet of who differs.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from typing import Any, Final

from lifeboat.aws.bucket import Bucket
from lifeboat.restore.completion import INCOMPLETE, SUCCEEDED
from lifeboat.store.keys import SHARDS
from lifeboat.store.ledger import Ledger
from lifeboat.store.outcomes import Outcome, Outcomes
from lifeboat.store.table import BackupTable

READERS: Final = 16


@dataclass(frozen=True, slots=True)
class Failures:
    """The failures of one import.

    `users` are {"sub", "reason", "fields"}; `reported` says that they are the report's, and so complete.
    """

    entry: Mapping[str, Any]
    reported: bool
    users: list[dict[str, Any]]
    groups: list[dict[str, Any]] = field(default_factory=list)

    @property
    def any(self) -> bool:
        """Whether anything is not as it should be."""
        return bool(self.users or self.groups or self.entry.get("status") not in (SUCCEEDED, "RUNNING"))

    def reasons(self) -> list[tuple[str, int]]:
        """Why, the most frequent reason first."""
        return Counter(why(each) for each in self.users).most_common()

    def document(self) -> dict[str, Any]:
        """The failures as JSON has them."""
        return {
            "import": self.entry["run_id"],
            "status": self.entry.get("status"),
            "region": region_of(self.entry),
            "pool": self.entry.get("user_pool_id") or None,
            "reason": self.entry.get("reason") or None,
            "reported": self.reported,
            "report": self.entry.get("report"),
            "reasons": dict(self.reasons()),
            "users": self.users,
            "groups": self.groups,
        }


def why(user: Mapping[str, Any]) -> str:
    """The reason of a failure in words; the fields that differ, where no more is known."""
    return str(user.get("reason") or f"differs in {', '.join(user.get('fields', ()))}")


def region_of(entry: Mapping[str, Any]) -> str:
    """The Region that an import runs or ran in."""
    return str(entry["execution_arn"]).split(":")[3]


def last_import(table: BackupTable) -> Mapping[str, Any] | None:
    """The ledger entry of the import that was begun last, drills aside; None if there was none."""
    ledger = Ledger(table, "import")
    entries = [each for each in ledger.all(("run_id", "started_at", "drill")) if "run_id" in each]
    entries = [each for each in entries if not each.get("drill")]
    if not entries:
        return None
    return ledger.get(max(entries, key=lambda each: str(each.get("started_at", "")))["run_id"])


def failures(table: BackupTable, bucket: Bucket | None, entry: Mapping[str, Any]) -> Failures:
    """The failures of an import, by its ledger entry. Without a `bucket` the outcomes have to do."""
    import_id = str(entry["run_id"])
    if bucket is not None and entry.get("status") in (SUCCEEDED, INCOMPLETE):
        report = bucket.get_document(f"imports/{import_id}/report.json")
        if report is not None:
            users = [{"sub": each["sub"], "reason": each["reason"]} for each in report["failed"]]
            users += [
                {"sub": each["sub"], "reason": each["reason"], "fields": each["fields"]}
                for each in report["different"]
            ]
            return Failures(entry, True, users, report["different_groups"])
    return Failures(entry, False, list(_failed(table, import_id)))


def _failed(table: BackupTable, import_id: str) -> Iterable[dict[str, Any]]:
    for outcome in outcomes(table, import_id):
        if outcome.failure:
            yield {"sub": outcome.sub, "reason": outcome.failure}


def outcomes(table: BackupTable, import_id: str) -> Iterator[Outcome]:
    """The outcomes of an import's users, many shards read at a time."""
    of_import = Outcomes(table, import_id)
    with ThreadPoolExecutor(READERS) as executor:
        for found in executor.map(lambda shard: list(of_import.of_shard(shard)), SHARDS):
            yield from found
