"""Everything that would go wrong with an import, found before the first write and said at once."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from lifeboat.aws.queues import Queue
from lifeboat.cognito.pool import PoolFacts
from lifeboat.cognito.reader import PoolReader
from lifeboat.errors import PreflightFailed, ResourceNotFound
from lifeboat.model import now, seconds_between
from lifeboat.store.ledger import Ledger
from lifeboat.store.table import BackupTable

OLD_BACKUP = timedelta(days=2)
"""A backup older than this is worth a warning: the default schedule exports daily."""

READ_ONLY_ATTRIBUTES = frozenset({"sub", "identities"})


@dataclass(frozen=True, slots=True)
class Checked:
    """The outcome of a preflight without problems."""

    export: Mapping[str, Any]
    warnings: list[str]


@dataclass(frozen=True, slots=True)
class Preflight:
    """Checks the new pool, the backup and the queues."""

    table: BackupTable
    reader: PoolReader
    queues: tuple[Queue, ...]

    def check(self, resuming: bool) -> Checked:
        """Raise PreflightFailed with every problem found; return the warnings.

        A resumed import may find users in the pool and messages in the queues: they are its own.
        """
        problems: list[str] = []
        warnings: list[str] = []
        export = Ledger(self.table, "export").latest()
        if export is None:
            problems.append(
                "the backup holds no completed export; run the ExportWorkflow in the primary Region first, "
                "or check that this stack's BackupTableName is the primary stack's"
            )
        else:
            warnings += self._backup_warnings(export)
        try:
            description = self.reader.describe()
        except ResourceNotFound:
            problems.append(
                f"NewUserPoolId: there is no user pool {self.reader.pool_id} in this account and Region; "
                "create it, or correct the id"
            )
        else:
            problems += self._pool_problems(description, resuming)
            warnings += _trigger_warnings(description)
        if not resuming:
            problems += self._queue_problems()
        if problems:
            raise PreflightFailed(problems)
        return Checked(export or {}, warnings)

    def _pool_problems(self, description: Mapping[str, Any], resuming: bool) -> Iterator[str]:
        if not resuming and next(iter(self.reader.users(limit=1)), None) is not None:
            yield (
                f"NewUserPoolId: the user pool {self.reader.pool_id} is not empty; give an empty pool, or "
                '"Resume" with the id of the import that was filling it'
            )
        backed_up = self.table.configuration("CONFIG")
        if backed_up is None:
            return
        source, target = PoolFacts.of(backed_up.document), PoolFacts.of(description)
        if source.username_attributes != target.username_attributes:
            yield (
                f"NewUserPoolId: users sign in by {_sign_in(target)} in the new pool, but by "
                f"{_sign_in(source)} in the backup; create the pool with the same sign-in options "
                "(UsernameAttributes)"
            )
        if source.alias_attributes != target.alias_attributes:
            yield (
                f"NewUserPoolId: the new pool's sign-in aliases are {_names(target.alias_attributes)}, but "
                f"{_names(source.alias_attributes)} in the backup; create the pool with the same "
                "AliasAttributes"
            )
        if source.case_sensitive and not target.case_sensitive:
            yield (
                "NewUserPoolId: usernames are case-sensitive in the backup but not in the new pool, so users "
                "could collide; create the pool with UsernameConfiguration CaseSensitive=true"
            )
        yield from _schema_problems(source, target)

    def _queue_problems(self) -> Iterator[str]:
        for queue in self.queues:
            depth = queue.depth()
            if depth:
                yield (
                    f"the queue {queue.name} still holds about {depth} messages of an earlier import; wait "
                    "until it is empty, or purge it"
                )

    @staticmethod
    def _backup_warnings(export: Mapping[str, Any]) -> Iterator[str]:
        age = seconds_between(export["started_at"], now())
        if age > OLD_BACKUP.total_seconds():
            yield f"the last completed export is {age / 86_400:.1f} days old"


def _schema_problems(source: PoolFacts, target: PoolFacts) -> Iterator[str]:
    missing = sorted(name for name in source.schema if name not in target.schema)
    if missing:
        yield (
            f"NewUserPoolId: the new pool's schema lacks the attributes {', '.join(missing)}; "
            "add them with AddCustomAttributes"
        )
    for name, entry in sorted(target.schema.items()):
        if entry.get("Required") and name not in READ_ONLY_ATTRIBUTES:
            before = source.schema.get(name, {})
            if not before.get("Required"):
                yield (
                    f"NewUserPoolId: the new pool requires the attribute {name}, which users of the backup "
                    "may lack; create the pool without that requirement"
                )
        kind = source.schema.get(name, {}).get("AttributeDataType", entry.get("AttributeDataType"))
        if kind != entry.get("AttributeDataType"):
            yield (
                f"NewUserPoolId: the attribute {name} is of type {entry.get('AttributeDataType')} in the "
                f"new pool but {kind} in the backup; create the pool with the same schema"
            )


def _trigger_warnings(description: Mapping[str, Any]) -> Iterator[str]:
    triggers = sorted(description.get("LambdaConfig", {}))
    if triggers:
        yield f"the new pool has triggers that may run for every restored user: {', '.join(triggers)}"


def _sign_in(facts: PoolFacts) -> str:
    return " or ".join(facts.username_attributes) or "username"


def _names(attributes: tuple[str, ...]) -> str:
    return ", ".join(attributes) or "none"
