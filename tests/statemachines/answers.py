"""What the functions answer in a run in which everything goes well.

Pure steps are the product's own code; the others answer as theirs do, for a small pool. Work that is
dealt out is dealt out in two portions, so that every Map has more than one iteration.
"""

from __future__ import annotations

from lifeboat.drill.begin import EXPECTED as EXPECTED_OF_DRILLS
from lifeboat.drill.begin import DrillInput
from lifeboat.drill.tasks import BeginTask as BeginDrillTask
from lifeboat.drill.tasks import Begun as BegunDrill
from lifeboat.drill.tasks import Cleared, ClearTask
from lifeboat.drill.tasks import CompleteTask as CompleteDrillTask
from lifeboat.drill.tasks import Ended as EndedDrill
from lifeboat.export.begin import Begun as BegunExport
from lifeboat.export.begin import ExportInput
from lifeboat.export.cleanup import plan_cleanup
from lifeboat.export.completion import Summary
from lifeboat.export.counts import Counts
from lifeboat.export.tasks import (
    CleanupPlan,
    CleanupTask,
    ConfigurationTask,
    MembershipsTask,
    Portion,
    RetireTask,
    UsersTask,
)
from lifeboat.export.tasks import CompleteTask as CompleteExportTask
from lifeboat.export.tasks import GroupsTask as ExportGroupsTask
from lifeboat.export.tasks import Run as ExportRun
from lifeboat.operator_input import parse
from lifeboat.restore.begin import Begun as BegunImport
from lifeboat.restore.completion import Ended
from lifeboat.restore.import_input import EXPECTED, ImportInput
from lifeboat.restore.tasks import (
    Attached,
    AttachTask,
    CompleteTask,
    DetachTask,
    GroupsTask,
    JobTask,
    ListingTask,
    PoolTask,
    Progress,
    Run,
    ScanTask,
    Verified,
    VerifyTask,
    attaches,
)
from lifeboat.settling import Settled, nothing_settled
from lifeboat.sync.capture.settle import SettleTask
from lifeboat.workflow import ExecutionTask, Failure, plain_failure
from tests.statemachines.engine import Answer

EXPORT_ID = "2026-03-01T03:00:00.000Z-1a2b3c4d"
IMPORT_ID = "2026-03-01T09:30:00.000Z-5e6f7a8b"
DRILL_ID = "2026-03-01T04:00:00.000Z-9c0d1e2f"
RESUMED_POOL_ID = "eu-west-1_AbCdEf456"
CREATED_POOL_ID = "eu-west-1_AbCdEf789"
MAX_RETIRE_PERCENT = 10


def export_answers() -> dict[str, Answer]:
    """An export of 200 users, 40 groups and 40 memberships, with one of each kind gone from the pool."""
    return {
        "begin_export": begin_export,
        "export_users": export_users,
        "export_groups": export_groups,
        "export_memberships": export_memberships,
        "capture_configuration": capture_configuration,
        "plan_cleanup": plan,
        "settle_captures": settle_captures,
        "retire_items": retire_items,
        "complete_export": complete_export,
        "fail_export": fail,
    }


def import_answers() -> dict[str, Answer]:
    """An import of 200 users, none of them by an import job, that is drained at the first look."""
    return {
        "begin_import": begin_import,
        "create_user_pool": create_user_pool,
        "attach_triggers": attach_triggers,
        "detach_triggers": detach_triggers,
        "create_groups": create_groups,
        "enqueue_users": enqueue_users,
        "run_import_job": run_import_job,
        "list_restored": list_restored,
        "verify_users": verify_users,
        "complete_import": complete_import,
        "fail_import": fail,
    }


def drill_answers() -> dict[str, Answer]:
    """A drill whose import is still under way at the first look, and restores everything."""
    looks = iter([False])
    return {
        "begin_drill": begin_drill,
        "watch_drill": lambda task: {**task, "Ended": next(looks, True)},
        "delete_scratch_pool": delete_scratch_pool,
        "complete_drill": complete_drill,
        "fail_drill": fail,
    }


def answers_of(workflow: str) -> dict[str, Answer]:
    """The answers of one workflow's functions."""
    return {"export": export_answers, "import": import_answers, "drill": drill_answers}[workflow]()


def counts(listed: int, absent: int) -> Counts:
    """Counts of unchanged items."""
    return {
        "listed": listed,
        "added": 0,
        "changed": 0,
        "unchanged": listed,
        "absent": absent,
        "stored": listed + absent,
    }


def begin_export(task: ExecutionTask) -> BegunExport:
    asked = parse(ExportInput, task["Input"], {"AllowMassRetirement": "true or false"})
    run: ExportRun = {
        "ExportId": EXPORT_ID,
        "At": "2026-03-01T03:00:00.000Z",
        "ExecutionArn": task["ExecutionId"],
        "Workers": 4,
        "AllowMassRetirement": asked.AllowMassRetirement,
        "EstimatedUsers": 200,
        "CaptureMfa": False,
        "Live": True,
    }
    portions: list[Portion] = [{"Prefixes": ["0", "2"]}, {"Prefixes": ["1", "3"]}]
    return {
        "Run": run,
        "UserPortions": portions,
        "Groups": {"Left": 0},
        "Captures": nothing_settled(),
    }


def export_users(task: UsersTask) -> UsersTask:
    """All prefixes in one call; the portion of prefix 0 lacks a user."""
    lacking = "0" in task["Prefixes"]
    return {
        "Run": task["Run"],
        "Prefixes": [],
        "Counts": counts(100, absent=int(lacking)),
        "Absences": ["users-0"] if lacking else [],
        "Finished": True,
    }


def export_groups(task: ExportGroupsTask) -> ExportGroupsTask:
    return {
        "Run": task["Run"],
        "Left": task["Left"],
        "Counts": counts(40, absent=1),
        "Absences": ["groups"],
        "Portions": [{"Portion": 0, "Next": 0}, {"Portion": 1, "Next": 0}],
        "Finished": True,
    }


def export_memberships(task: MembershipsTask) -> MembershipsTask:
    """All groups of the portion in one call; the first portion lacks a membership."""
    lacking = task["Portion"] == 0
    return {
        "Run": task["Run"],
        "Portion": task["Portion"],
        "Next": 20,
        "Counts": counts(20, absent=int(lacking)),
        "Absences": ["memberships-0-0"] if lacking else [],
        "Finished": True,
    }


def capture_configuration(task: ConfigurationTask) -> ConfigurationTask:
    """All parts in one call; one may not be read."""
    return {
        "Run": task["Run"],
        "Next": 12,
        "Counts": {"parts": 12, "added": 1, "changed": 2, "retired": 0},
        "Unread": ["RISK"],
        "Finished": True,
    }


def plan(task: CleanupTask) -> CleanupPlan:
    return plan_cleanup(task, MAX_RETIRE_PERCENT)


def retire_items(task: RetireTask) -> RetireTask:
    """All manifests in one call, each with one item."""
    kinds = [name.partition("-")[0] for name in task["Absences"]]
    retired = {kind: kinds.count(kind) for kind in ("users", "groups", "memberships")}
    return {"Run": task["Run"], "Absences": [], "Retired": retired, "Finished": True}


def settle_captures(task: SettleTask) -> Settled:
    """Two users, in as many calls."""
    users = task["Place"]["Users"] + 1
    return {"Shard": 7, "Behind": "07", "Users": users, "Written": 1, "Finished": users == 2}


def complete_export(task: CompleteExportTask) -> Summary:
    totals = {
        kind: {
            "listed": count["listed"],
            "retired": sum(part[kind] for part in task["Retired"]),
        }
        for kind, count in task["Counts"].items()
    }
    status = "COMPLETED_WITHOUT_CLEANUP" if task["Guard"] else "COMPLETED"
    return {"ExportId": task["Run"]["ExportId"], "Status": status, "Counts": totals}


def fail(task: ExecutionTask) -> Failure:
    return plain_failure(task["Error"], task["Cause"])


def begin_drill(task: BeginDrillTask) -> BegunDrill:
    parse(DrillInput, task["Input"], EXPECTED_OF_DRILLS)
    return {
        "Drill": {
            "DrillId": DRILL_ID,
            "ExecutionArn": task["ExecutionId"],
            "ImportExecution": f"{task['ImportWorkflow']}:{DRILL_ID}",
        }
    }


def delete_scratch_pool(_: ClearTask) -> Cleared:
    return {"Deleted": [CREATED_POOL_ID]}


def complete_drill(task: CompleteDrillTask) -> EndedDrill:
    return {
        "DrillId": task["Drill"]["DrillId"],
        "Passed": True,
        "Error": "",
        "Cause": "",
        "RtoSeconds": 61.5,
        "Users": 200,
    }


def begin_import(task: ExecutionTask) -> BegunImport:
    asked = parse(ImportInput, task["Input"], EXPECTED)
    pool_name = asked.CreateUserPool.PoolName if asked.CreateUserPool else ""
    run: Run = {
        "ImportId": IMPORT_ID,
        "UserPoolId": "" if pool_name else asked.NewUserPoolId or RESUMED_POOL_ID,
        "ExecutionArn": task["ExecutionId"],
        "ExportId": EXPORT_ID,
        "AsOf": asked.AsOf or "",
        "Buckets": 2,
        "UserLane": asked.UserLane or "auto",
        "SourceSubAttribute": asked.SourceSubAttribute or "",
        "Warnings": [],
        "OnDemand": bool(asked.OnDemand),
        "Memberships": asked.Memberships or "NOW",
    }
    return {
        "Run": run,
        "CreatesPool": bool(pool_name),
        "AttachesTriggers": attaches(run),
        "PoolName": pool_name,
        "Scans": [
            {"Portion": 0, "Shards": ["00", "02"], "HeadStart": 7},
            {"Portion": 1, "Shards": ["01", "03"], "HeadStart": 7},
        ],
        "Listings": [{"Parts": ["users:"]}, {"Parts": ["groups:0:1"]}],
        "Checks": [{"Bucket": number} for number in range(run["Buckets"])],
    }


def create_user_pool(task: PoolTask) -> PoolTask:
    """The pool is there at the first call, all of its parts at the second."""
    run = task["Run"]
    created: Run = {**run, "UserPoolId": CREATED_POOL_ID}
    return {"Run": created, "PoolName": task["PoolName"], "Finished": bool(run["UserPoolId"])}


def attach_triggers(task: AttachTask) -> Attached:
    return {"Attached": sorted(task["Functions"]) if attaches(task["Run"]) else []}


def detach_triggers(_: DetachTask) -> Attached:
    return {"Attached": []}


def create_groups(task: GroupsTask) -> GroupsTask:
    return {"Run": task["Run"], "Next": 40, "Finished": True}


def enqueue_users(task: ScanTask) -> ScanTask:
    return {
        "Run": task["Run"],
        "Portion": task["Portion"],
        "Shards": [],
        "HeadStart": 0,
        "Enqueued": 100,
        "Expected": 100,
        "Complete": 0,
        "Finished": True,
    }


def run_import_job(_: JobTask) -> Progress:
    return progress(settled=200, waiting=0, drained=True)


def progress(settled: int, waiting: int, *, drained: bool) -> Progress:
    """An answer of Run Import Jobs."""
    return {
        "Drained": drained,
        "Expected": 200,
        "Settled": settled,
        "Waiting": waiting,
        "Imported": 0,
        "ChangedAt": "2026-03-01T09:31:00.000Z",
        "EmptySince": "" if waiting else "2026-03-01T09:31:00.000Z",
        "CountedAt": "",
    }


def list_restored(task: ListingTask) -> ListingTask:
    return {"Run": task["Run"], "Parts": [], "Finished": True}


def verify_users(task: VerifyTask) -> Verified:
    return {
        "Bucket": task["Bucket"],
        "Equal": 100,
        "Different": 0,
        "Missing": 0,
        "Unexpected": 0,
        "Memberships": 20,
    }


def complete_import(task: CompleteTask) -> Ended:
    equal = sum(part["Equal"] for part in task["Verified"])
    lost = sum(part["Missing"] for part in task["Verified"])
    return {
        "ImportId": task["Run"]["ImportId"],
        "Complete": not lost,
        "Error": "ImportIncomplete" if lost else "",
        "Cause": f"{lost} users are missing" if lost else "",
        "Report": f"s3://reports/imports/{task['Run']['ImportId']}/report.json",
        "Users": {"in_backup": equal + lost, "restored": equal, "failed": lost},
        "Detaches": not lost and attaches(task["Run"]),
        "UserPoolId": task["Run"]["UserPoolId"],
    }
