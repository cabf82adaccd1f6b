"""The end of an import, good or bad: report, ledger, lock, metrics, notification."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, TypedDict

from lifeboat.aws.executions import Executions
from lifeboat.aws.topic import Topic
from lifeboat.errors import ImportIncomplete
from lifeboat.restore.course import REPORT, for_ledger, note_phase, rates_of, updates_limit
from lifeboat.restore.drills import Drills
from lifeboat.restore.page import page
from lifeboat.restore.report import Reconciliation, complete
from lifeboat.restore.tasks import CompleteTask, Run, attaches
from lifeboat.settings import Settings
from lifeboat.store.ledger import Ledger
from lifeboat.store.lock import Lock
from lifeboat.store.table import BackupTable
from lifeboat.telemetry import publish
from lifeboat.workflow import ExecutionTask, Failure, plain_failure

SUCCEEDED = "SUCCEEDED"
INCOMPLETE = "INCOMPLETE"
FAILED = "FAILED"


class Ended(TypedDict):
    """Output of Complete Import. Error and Cause are empty when everything came back.

    `Detaches` says that triggers are to be taken off the pool, which is complete.
    """

    ImportId: str
    Complete: bool
    Error: str
    Cause: str
    Report: str
    Users: dict[str, int]
    Detaches: bool
    UserPoolId: str


@dataclass(frozen=True, slots=True)
class ImportEnd:
    """Ends an import."""

    settings: Settings
    table: BackupTable
    executions: Executions
    topic: Topic

    def complete(self, task: CompleteTask, reconciliation: Reconciliation) -> Ended:
        """Write the report, close the ledger and give the lock back. Safe to repeat."""
        run = task["Run"]
        ledger = Ledger(self.table, "import")
        note_phase(ledger, run["ImportId"], REPORT)
        body = reconciliation.report(task["Verified"])
        rates = rates_of(ledger, run["ImportId"])
        fine = complete(body)
        users = body["totals"]["users"]
        cause = "" if fine else _cause(run["ImportId"], body)
        key = reconciliation.files.report
        where = f"s3://{reconciliation.files.bucket.name}/{key}"
        readable = f"s3://{reconciliation.files.bucket.name}/{reconciliation.files.page}"
        entry = ledger.end(
            run["ImportId"],
            SUCCEEDED if fine else INCOMPLETE,
            {"totals": body["totals"], "report": where, "rates": for_ledger(rates)},
            cause,
        )
        header = {
            "import_id": run["ImportId"],
            "user_pool_id": run["UserPoolId"],
            "export_id": run["ExportId"],
            "as_of": run["AsOf"],
            "status": entry["status"],
            "started_at": entry["started_at"],
            "ended_at": entry["ended_at"],
            "duration_seconds": float(entry["duration_seconds"]),
            "warnings": run["Warnings"],
            "maps": f"s3://{reconciliation.files.bucket.name}/{reconciliation.files.maps}",
            "pool_notes": list(entry.get("pool_notes", [])),
            "timeline": list(entry.get("timeline", [])),
            "rates": rates,
            "updates_limit": updates_limit(entry),
            "drill": str(entry.get("drill", "")),
        }
        document = {**header, **body}
        reconciliation.files.bucket.put_document(key, document, readable=True)
        reconciliation.files.bucket.put_text(reconciliation.files.page, page(document), "text/html")
        reconciliation.forget_unfinished(body)
        Lock(self.table, self.executions, "import").release(run["ExecutionArn"])
        if not run.get("Drill"):  # of which the drill itself tells
            publish(
                self.settings.stack_name,
                {
                    "ImportSucceeded": 1 if fine else 0,
                    "UsersRestored": users["restored"],
                    "UsersFailed": users["failed"],
                    "UsersDifferent": users["different"],
                },
            )
            self.topic.announce(
                f"{self.settings.stack_name}: import {'succeeded' if fine else 'incomplete'}",
                _account(run, entry, body, readable, cause),
                error=not fine,
            )
        return {
            "ImportId": run["ImportId"],
            "Complete": fine,
            "Error": "" if fine else ImportIncomplete.__name__,
            "Cause": cause,
            "Report": where,
            "Users": users,
            "Detaches": fine and attaches(run),
            "UserPoolId": run["UserPoolId"],
        }

    def fail(self, task: ExecutionTask) -> Failure:
        """Write the failure to the ledger and give the lock back, if this execution holds it."""
        arn = task["ExecutionId"]
        failure = plain_failure(task.get("Error", ""), task.get("Cause", ""))
        reason = f"{failure['Error']}: {failure['Cause']}"
        lock = Lock(self.table, self.executions, "import")
        import_id = lock.held_by(arn)
        advice = "Correct the input and start the ImportWorkflow again."
        if import_id is not None:
            ledger = Ledger(self.table, "import")
            if ledger.get(import_id) is not None:
                ledger.end(import_id, FAILED, {}, reason)
                advice = f'What was restored stays. Go on with the input {{"Resume": "{import_id}"}}.'
            lock.release(arn)
        if Drills(self.table).note_failure(arn, reason):
            return failure
        publish(self.settings.stack_name, {"ImportFailed": 1})
        self.topic.announce(
            f"{self.settings.stack_name}: import failed",
            f"The import did not complete.\n\n{reason}\n\nExecution: {arn}\n{advice}",
            error=True,
        )
        return failure


def _cause(import_id: str, body: Mapping[str, Any]) -> str:
    users = body["totals"]["users"]
    return (
        f"of {users['in_backup']} users {users['restored']} were restored, {users['failed']} failed and "
        f"{users['different']} differ; {len(body['different_groups'])} groups differ. The report names each "
        f'with its reason. After mending the causes, go on with the input {{"Resume": "{import_id}"}}'
    )


def _left(memberships: int) -> list[str]:
    return [f"memberships left to the first sign-in: {memberships}"] if memberships else []


def _account(run: Run, entry: Mapping[str, Any], body: Mapping[str, Any], where: str, cause: str) -> str:
    users = body["totals"]["users"]
    lines = [
        f"Import {run['ImportId']}: {entry['status']} after {entry['duration_seconds']} s.",
        *([f"as of {run['AsOf']}: what the export {run['ExportId']} found"] if run["AsOf"] else []),
        "",
        f"users: {users['in_backup']} in the backup, {users['restored']} restored, {users['failed']} failed, "
        f"{users['different']} different",
        f"lanes: {body['lanes']['csv']} users by import jobs, {body['lanes']['api']} by the API",
        f"memberships: {body['totals']['memberships']['restored']} restored",
        *_left(body["totals"]["memberships"]["at_sign_in"]),
        f"groups: {body['totals']['groups']['in_backup']} in the backup, "
        f"{body['totals']['groups']['different']} different",
        "",
        f"Report: {where}",
    ]
    return "\n".join([*lines, "", cause] if cause else lines)
