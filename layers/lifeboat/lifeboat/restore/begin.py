"""The beginning of an import: input, lock, preflight, ledger entry, plan."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Annotated, Any, Literal, TypedDict

from pydantic import BaseModel, ConfigDict, Field, model_validator

from lifeboat.aws.executions import Executions
from lifeboat.aws.queues import Queue
from lifeboat.cognito.configuration_reader import ConfigurationReader
from lifeboat.cognito.reader import PoolReader
from lifeboat.errors import InvalidInput
from lifeboat.listing import HEX, listing_prefixes, portions
from lifeboat.model import instant
from lifeboat.operator_input import parse
from lifeboat.pacing import Category
from lifeboat.request_plan import ImportPlan
from lifeboat.restore.course import PREFLIGHT
from lifeboat.restore.drills import GAVE_WAY, Drills, Sample, WayMade
from lifeboat.restore.lanes import lane_plan
from lifeboat.restore.listing import LISTINGS
from lifeboat.restore.moment import EXPECTED_MOMENT, moment_asked, moment_read
from lifeboat.restore.preflight import Findings, Preflight, Wishes
from lifeboat.restore.scan import scan_field
from lifeboat.restore.tasks import NOW, ON_SIGN_IN, Run, attaches, leaves_groups
from lifeboat.store.keys import SHARDS
from lifeboat.store.ledger import DIED, Ledger, run_id
from lifeboat.store.lock import Lock, region_of
from lifeboat.store.table import BackupTable
from lifeboat.store.tally import ZERO
from lifeboat.workflow import ExecutionTask

POOL_ID = r"^[a-z]{2}(-[a-z]+)+-[0-9]+_[0-9A-Za-z]+$"
SOURCE_SUB = r"^custom:[\p{L}\p{M}\p{S}\p{N}\p{P}]{1,20}$"
Arn = Annotated[str, Field(pattern=r"^arn:aws[a-z-]*:[^\s]+$", max_length=2048)]
IMPORT_ID = r"^[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}\.[0-9]{3}Z-[0-9a-f]{8}$"

SCAN_WORKERS = 8
USERS_PER_SCAN_WORKER = 2_500
"""Each worker that scans has so many users or more, or it would not be worth its start."""

LISTING_WORKERS = 2
"""Workers that list the new pool, each with several requests in flight."""

LISTING_PREFIX_USERS = 1_200
"""Up to so many users are listed page after page, more by prefixes of the sub, side by side."""

SLOWEST_PAGES_PER_SECOND = 0.5
"""Prefixes are so deep that even at this pace one is listed in time: several are held in memory at once."""

GROUP_PARTS, MEMBERSHIPS_IN_A_PART = 4, 100_000
"""Into how many parts the listing of memberships is divided at least, and how large a part should be."""

USERS_PER_BUCKET = 50_000
MOST_BUCKETS = 400
"""The verification compares about so many users in one invocation, in the largest pools twice as many."""


class PoolToCreate(BaseModel):
    """Value of CreateUserPool."""

    model_config = ConfigDict(extra="forbid", strict=True)

    PoolName: str = Field(min_length=1, max_length=128, pattern=r"^[\w\s+=,.@-]+$")


class ImportInput(BaseModel):
    """What may be typed as the input of the ImportWorkflow."""

    model_config = ConfigDict(extra="forbid", strict=True)

    NewUserPoolId: str | None = Field(default=None, pattern=POOL_ID)
    CreateUserPool: PoolToCreate | None = None
    Resume: str | None = Field(default=None, pattern=IMPORT_ID)
    AsOf: str | None = None
    UserLane: Literal["auto", "csv", "api"] | None = None
    ArnMap: dict[Arn, Arn] | None = Field(default=None, max_length=500)
    SourceSubAttribute: str | None = Field(default=None, pattern=SOURCE_SUB)
    AcceptDifferences: bool = False
    OnDemand: bool | None = None
    Memberships: Literal["NOW", "ON_SIGN_IN"] | None = None

    @model_validator(mode="after")
    def _names_a_pool(self) -> ImportInput:
        if self.NewUserPoolId is not None and self.CreateUserPool is not None:
            raise ValueError(
                "CreateUserPool: cannot be given together with NewUserPoolId; leave one of them out"
            )
        if self.CreateUserPool is not None and self.Resume is not None:
            raise ValueError("CreateUserPool: cannot be given together with Resume; give Resume alone")
        if self.NewUserPoolId is None and self.CreateUserPool is None and self.Resume is None:
            raise ValueError(
                f"NewUserPoolId: missing; expected {EXPECTED['NewUserPoolId']}, or CreateUserPool or Resume"
            )
        if self.AsOf is not None:
            _present_only("OnDemand", bool(self.OnDemand))
            _present_only("Memberships", self.Memberships == ON_SIGN_IN)
        return self


def _present_only(key: str, asked: bool) -> None:
    if asked:
        raise ValueError(
            f"{key}: cannot be given together with AsOf; whoever signs in comes back as the backup is now"
        )


EXPECTED = {
    "NewUserPoolId": "the id of an empty user pool in this Region, such as eu-west-1_AbCdEf123",
    "CreateUserPool": 'an object {"PoolName": …} with a name of 1 to 128 letters, digits, spaces or +=,.@-_',
    "Resume": "the id of an earlier import, as its ledger, report and notification give it",
    "AsOf": EXPECTED_MOMENT,
    "UserLane": '"auto", "csv" or "api"',
    "ArnMap": "an object of at most 500 ARNs of the lost Region, each with the ARN that stands for it",
    "SourceSubAttribute": 'the name of a custom attribute, such as "custom:source_sub"',
    "AcceptDifferences": "true or false",
    "OnDemand": "true or false",
    "Memberships": '"NOW" or "ON_SIGN_IN"',
}


class ScanPortion(TypedDict):
    """The shards of one worker that scans the backup, and its part of the head start in memberships."""

    Portion: int
    Shards: list[str]
    HeadStart: int


class ListingPortion(TypedDict):
    """The parts of one worker that lists the new pool."""

    Parts: list[str]


class CheckPortion(TypedDict):
    """One part of the verification."""

    Bucket: int


class Portions(TypedDict):
    """What the Map states of the verification go through."""

    Listings: list[ListingPortion]
    Checks: list[CheckPortion]


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
            "Buckets": min(max(1, -(-users // USERS_PER_BUCKET)), MOST_BUCKETS),
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
            **self._plan(run, users, memberships),
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

    def _plan(self, run: Run, users: int, memberships: int) -> Portions:
        prefixes = listing_prefixes(users, self._pages_per_second())
        if prefixes == [""] and users > LISTING_PREFIX_USERS:
            prefixes = list(HEX)
        group_parts = max(GROUP_PARTS, memberships // MEMBERSHIPS_IN_A_PART)
        parts = [f"groups:{each}:{group_parts}" for each in range(group_parts)]
        parts += [f"users:{prefix}" for prefix in prefixes]
        return {
            "Listings": [{"Parts": part} for part in portions(parts, LISTING_WORKERS)],
            "Checks": [{"Bucket": number} for number in range(run["Buckets"])],
        }

    def _pages_per_second(self) -> float:
        """What one of the listings may ask for that a worker makes side by side."""
        rate = self.request_plan.listing.rate(Category.USER_LIST)
        return min(rate / LISTINGS, SLOWEST_PAGES_PER_SECOND)

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


def scan_portions(users: int, head_start: int, shards: Sequence[str] = SHARDS) -> list[ScanPortion]:
    """The shards dealt out to the workers that scan, each with its part of the head start."""
    workers = min(SCAN_WORKERS, len(shards), max(1, -(-users // USERS_PER_SCAN_WORKER)))
    return [
        {"Portion": number, "Shards": portion, "HeadStart": -(-head_start // workers)}
        for number, portion in enumerate(portions(shards, workers))
    ]


def _check_region(pool_id: str, region: str) -> None:
    pool_region = pool_id.partition("_")[0]
    if pool_region != region:
        raise InvalidInput(
            "NewUserPoolId",
            f"the pool is in {pool_region}, but this workflow runs in {region}; expected a pool of {region}, "
            f"or start the ImportWorkflow in {pool_region}; the replica of a pool cannot be filled",
        )
