"""One stack: its resources, and its workflows run state by state through the functions' own parts."""

from __future__ import annotations

import json
import random
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

from lifeboat import settings
from lifeboat.aws import clients
from lifeboat.aws.bucket import Bucket
from lifeboat.aws.queues import Queue
from lifeboat.drill import assembly as drilling
from lifeboat.errors import LifeboatError
from lifeboat.export import assembly as exporting
from lifeboat.export.begin import Begun as ExportBegun
from lifeboat.export.cleanup import plan_cleanup
from lifeboat.export.completion import Summary
from lifeboat.export.tasks import (
    CleanupPlan,
    CompleteTask,
    ConfigurationTask,
    MembershipsTask,
    RetireTask,
    UsersTask,
)
from lifeboat.export.tasks import GroupsTask as ExportedGroups
from lifeboat.pacing import Deadline
from lifeboat.restore import assembly as restoring
from lifeboat.restore.begin import Begun as ImportBegun
from lifeboat.restore.comparison.verify import verify
from lifeboat.restore.completion import Ended
from lifeboat.restore.csv_lane.job import NOTHING
from lifeboat.restore.steps import COMPARISON
from lifeboat.restore.tasks import (
    GroupsTask,
    JobProgress,
    ListingTask,
    Progress,
    Run,
    ScanTask,
    Verified,
)
from lifeboat.restore.users.consumer import Consumer
from lifeboat.settling import Settled
from lifeboat.store.ledger import Ledger
from lifeboat.store.outcomes import Outcomes
from lifeboat.store.table import BackupTable
from lifeboat.sync.capture import assembly as syncing
from lifeboat.sync.capture.settle import SettleTask
from lifeboat.workflow import ExecutionTask
from tests.adapters.pools import SHARD, Pool
from tests.unit.examples import PLENTY, sqs_record

MAX_RECEIVE_COUNT = 5
MIGRATE_USER, RESTORE_GROUPS = (
    f"arn:aws:lambda:eu-west-1:123456789012:function:{name}" for name in ("migrate-user", "restore-groups")
)
MAX_RETIRE_PERCENT = 40

CACHES: tuple[Any, ...] = (
    settings.settings,
    clients.answering_cognito,
    clients.cognito,
    clients.cognito_in,
    clients.careful_cognito,
    clients.dynamodb,
    clients.functions,
    clients.logs,
    clients.prompt_cognito,
    clients.prompt_dynamodb,
    clients.primary_cognito,
    clients.prompt_sqs,
    clients.s3,
    clients.sqs,
    clients.sns,
    clients.stepfunctions,
    restoring._table,
    restoring._prompt_table,
    restoring._prompt_rules,
    restoring._passwords,
    restoring._prompt_writer,
    restoring._reader,
    restoring._writer,
    restoring._facts,
    restoring._jobs,
    restoring._rows,
    syncing._table,
    syncing._prompt_table,
    syncing._reader,
    syncing._prompt_reader,
    syncing._pool_has_mfa,
    drilling._table,
)
"""What a function keeps from one invocation to the next."""


@contextmanager
def new_process() -> Iterator[None]:
    """Forget what an earlier process of the functions kept, before and after."""
    for cached in CACHES:
        cached.cache_clear()
    yield
    for cached in CACHES:
        cached.cache_clear()


@dataclass
class Stack:
    """The resources of a stack, and of the pool that it exports."""

    table: BackupTable
    bucket: Bucket
    source: Pool
    new_users: Queue
    new_users_dead: Queue
    api_users: Queue
    api_users_dead: Queue
    updates: Queue
    updates_dead: Queue
    topic_arn: str
    captures: Queue
    capture_retries: Queue

    def environment(self) -> dict[str, str]:
        """The functions' environment, with a budget that nobody waits for."""
        return {
            "TABLE_NAME": self.table.name,
            "STACK_ROLE": "primary",
            "STACK_NAME": "lifeboat",
            "USER_POOL_ID": self.source.pool_id,
            "HISTORY_DAYS": "35",
            "EXPORT_QUOTA_SHARE": "100000000",
            "IMPORT_QUOTA_SHARE": "100000000",
            "USER_CREATION_QUOTA": "50",
            "USER_READ_QUOTA": "120",
            "EXPORT_CONCURRENCY": "2",
            "MAX_RETIRE_PERCENT": str(MAX_RETIRE_PERCENT),
            "DRILL_SAMPLE_PERCENT": "100",
            "CAPTURE_CLIENT_SECRETS": "false",
            "CAPTURE_MFA_PREFERENCES": "false",
            "SOURCE_SUB_ATTRIBUTE": "",
            "IMPORT_JOB_ROLE_ARN": "arn:aws:iam::123456789012:role/lifeboat-import-jobs",
            "CSV_CHUNK_USERS": "10000",
            "CREATE_CONCURRENCY": "2",
            "UPDATE_CONCURRENCY": "2",
            "MAX_RECEIVE_COUNT": str(MAX_RECEIVE_COUNT),
            "REPORTS_BUCKET": self.bucket.name,
            "NEW_USERS_QUEUE_URL": self.new_users.url,
            "NEW_USERS_DLQ_URL": self.new_users_dead.url,
            "API_USERS_QUEUE_URL": self.api_users.url,
            "API_USERS_DLQ_URL": self.api_users_dead.url,
            "UPDATES_QUEUE_URL": self.updates.url,
            "UPDATES_DLQ_URL": self.updates_dead.url,
            "TOPIC_ARN": self.topic_arn,
            "NOTIFY_ON": "ALL",
            "EXPORT_SCHEDULE": "rate(1 day)",
            "LIVE_SYNC": "OFF",
            "CAPTURE_QUOTA_SHARE": "100000000",
            "CAPTURE_QUEUE_URL": self.captures.url,
            "CAPTURE_RETRY_QUEUE_URL": self.capture_retries.url,
            "ADMIN_GROUP": "admins",
            "EXPORT_FROM": "PRIMARY",
            "REPLICA_REGION": "",
            "PRIMARY_USER_POOL_ID": "",
            "PRIMARY_APP_CLIENT_ID": "",
            "STANDBY_USER_POOL_ID": "",
            "STANDBY_DLQ_URL": "",
            "POWERTOOLS_METRICS_NAMESPACE": "CognitoLifeboat",
        }


def execution(workflow: str, name: str, region: str = "eu-west-1") -> str:
    return f"arn:aws:states:{region}:123456789012:execution:lifeboat-{workflow}:{name}"


def execution_task(arn: str, started_at: str, typed: Any) -> ExecutionTask:
    return {"ExecutionId": arn, "StartedAt": started_at, "Input": typed}


@dataclass
class Export:
    """An execution of the ExportWorkflow, of which a test may run all or each state by itself.

    Only the shard of the made-up users is listed, unless `prefixes` says otherwise.
    """

    started_at: str
    typed: Any = field(default_factory=dict)
    prefixes: tuple[str, ...] = (SHARD,)
    deadline: Deadline = PLENTY

    def __post_init__(self) -> None:
        self.arn = execution("ExportWorkflow", self.started_at)
        self.configured: ConfigurationTask | None = None
        self.settled: Settled | None = None

    def run(self) -> Summary:
        return self.end(self.plan_cleanup())

    def plan_cleanup(self) -> CleanupPlan:
        """From Begin Export to Plan Cleanup."""
        self.begin()
        users = self.users()
        groups = self.groups()
        self.configuration()
        return self.plan([users], groups, self.memberships(groups))

    def end(self, plan: CleanupPlan) -> Summary:
        """From Retire Items to Complete Export."""
        retired = [self.retire(portion["Absences"]) for portion in plan["Portions"]]
        self.settled = self.settle()
        return self.complete(plan, retired)

    def begin(self) -> ExportBegun:
        task = execution_task(self.arn, self.started_at, self.typed)
        self.begun = exporting.export_beginning().begin(task)
        return self.begun

    def users(self) -> UsersTask:
        task: UsersTask = {"Run": self.begun["Run"], "Prefixes": list(self.prefixes)}
        while not task.get("Finished"):
            task = exporting.user_export(self.begun["Run"]).export(task, self.deadline)
        return task

    def configuration(self) -> ConfigurationTask:
        task: ConfigurationTask = {"Run": self.begun["Run"], "Next": 0}
        while not task.get("Finished"):
            task = exporting.configuration_export(self.begun["Run"]).export(task, self.deadline)
        self.configured = task
        return task

    def groups(self) -> ExportedGroups:
        task: ExportedGroups = {"Run": self.begun["Run"], "Left": 0}
        while not task.get("Finished"):
            task = exporting.group_export(self.begun["Run"]).export(task, self.deadline)
        return task

    def memberships(self, groups: ExportedGroups) -> list[MembershipsTask]:
        finished = []
        for portion in groups["Portions"]:
            task: MembershipsTask = {"Run": self.begun["Run"], **portion}  # type: ignore[typeddict-item]
            while not task.get("Finished"):
                task = exporting.membership_export(self.begun["Run"]).export(task, self.deadline)
            finished.append(task)
        return finished

    def plan(
        self, users: list[UsersTask], groups: ExportedGroups, memberships: list[MembershipsTask]
    ) -> CleanupPlan:
        return plan_cleanup(
            {
                "Run": self.begun["Run"],
                "Users": [{"Counts": each["Counts"], "Absences": each["Absences"]} for each in users],
                "Groups": {"Counts": groups["Counts"], "Absences": groups["Absences"]},
                "Memberships": [
                    {"Counts": each["Counts"], "Absences": each["Absences"]} for each in memberships
                ],
            },
            MAX_RETIRE_PERCENT,
        )

    def retire(self, manifests: list[str]) -> dict[str, int]:
        task: RetireTask = {"Run": self.begun["Run"], "Absences": manifests}
        while not task.get("Finished"):
            task = exporting.retirement(self.begun["Run"]).retire(task, self.deadline)
        return task["Retired"]

    def settle(self) -> Settled:
        place = self.begun["Captures"]
        while not place["Finished"]:
            task: SettleTask = {"Run": dict(self.begun["Run"]), "Place": place}
            place = syncing.capture_settling().settle(task, self.deadline)
        return place

    def complete(self, plan: CleanupPlan, retired: list[dict[str, int]]) -> Summary:
        task: CompleteTask = {
            "Run": self.begun["Run"],
            "Counts": plan["Counts"],
            "Guard": plan["Guard"],
            "Retired": retired,
        }
        if self.configured is not None:
            task["Configuration"] = {
                "Counts": self.configured["Counts"],
                "Unread": self.configured["Unread"],
            }
        if self.settled is not None:
            task["Captures"] = self.settled
        return exporting.export_end().complete(task)

    def fail(self, error: str, cause: str) -> None:
        exporting.export_end().fail({**self._task(), "Error": error, "Cause": cause})

    def ledger(self) -> dict[str, Any]:
        entry = Ledger(exporting._table(), "export").get(self.begun["Run"]["ExportId"])
        assert entry is not None
        return entry

    def _task(self) -> ExecutionTask:
        return execution_task(self.arn, self.started_at, self.typed)


@dataclass
class Import:
    """An execution of the ImportWorkflow. `copies` is how often each message is delivered."""

    stack: Stack
    typed: dict[str, Any]
    started_at: str = "2026-03-02T00:00:00.000Z"
    shards: tuple[str, ...] = (SHARD,)
    copies: int = 1
    deadline: Deadline = PLENTY

    def __post_init__(self) -> None:
        self.arn = execution("ImportWorkflow", self.started_at)
        self.job: JobProgress | None = None

    def run(self) -> Ended:
        self.enqueue()
        self.deliver()
        return self.end()

    def enqueue(self) -> None:
        """From Begin Import to Enqueue Users."""
        self.begin()
        self.create_groups()
        self.scan()

    def end(self) -> Ended:
        """From List Restored to Complete Import."""
        self.list_restored()
        return self.complete(self.verify())

    def begin(self) -> ImportBegun:
        self.begun = restoring.import_beginning().begin(execution_task(self.arn, self.started_at, self.typed))
        return self.begun

    @property
    def of(self) -> Run:
        return self.begun["Run"]

    def attach_triggers(self) -> list[str]:
        functions = {"UserMigration": MIGRATE_USER, "PreTokenGeneration": RESTORE_GROUPS}
        return restoring.triggers(self.of["UserPoolId"]).attach(self.of, functions)["Attached"]

    def detach_triggers(self) -> list[str]:
        return restoring.triggers(self.of["UserPoolId"]).detach()["Attached"]

    def create_groups(self) -> None:
        task: GroupsTask = {"Run": self.of, "Next": 0}
        while not task.get("Finished"):
            task = restoring.group_restore(self.of).create(task, PLENTY)

    def scan(self) -> None:
        self.expected = []
        for portion in self.begun["Scans"]:
            shards = [shard for shard in portion["Shards"] if shard in self.shards]
            task: ScanTask = {
                "Run": self.of,
                "Portion": portion["Portion"],
                "Shards": shards,
                "HeadStart": portion["HeadStart"],
            }
            while not task.get("Finished"):
                task = restoring.scan(self.of).enqueue(task, self.deadline)
            self.expected.append(task["Expected"])

    def deliver(self, order: random.Random | None = None) -> None:
        """Take every queue's messages until none is left: by import jobs, then by the consumers."""
        again(self.stack.new_users, self.copies, order)
        self.run_jobs()
        hand_over(self.stack.api_users, restoring.new_user_consumer(), self.copies, order)
        hand_over(self.stack.updates, restoring.update_consumer(), self.copies, order)

    def run_jobs(self) -> None:
        """Run Import Job until there is nothing more for it to do."""
        while self.take_job()["Active"]:
            pass

    def take_job(self) -> JobProgress:
        """Run Import Job once."""
        self.job = restoring.import_job_step(self.of).take({"Run": self.of}, PLENTY)
        return self.job

    def progress(self, previous: Progress | None = None) -> Progress:
        return restoring.progress_check(self.of).check(self.job or NOTHING, previous)

    def list_restored(self) -> None:
        for portion in self.begun["Listings"]:
            task: ListingTask = {"Run": self.of, "Parts": portion["Parts"]}
            while not task.get("Finished"):
                task = restoring.restored_listing(self.of).take(task, self.deadline)

    def verify(self) -> list[Verified]:
        return [
            verify(
                restoring.files(self.of),
                {"Run": self.of, "Bucket": check["Bucket"]},
                restoring.step_progress(self.of, COMPARISON),
            )
            for check in self.begun["Checks"]
        ]

    def complete(self, verified: list[Verified]) -> Ended:
        reconciliation = restoring.reconciliation(self.of)
        return restoring.import_end().complete({"Run": self.of, "Verified": verified}, reconciliation)

    def report(self) -> dict[str, Any]:
        report: dict[str, Any] = self.stack.bucket.get_document(f"imports/{self.of['ImportId']}/report.json")
        return report

    def outcomes(self) -> Outcomes:
        return Outcomes(self.stack.table, self.of["ImportId"])


def hand_over(
    queue: Queue, consumer: Consumer[Any], copies: int = 1, order: random.Random | None = None
) -> None:
    """Deliver the queue's messages as Lambda does: again if they fail, and each so many times."""
    waiting = [body for body in bodies(queue) for _ in range(copies)]
    for received in range(1, MAX_RECEIVE_COUNT + 1):
        if order is not None:
            order.shuffle(waiting)
        waiting = [body for body in waiting if not taken(consumer, body, received)]


def again(queue: Queue, copies: int, order: random.Random | None = None) -> None:
    """Let each of a queue's messages be there so many times, and in any order where one is drawn."""
    if copies == 1 and order is None:
        return
    waiting = [body for body in bodies(queue) for _ in range(copies)]
    if order is not None:
        order.shuffle(waiting)
    queue.send(json.loads(body) for body in waiting)


def taken(consumer: Consumer[Any], body: str, received: int) -> bool:
    """Whether the consumer is through with a message."""
    try:
        consumer.take(sqs_record(body, received))
    except LifeboatError:
        return False
    return True


def messages(queue: Queue) -> list[dict[str, Any]]:
    """The messages of a queue, taken out of it."""
    found: list[dict[str, Any]] = []
    while batch := queue._client.receive_message(
        QueueUrl=queue.url, MaxNumberOfMessages=10, MessageAttributeNames=["All"]
    ).get("Messages", []):
        for message in batch:
            found.append(dict(message))
            queue._client.delete_message(QueueUrl=queue.url, ReceiptHandle=message["ReceiptHandle"])
    return found


def bodies(queue: Queue) -> list[str]:
    return [str(message["Body"]) for message in messages(queue)]


def dead_letters(queue: Queue) -> list[tuple[dict[str, Any], str]]:
    """The documents in a dead-letter queue, each with its reason."""
    return [
        (json.loads(message["Body"]), message["MessageAttributes"]["Reason"]["StringValue"])
        for message in messages(queue)
    ]


MakePool = Callable[..., Pool]
