"""The ledgers: one entry for each export, import and drill, with what it did and how it ended.

Numbers with fractions are kept as text, because DynamoDB's resource interface has no floats; the
fields named `*_seconds` are such text.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from boto3.dynamodb.conditions import Key as KeyCondition

from lifeboat.aws.translation import store_errors
from lifeboat.model import instant, now, seconds_between
from lifeboat.store.items import Item
from lifeboat.store.keys import Key, drill_key, export_key, import_key, samples_key
from lifeboat.store.table import BackupTable

LATEST = "LATEST"

COMPLETED = "COMPLETED"
COMPLETED_WITHOUT_CLEANUP = "COMPLETED_WITHOUT_CLEANUP"
"""How an export ends whose listings all ran to the end."""

DIED = "the execution ended without reporting: it was stopped, timed out or lost"
"""The reason in the entry of a run whose lock another one has taken over."""


_KEYS = {"export": export_key, "import": import_key, "drill": drill_key}


def run_id(execution_arn: str, started_at: str) -> str:
    """The id of an export, import or drill: sortable by time, the same for every attempt of an execution."""
    digest = hashlib.sha256(execution_arn.encode()).hexdigest()[:8]
    return f"{instant(started_at)}-{digest}"


def begun_at(run_id: str) -> str:
    """When the run of an id began."""
    return run_id.rpartition("-")[0]


class Ledger:
    """The entries of one workflow's runs."""

    def __init__(self, table: BackupTable, workflow: str) -> None:
        self._table = table
        self._key_of = _KEYS[workflow]

    def get(self, identifier: str) -> Item | None:
        """An entry; None if there is none."""
        return self._table.get(self._key_of(identifier))

    def latest(self) -> Item | None:
        """The last completed run."""
        return self.get(LATEST)

    def all(self, attributes: tuple[str, ...]) -> Iterator[Item]:
        """Some attributes of all entries, in the order in which the runs began."""
        condition = KeyCondition("pk").eq(self._key_of("").pk)
        for item in self._table.query(condition, attributes=("sk", *attributes), consistent=True):
            if item["sk"] != LATEST:
                yield item

    def update(self, identifier: str, values: Mapping[str, Any]) -> None:
        """Set fields of an entry, creating it if need be."""
        _set(self._table, self._key_of(identifier), values)

    def add(self, identifier: str, amounts: Mapping[str, int]) -> None:
        """Add to numbers of an entry; one that is not there counts from 0."""
        names = {f"#n{number}": name for number, name in enumerate(amounts)}
        key = self._key_of(identifier)
        with store_errors("DynamoDB"):
            self._table.table.update_item(
                Key={"pk": key.pk, "sk": key.sk},
                UpdateExpression="ADD " + ", ".join(f"{short} :v{short[2:]}" for short in names),
                ExpressionAttributeNames=names,
                ExpressionAttributeValues={
                    f":v{number}": amount for number, amount in enumerate(amounts.values())
                },
            )

    def samples(self, identifier: str) -> list[Item]:
        """How far a run was at some moments; they lie beside its entry, which is written often."""
        item = self._table.get(samples_key(self._key_of(identifier))) or {}
        return list(item.get("samples", []))

    def keep_samples(self, identifier: str, samples: Sequence[Mapping[str, Any]]) -> None:
        """Replace a run's samples."""
        _set(self._table, samples_key(self._key_of(identifier)), {"samples": list(samples)})

    def begin(self, identifier: str, execution_arn: str, started_at: str, values: Mapping[str, Any]) -> None:
        """Open an entry, or open it again for a resumed run."""
        self.update(
            identifier,
            {
                "run_id": identifier,
                "execution_arn": execution_arn,
                "started_at": instant(started_at),
                "status": "RUNNING",
                "ended_at": "",
                "reason": "",
                **values,
            },
        )

    def end(
        self, identifier: str, status: str, values: Mapping[str, Any], reason: str = "", keep: bool = False
    ) -> Item:
        """Close an entry and return it. `keep` makes it the LATEST one as well."""
        entry = self.get(identifier) or {}
        ended_at = now()
        duration = seconds_between(entry["started_at"], ended_at) if entry.get("started_at") else 0.0
        self.update(
            identifier,
            {
                "status": status,
                "ended_at": ended_at,
                "duration_seconds": f"{duration:.3f}",
                "reason": reason,
                **values,
            },
        )
        closed = self.get(identifier) or {}
        if keep:
            key = self._key_of(LATEST)
            self._table.put_all([{**closed, "pk": key.pk, "sk": key.sk}])
        return closed


def _set(table: BackupTable, key: Key, values: Mapping[str, Any]) -> None:
    names = {f"#n{number}": name for number, name in enumerate(values)}
    assignments = ", ".join(f"{short} = :v{number}" for number, short in enumerate(names))
    with store_errors("DynamoDB"):
        table.table.update_item(
            Key={"pk": key.pk, "sk": key.sk},
            UpdateExpression=f"SET {assignments}",
            ExpressionAttributeNames=names,
            ExpressionAttributeValues={f":v{number}": value for number, value in enumerate(values.values())},
        )
