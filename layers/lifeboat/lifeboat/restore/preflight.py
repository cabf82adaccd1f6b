"""Everything that would go wrong with an import, found before the first write and said at once."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from itertools import islice
from typing import Any

from lifeboat.aws.queues import Queue
from lifeboat.cognito.configuration import Part, split_name
from lifeboat.cognito.configuration_reader import ConfigurationReader
from lifeboat.cognito.pool import PoolFacts
from lifeboat.cognito.reader import PoolReader
from lifeboat.cognito.replicas import ACTIVE, SECONDARY
from lifeboat.cognito.scratch_pools import DRILL_TAG
from lifeboat.errors import CognitoRefused, PreflightFailed, ResourceNotFound
from lifeboat.model import now, seconds_between
from lifeboat.restore.moment import OLD_BACKUP, Exports, moment_read
from lifeboat.restore.on_demand.known import find_known
from lifeboat.restore.pool import differences as pool_differences
from lifeboat.restore.pool.creation import NOTHING_CAPTURED
from lifeboat.restore.pool.differences import Found, lane_problems, source_sub_problems
from lifeboat.restore.pool.new_pool import Document, NewPool
from lifeboat.restore.pool.plan import Captured, plan_pool
from lifeboat.restore.pool.schema import MOST_CUSTOM, too_many_custom
from lifeboat.store.as_of import AsOf
from lifeboat.store.backup import Backup
from lifeboat.store.given import GivenGroups
from lifeboat.store.ledger import Ledger
from lifeboat.store.table import BackupTable

MOST_USERS_THERE = 2_000
"""Of the users who have come back already so many are looked up; the import meets all of them anyway."""

MOST_GROUPS = 1_000
"""Of the new pool's groups so many are looked at: there should be none."""


@dataclass(frozen=True, slots=True)
class Wishes:
    """What the operator wants of the import, as far as the preflight is concerned.

    A resumed import may find users in the pool and messages in the queues: they are its own.
    `user_lane` is auto, csv or api; `source_sub_attribute` is "" for none. `creates_pool` says that the pool
    is, or was, created by this import from the backup. `as_of` is the moment to go back to, "" for the
    present, and `export_id` the export that a resumed import has restored from so far. With `on_demand` the
    pool may hold users who have come back by signing in.
    """

    resuming: bool
    user_lane: str
    source_sub_attribute: str
    accept_differences: bool
    creates_pool: bool = False
    arn_map: Mapping[str, str] = field(default_factory=dict)
    as_of: str = ""
    export_id: str = ""
    on_demand: bool = False


@dataclass(frozen=True, slots=True)
class Checked:
    """The outcome of a preflight without problems."""

    export: Mapping[str, Any]
    warnings: list[str]


@dataclass(frozen=True, slots=True)
class Findings:
    """Everything that a preflight has found. `export` is the one restored from, None if there is none."""

    problems: list[str]
    warnings: list[str]
    export: Mapping[str, Any] | None


@dataclass(frozen=True, slots=True)
class Preflight:
    """Checks the new pool (None if the import is to create it), the backup and the queues.

    `configuration` reads the new pool's other parts; without it they are not compared.
    """

    table: BackupTable
    reader: PoolReader | None
    queues: tuple[Queue, ...]
    history_days: int
    configuration: ConfigurationReader | None = None

    def check(self, wishes: Wishes) -> Checked:
        """Raise PreflightFailed with every problem found; return the warnings."""
        found = self.look(wishes)
        if found.problems:
            raise PreflightFailed(found.problems)
        return Checked(found.export or {}, found.warnings)

    def look(self, wishes: Wishes) -> Findings:
        """Find every problem and every warning, whether or not the import can begin."""
        problems: list[str] = []
        warnings: list[str] = []
        export = self._export(wishes, problems, warnings)
        backup = self._backup(wishes, export)
        if wishes.creates_pool and backup is not None:
            problems += self._creation_problems(backup, wishes)
        if self.reader is not None:
            self._check_pool(self.reader, backup, wishes, problems, warnings)
        if not wishes.resuming:
            problems += self._queue_problems()
        return Findings(problems, warnings, export)

    def _export(self, wishes: Wishes, problems: list[str], warnings: list[str]) -> Mapping[str, Any] | None:
        """The export whose state is restored: the last completed one, or that of AsOf."""
        ledger = Ledger(self.table, "export")
        latest = ledger.latest()
        if latest is None:
            problems.append(
                "the backup holds no completed export; run the ExportWorkflow in the primary Region first, "
                "or check that this stack's BackupTableName is the primary stack's"
            )
            return None
        if not wishes.as_of:
            warnings += self._backup_warnings(latest)
            warnings += _replica_warnings(latest)
            return latest
        exports = Exports.of(ledger, now(), self.history_days)
        # An export that ran over the moment may have been completed since: a resumed import keeps to its own.
        export = exports.named(wishes.export_id) if wishes.resuming and wishes.export_id else None
        export = export or exports.at(wishes.as_of)
        problem = exports.problem(wishes.as_of, export)
        if export is None or problem:
            problems.append(f"AsOf: {problem}")
            return None
        warnings += exports.warnings(wishes.as_of, export)
        return export

    def _backup(self, wishes: Wishes, export: Mapping[str, Any] | None) -> Backup | None:
        """What the new pool is compared with; None if the moment asked for cannot be gone back to."""
        if not wishes.as_of:
            return self.table
        return None if export is None else AsOf(self.table, moment_read(export, wishes.as_of), now())

    def _check_pool(
        self,
        reader: PoolReader,
        backup: Backup | None,
        wishes: Wishes,
        problems: list[str],
        warnings: list[str],
    ) -> None:
        try:
            description = reader.describe()
        except ResourceNotFound:
            problems.append(
                f"NewUserPoolId: there is no user pool {reader.pool_id} in this account and Region; "
                "create it, or correct the id"
            )
            return
        if DRILL_TAG in description.get("UserPoolTags", {}) and not wishes.creates_pool:
            problems.append(f"NewUserPoolId: {reader.pool_id} is a drill's pool, which will be deleted")
        if not wishes.resuming:
            problems += self._users_there(reader, description, wishes)
        if not wishes.creates_pool:
            self._compare(reader, backup, description, wishes, problems, warnings)
        warnings += _trigger_warnings(description)

    def _users_there(self, reader: PoolReader, description: Document, wishes: Wishes) -> Iterator[str]:
        """Why the users that the pool holds keep the import from beginning."""
        if not wishes.on_demand:
            if next(iter(reader.users(limit=1)), None) is not None:
                yield (
                    f"NewUserPoolId: the user pool {reader.pool_id} is not empty; give an empty pool, or "
                    '"Resume" with the id of the import that was filling it'
                )
            return
        facts, ledger, strangers = PoolFacts.of(description), GivenGroups(self.table, reader.pool_id), 0
        signed_in = ledger.new_subs()
        for user in islice(reader.users(), MOST_USERS_THERE):
            if user.sub not in signed_in:
                name = facts.sign_in_name(user)
                known = find_known(self.table, facts, name) if name else None
                strangers += known is None or not ledger.of(known.user.sub).brought_back
        if strangers:
            yield (
                f"NewUserPoolId: the user pool {reader.pool_id} holds {strangers} users who have not come "
                "back by signing in; give an empty pool, or delete them"
            )

    def _compare(
        self,
        reader: PoolReader,
        backup: Backup | None,
        description: Document,
        wishes: Wishes,
        problems: list[str],
        warnings: list[str],
    ) -> None:
        facts = PoolFacts.of(description)
        problems += source_sub_problems(wishes.source_sub_attribute, facts)
        problems += lane_problems(
            wishes.user_lane, facts.auto_verified, "let the pool verify one (AutoVerifiedAttributes)"
        )
        captured = Captured(backup.configurations() if backup is not None else {})
        if backup is None or not captured.pool:
            return
        found = self._found(reader, description, wishes)
        problems += pool_differences.problems(captured, found)
        lost = list(pool_differences.differences(captured, found))
        if wishes.accept_differences or wishes.resuming:
            warnings += lost
        else:
            problems += [f'{each}, or accept it with "AcceptDifferences": true' for each in lost]
        groups = {group.name for group in backup.groups()}
        warnings += pool_differences.warnings(captured, found, groups)

    def _found(self, reader: PoolReader, description: Document, wishes: Wishes) -> Found:
        # The groups of a pool that is being filled are the import's own.
        groups = set() if wishes.resuming else {group.name for group in islice(reader.groups(), MOST_GROUPS)}
        if self.configuration is None:
            return Found(description, groups=groups)
        names, refused = self.configuration.names()
        by_kind: dict[Part, list[str]] = {kind: [] for kind in Part}
        for name in names:
            kind, identifier = split_name(name)
            by_kind[kind].append(identifier)
        try:
            mfa = self.configuration.part(Part.MFA)
        except CognitoRefused:
            mfa = None
        return Found(
            description,
            mfa=None if mfa is None else mfa.document,
            providers=None if Part.IDP in refused else by_kind[Part.IDP],
            resource_servers=None if Part.RESOURCE_SERVER in refused else by_kind[Part.RESOURCE_SERVER],
            clients=None if Part.CLIENT in refused else len(by_kind[Part.CLIENT]),
            groups=groups,
        )

    @staticmethod
    def _creation_problems(backup: Backup, wishes: Wishes) -> Iterator[str]:
        """Why the pool cannot be created, or the pool that would be created not be filled."""
        captured = Captured(backup.configurations())
        if not captured.pool:
            yield f"CreateUserPool: {NOTHING_CAPTURED}"
            return
        attributes = captured.pool.get("SchemaAttributes", [])
        facts = PoolFacts.of(captured.pool)
        if too_many_custom(attributes, wishes.source_sub_attribute):
            yield (
                f"SourceSubAttribute: the pool has {MOST_CUSTOM} custom attributes already, which is all "
                "that Cognito allows; name one of them, or leave SourceSubAttribute out"
            )
        elif wishes.source_sub_attribute in facts.schema:
            yield from source_sub_problems(wishes.source_sub_attribute, facts)
        new = NewPool("", "", "", wishes.arn_map, "")
        verified = plan_pool(captured, new).pool.get("AutoVerifiedAttributes", [])
        yield from lane_problems(
            wishes.user_lane, verified, "map the role for SMS messages in ArnMap, if there is one"
        )

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


def _trigger_warnings(description: Mapping[str, Any]) -> Iterator[str]:
    triggers = sorted(description.get("LambdaConfig", {}))
    if triggers:
        yield f"the new pool has triggers that may run for every restored user: {', '.join(triggers)}"


def _replica_warnings(export: Mapping[str, Any]) -> Iterator[str]:
    """That users may not need this import: the pool they are in has a replica (cognito/replicas.py)."""
    active = [
        str(replica["region"])
        for replica in export.get("replicas", ())
        if replica["role"] == SECONDARY and replica["status"] == ACTIVE
    ]
    if active:
        yield (
            f"the pool that is backed up has an active replica in {', '.join(active)}: users whom it serves "
            "can sign in there with their passwords; docs/choosing.md says whom it does not"
        )
