"""The beginning of an import: input, lock, preflight, ledger entry, plan."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from lifeboat.aws.executions import Executions
from lifeboat.aws.queues import Queue
from lifeboat.cognito.configuration_reader import ConfigurationReader
from lifeboat.cognito.reader import PoolReader
from lifeboat.errors import InvalidInput
from lifeboat.model import instant
from lifeboat.operator_input import parse
from lifeboat.pacing import Category
from lifeboat.request_plan import ImportPlan
from lifeboat.restore.course import PREFLIGHT
from lifeboat.restore.drills import GAVE_WAY, Drills, Sample, WayMade
from lifeboat.restore.import_input import EXPECTED, ImportInput, PoolToCreate
from lifeboat.restore.lanes import lane_plan
from lifeboat.restore.moment import moment_asked, moment_read
from lifeboat.restore.portions import Portions, ScanPortion, buckets, comparison_portions, scan_portions
from lifeboat.restore.preflight import Findings, Preflight, Wishes
from lifeboat.restore.scan import scan_field
from lifeboat.restore.tasks import NOW, Run, attaches, leaves_groups
from lifeboat.store.keys import SHARDS
from lifeboat.store.ledger import DIED, Ledger, run_id
from lifeboat.store.lock import Lock, region_of
from lifeboat.store.table import BackupTable
from lifeboat.store.tally import ZERO
from lifeboat.workflow import ExecutionTask


class Begun(Portions):
    """Output of Begin Import: the run, the name of the pool to be created ("" for none), the portions.

    `AttachesTriggers` says whether users are to come back, or be given their groups, when they sign in.
    """

    Run: Run
    CreatesPool: bool
    AttachesTriggers: bool
    PoolName: str
    Scans: list[ScanPortion]


@dataclass(frozen=True, slots=True)
class Rehearsed:
    """What an import would begin with, and what stands in its way. `pool_name` is "" if it makes no pool."""

    run: Run
    pool_name: str
    arn_map: Mapping[str, str]
    found: Findings


@dataclass(frozen=True, slots=True)
class ImportBeginning:
    """Begins an import."""

    table: BackupTable
    executions: Executions
    queues: tuple[Queue, ...]
    reader_of: Callable[[str], PoolReader]
    configuration_of: Callable[[str], ConfigurationReader]
    request_plan: ImportPlan
    source_sub_attribute: str
    history_days: int

    def begin(self, task: ExecutionTask) -> Begun:
        """Check everything, take the lock, plan. Safe to repeat for the same execution.

        Raises InvalidInput, AlreadyRunning and PreflightFailed.
        """
        arn, started_at = task["ExecutionId"], instant(task["StartedAt"])
        drills = Drills(self.table)
        drill = drills.sample(task.get("Input"), arn)
        asked = _asked(task, drill)
        ledger = Ledger(self.table, "import")
        before = self._resumed(asked, ledger)
        pool_id = str(before.get("user_pool_id") or asked.NewUserPoolId or "")
        if pool_id:
            _check_region(pool_id, region_of(arn))
        import_id = asked.Resume or run_id(arn, started_at)
        run = self._run(asked, before, import_id, pool_id, arn)
        if drill is not None:
            run["Drill"] = drill.drill_id
            drills.note(drill.drill_id, import_id=import_id)
        dead = Lock(self.table, self.executions, "import").acquire(arn, import_id, run.get("Drill", ""))
        if dead is not None and (left := ledger.get(dead)) is not None:
            ledger.end(dead, "FAILED", {}, GAVE_WAY if left.get("drill") else DIED)
        if drill is None:
            WayMade(self.table, self.executions, self.queues).make(arn, import_id)
        own = ledger.get(import_id)
        resuming = asked.Resume is not None or (own is not None and own["execution_arn"] == arn)
        if own is not None and not pool_id:
            pool_id = run["UserPoolId"] = str(own.get("user_pool_id", ""))
        pool_name, arn_map = _pool_name(asked, before), _arn_map(asked, before)
        wishes = _wishes(run, before, asked, resuming, pool_name, arn_map)
        checked = self._preflight(pool_id).check(wishes)
        users = int(checked.export["counts"]["users"]["listed"])
        memberships = int(checked.export["counts"].get("memberships", {}).get("listed", 0))
        groups = int(checked.export["counts"].get("groups", {}).get("listed", 0))
        if drill is not None:
            users, memberships = drill.part_of(users), drill.part_of(memberships)
        updates = 0 if leaves_groups(run) else memberships
        lanes = lane_plan(users, updates, self.request_plan.alone.rate(Category.USER_UPDATE))
        head_start = lanes.head_start if run["UserLane"] == "auto" and asked.Resume is None else 0
        scans = scan_portions(users, head_start, SHARDS if drill is None else drill.shards)
        run |= {
            "ExportId": checked.export["run_id"],
            "Moment": moment_read(checked.export, run["AsOf"]) if run["AsOf"] else "",
            "Buckets": buckets(users),
            "Warnings": checked.warnings,
        }
        ledger.begin(
            import_id,
            arn,
            started_at,
            {
                "user_pool_id": pool_id,
                "pool_name": pool_name,
                "export_id": run["ExportId"],
                "as_of": run["AsOf"],
                "user_lane": run["UserLane"],
                "arn_map": arn_map,
                "source_sub_attribute": run["SourceSubAttribute"],
                "on_demand": run["OnDemand"],
                "memberships_given": run["Memberships"],
                "warnings": checked.warnings,
                "csv_closed": "",
                "plan": {"requests": self.request_plan.lines()},
                "users": users,
                "groups": groups,
                "memberships": memberships,
                "resumed": resuming,
                "drill": run.get("Drill", ""),
                "first_job": lanes.first_job,
                "jobs_grow": lanes.growing,
                "progress": {},
                "timeline": [{"phase": PREFLIGHT, "at": started_at}],
                "rates": [],
                "scans": len(scans),
                **{scan_field(portion["Portion"]): {} for portion in scans},
                **ZERO,
            },
        )
        drills.check(run)
        return {
            "Run": run,
            "CreatesPool": bool(pool_name),
            "AttachesTriggers": attaches(run),
            "PoolName": pool_name,
            "Scans": scans,
            **comparison_portions(
                users, memberships, run["Buckets"], self.request_plan.listing.rate(Category.USER_LIST)
            ),
        }

    def rehearse(self, typed: Any, execution_arn: str, at: str) -> Rehearsed:
        """Check all that `begin` checks, but for the lock, and write nothing.

        `execution_arn` is of no execution; its Region is the one that the import would run in. Raises
        InvalidInput.
        """
        asked = parse(ImportInput, typed, EXPECTED)
        before = self._resumed(asked, Ledger(self.table, "import"))
        pool_id = str(before.get("user_pool_id") or asked.NewUserPoolId or "")
        if pool_id:
            _check_region(pool_id, region_of(execution_arn))
        run = self._run(asked, before, asked.Resume or run_id(execution_arn, at), pool_id, execution_arn)
        pool_name, arn_map = _pool_name(asked, before), _arn_map(asked, before)
        wishes = _wishes(run, before, asked, asked.Resume is not None, pool_name, arn_map)
        found = self._preflight(pool_id).look(wishes)
        if found.export is not None:
            moment = moment_read(found.export, run["AsOf"]) if run["AsOf"] else ""
            run |= {"ExportId": found.export["run_id"], "Moment": moment, "Warnings": found.warnings}
        return Rehearsed(run, pool_name, arn_map, found)

    def _run(
        self, asked: ImportInput, before: Mapping[str, Any], import_id: str, pool_id: str, arn: str
    ) -> Run:
        """The run, with what the operator does not say again taken from the import that is resumed."""
        moment = _moment(asked, before)
        on_demand = bool(before.get("on_demand", False)) if asked.OnDemand is None else asked.OnDemand
        if on_demand and moment:
            raise InvalidInput("OnDemand", f"the import {asked.Resume} restores the backup as of {moment}")
        source_sub = asked.SourceSubAttribute or before.get("source_sub_attribute", self.source_sub_attribute)
        return {
            "ImportId": import_id,
            "UserPoolId": pool_id,
            "ExecutionArn": arn,
            "ExportId": "",
            "AsOf": moment,
            "Buckets": 1,
            "UserLane": asked.UserLane or str(before.get("user_lane", "auto")),
            "SourceSubAttribute": str(source_sub),
            "Warnings": [],
            "OnDemand": on_demand,
            "Memberships": _memberships(asked, before),
        }

    def _preflight(self, pool_id: str) -> Preflight:
        if not pool_id:
            return Preflight(self.table, None, self.queues, self.history_days)
        reader, configuration = self.reader_of(pool_id), self.configuration_of(pool_id)
        return Preflight(self.table, reader, self.queues, self.history_days, configuration)

    @staticmethod
    def _resumed(asked: ImportInput, ledger: Ledger) -> Mapping[str, Any]:
        """The ledger entry of the import that is to be resumed; empty where there is none."""
        if asked.Resume is None:
            return {}
        entry = ledger.get(asked.Resume)
        if entry is None:
            raise InvalidInput(
                "Resume", f"there is no import {asked.Resume} in the ledger; expected {EXPECTED['Resume']}"
            )
        if entry.get("drill"):
            raise InvalidInput("Resume", f"the import {asked.Resume} was a drill's, whose pool is deleted")
        pool_id = str(entry["user_pool_id"])
        if asked.NewUserPoolId not in (None, pool_id):
            remedy = f"was filling {pool_id}; give that id, or" if pool_id else "was creating its pool;"
            raise InvalidInput("NewUserPoolId", f"the import {asked.Resume} {remedy} leave NewUserPoolId out")
        return entry


def _pool_name(asked: ImportInput, before: Mapping[str, Any]) -> str:
    """The name of the pool that the import creates or has created; "" for none."""
    return str(before.get("pool_name", "")) or (asked.CreateUserPool.PoolName if asked.CreateUserPool else "")


def _arn_map(asked: ImportInput, before: Mapping[str, Any]) -> Mapping[str, str]:
    return before.get("arn_map", {}) if asked.ArnMap is None else asked.ArnMap


def _wishes(
    run: Run,
    before: Mapping[str, Any],
    asked: ImportInput,
    resuming: bool,
    pool_name: str,
    arn_map: Mapping[str, str],
) -> Wishes:
    """What the preflight is asked."""
    return Wishes(
        resuming,
        run["UserLane"],
        run["SourceSubAttribute"],
        asked.AcceptDifferences,
        bool(pool_name),
        arn_map,
        run["AsOf"],
        str(before.get("export_id", "")),
        run.get("OnDemand", False),
    )


def _moment(asked: ImportInput, before: Mapping[str, Any]) -> str:
    """The moment that the import goes back to, "" for the present; a resumed one keeps what it had."""
    kept = str(before.get("as_of", ""))
    if asked.AsOf is None:
        return kept
    moment = moment_asked(asked.AsOf)
    if before and moment != kept:
        restored = f"the backup as of {kept}" if kept else "the present backup"
        raise InvalidInput(
            "AsOf",
            f"the import {asked.Resume} restores {restored}; leave AsOf out to go on with it, or fill "
            "another pool without Resume",
        )
    return moment


def _memberships(asked: ImportInput, before: Mapping[str, Any]) -> str:
    """When users get their groups; a resumed import keeps to what it has begun with."""
    if asked.Resume is None:
        return asked.Memberships or NOW
    kept = str(before.get("memberships_given", NOW))
    if asked.Memberships not in (None, kept):
        raise InvalidInput(
            "Memberships", f"the import {asked.Resume} was begun with {kept}; leave Memberships out"
        )
    return kept


def _asked(task: ExecutionTask, drill: Sample | None) -> ImportInput:
    """What the input asks for; that of a drill's import is in the drill's ledger entry."""
    if drill is None:
        return parse(ImportInput, task.get("Input"), EXPECTED)
    return ImportInput(CreateUserPool=PoolToCreate(PoolName=drill.pool_name))


def _check_region(pool_id: str, region: str) -> None:
    pool_region = pool_id.partition("_")[0]
    if pool_region != region:
        raise InvalidInput(
            "NewUserPoolId",
            f"the pool is in {pool_region}, but this workflow runs in {region}; expected a pool of {region}, "
            f"or start the ImportWorkflow in {pool_region}; the replica of a pool cannot be filled",
        )
