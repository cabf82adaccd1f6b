"""The deployed application, looked at from outside with plain boto3 and plain HTTP."""

import json
import time
import urllib.request
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any, TypeVar

from boto3.dynamodb.types import TypeDeserializer

from local.backup_view import items_below
from local.deployment import Deployment
from local.embedded import EmbeddedAws
from local.people import POOL_SCHEMA, create_pool

PRIMARY = "us-east-1"
BACKUP = "eu-west-1"
PATIENCE = 240.0
LOOK_SECONDS = 0.5
"""Between two looks at an execution that takes long: each takes from the functions what these need to end."""

Snapshot = dict[str, dict[str, Any]]


T = TypeVar("T")


def wait_for(look: Callable[[], T], what: str, seconds: float = PATIENCE, pause: float = 0.1) -> T:
    """Look again and again, soon at first, until the answer is true, and return it."""
    end = time.monotonic() + seconds
    wait = 0.05
    while not (answer := look()):
        assert time.monotonic() < end, f"waited {seconds:.0f} s in vain for {what}"
        time.sleep(wait)
        wait = min(1.3 * wait, pause)
    return answer


@dataclass(frozen=True)
class World:
    """Both Regions."""

    aws: EmbeddedAws
    deployment: Deployment

    def client(self, service: str, region: str = BACKUP) -> Any:
        return self.aws.client(service, region)

    def output(self, name: str, region: str = BACKUP) -> str:
        stack = self.deployment.primary if region == PRIMARY else self.deployment.backup
        return stack.outputs[name]

    # -- the front ------------------------------------------------------------------------------

    def front(self, method: str, path: str, body: Any = None) -> Any:
        data = None if body is None else json.dumps(body).encode()
        request = urllib.request.Request(
            f"{self.aws.cognito_endpoint_url}/_front/{path}", data=data, method=method
        )
        request.add_header("Content-Type", "application/json")
        with urllib.request.urlopen(request) as answer:
            return json.loads(answer.read() or b"null")

    @contextmanager
    def faults(self, *faults: Mapping[str, Any]) -> Iterator[None]:
        self.front("PUT", "faults", list(faults))
        try:
            yield
        finally:
            self.front("DELETE", "faults")

    def region_available(self, region: str, available: bool) -> None:
        self.front("PUT", f"regions/{region}", {"available": available})

    # -- workflows ------------------------------------------------------------------------------

    def start(self, workflow: str, given: Any, region: str = BACKUP) -> str:
        answer = self.client("stepfunctions", region).start_execution(
            stateMachineArn=self.output(f"{workflow}WorkflowArn", region), input=json.dumps(given)
        )
        return str(answer["executionArn"])

    def result(self, execution_arn: str, seconds: float = PATIENCE) -> dict[str, Any]:
        states = self.client("stepfunctions", execution_arn.split(":")[3])

        def ended() -> dict[str, Any] | None:
            found: dict[str, Any] = states.describe_execution(executionArn=execution_arn)
            return found if found["status"] != "RUNNING" else None

        what = f"the end of {execution_arn.rsplit(':', 1)[-1]}"
        found = wait_for(ended, what, seconds, LOOK_SECONDS)
        assert found is not None
        return found

    def export(self, given: Any = None) -> dict[str, Any]:
        return self.result(self.start("Export", {} if given is None else given, PRIMARY))

    def restore(self, given: Any, region: str = BACKUP) -> dict[str, Any]:
        return self.result(self.start("Import", given, region))

    # -- the table ------------------------------------------------------------------------------

    def items(self, pk: str, region: str = BACKUP) -> list[dict[str, Any]]:
        pages = self.client("dynamodb", region).get_paginator("query")
        read = TypeDeserializer().deserialize
        return [
            {name: read(value) for name, value in item.items()}
            for page in pages.paginate(
                TableName=self.output("BackupTableName", region),
                KeyConditionExpression="pk = :pk",
                ExpressionAttributeValues={":pk": {"S": pk}},
            )
            for item in page["Items"]
        ]

    def ledger(self, workflow: str, run_id: str, region: str = PRIMARY) -> dict[str, Any]:
        (entry,) = (item for item in self.items(workflow.upper(), region) if item["sk"] == run_id)
        return entry

    def versions(self, sub: str) -> list[dict[str, Any]]:
        partition = self.items(f"HISTORY#USER#{sub[:2]}")
        return [item for item in partition if item["sub"] == sub]

    def locks(self, region: str) -> list[dict[str, Any]]:
        return self.items("LOCK", region)

    # -- pools ------------------------------------------------------------------------------

    def empty_pool(self, region: str = BACKUP, **differences: Any) -> str:
        return create_pool(self.client("cognito-idp", region), "restored", {**POOL_SCHEMA, **differences})

    def snapshot(self, pool_id: str) -> Snapshot:
        """Everything the API shows of a pool's users, by username, with their groups."""
        cognito = self.client("cognito-idp", pool_id.split("_", maxsplit=1)[0])
        users: Snapshot = {}
        for page in cognito.get_paginator("list_users").paginate(UserPoolId=pool_id):
            for user in page["Users"]:
                attributes = {each["Name"]: each["Value"] for each in user["Attributes"]}
                users[user["Username"]] = {
                    "sub": attributes.pop("sub"),
                    "attributes": attributes,
                    "enabled": user["Enabled"],
                    "status": user["UserStatus"],
                    "groups": set(),
                }
        for group in self.groups(pool_id):
            pages = cognito.get_paginator("list_users_in_group")
            for page in pages.paginate(UserPoolId=pool_id, GroupName=group):
                for user in page["Users"]:
                    users[user["Username"]]["groups"].add(group)
        return users

    def groups(self, pool_id: str) -> dict[str, tuple[Any, ...]]:
        cognito = self.client("cognito-idp", pool_id.split("_", maxsplit=1)[0])
        return {
            group["GroupName"]: (group.get("Description"), group.get("Precedence"), group.get("RoleArn"))
            for page in cognito.get_paginator("list_groups").paginate(UserPoolId=pool_id)
            for group in page["Groups"]
        }

    # -- queues, reports ------------------------------------------------------------------------------

    def receive_all(self, queue_url: str) -> list[dict[str, Any]]:
        """Take every message off a queue."""
        sqs = self.client("sqs")
        taken: list[dict[str, Any]] = []
        while batch := sqs.receive_message(
            QueueUrl=queue_url, MaxNumberOfMessages=10, MessageAttributeNames=["All"]
        ).get("Messages"):
            for message in batch:
                sqs.delete_message(QueueUrl=queue_url, ReceiptHandle=message["ReceiptHandle"])
            taken += batch
        return taken

    def depth(self, queue_url: str) -> int:
        attributes = self.client("sqs").get_queue_attributes(
            QueueUrl=queue_url, AttributeNames=["ApproximateNumberOfMessages"]
        )["Attributes"]
        return int(attributes["ApproximateNumberOfMessages"])

    @contextmanager
    def consumers_paused(self) -> Iterator[None]:
        """Stop the import's functions from receiving messages for a while."""
        functions = self.client("lambda")
        mappings = [
            mapping["UUID"]
            for mapping in functions.list_event_source_mappings()["EventSourceMappings"]
            if ":sqs:" in mapping["EventSourceArn"]
        ]
        for uuid in mappings:
            functions.update_event_source_mapping(UUID=uuid, Enabled=False)
        try:
            yield
        finally:
            for uuid in mappings:
                functions.update_event_source_mapping(UUID=uuid, Enabled=True)

    def report(self, import_id: str, region: str = BACKUP) -> dict[str, Any]:
        answer = self.client("s3", region).get_object(
            Bucket=self.output("ReportsBucketName", region), Key=f"imports/{import_id}/report.json"
        )
        document: dict[str, Any] = json.loads(answer["Body"].read())
        return document


@dataclass(frozen=True)
class LiveWorld(World):
    """Both Regions, with a primary stack that captures changes, and a standby pool."""

    standby_pool_id: str


def backed_up(world: World, region: str = PRIMARY) -> set[str]:
    """The subs of all users in the backup, as a Region's replica has it."""
    table = world.output("BackupTableName", region)
    items = items_below(world.client("dynamodb", region), table, "USER#")
    return {item["sub"] for item in items if item["kind"] == "users"}


def outcome(result: Mapping[str, Any]) -> str:
    """The status of an ended execution, with error and cause if it has them."""
    return " ".join(str(result[name]) for name in ("status", "error", "cause") if result.get(name))


MAY_RESET = "CONFIRMED or RESET_REQUIRED"
"""One class: in both "Forgot password" works. The API lane brings about the first, import jobs the second."""


def may_reset(user: Mapping[str, Any]) -> bool:
    """Whether "Forgot password" must work for a user of the lost pool after an import.

    Who was invited has lost the temporary password with the pool, and is let in where an address is verified.
    """
    attributes = user["attributes"]
    reached = any(
        attributes.get(address) and attributes.get(f"{address}_verified") == "true"
        for address in ("email", "phone_number")
    )
    return user["status"] in ("CONFIRMED", "RESET_REQUIRED") or (
        user["status"] == "FORCE_CHANGE_PASSWORD" and reached
    )


def restorable(snapshot: Snapshot) -> Snapshot:
    """What a snapshot of the lost pool must look like after an import, by the documented limits."""
    return {
        username: {
            "attributes": unmarked(user["attributes"]),
            "enabled": user["enabled"],
            "status": MAY_RESET if may_reset(user) else "FORCE_CHANGE_PASSWORD",
            "groups": user["groups"],
        }
        for username, user in snapshot.items()
    }


def seen(snapshot: Snapshot) -> Snapshot:
    """A snapshot of the new pool, without what no API can restore."""
    return {
        username: {
            "attributes": unmarked(user["attributes"]),
            "enabled": user["enabled"],
            "status": MAY_RESET if user["status"] in ("CONFIRMED", "RESET_REQUIRED") else user["status"],
            "groups": user["groups"],
        }
        for username, user in snapshot.items()
    }


def unmarked(attributes: Mapping[str, str]) -> dict[str, str]:
    """An address that is marked as unverified is one that is not marked as verified."""
    return {
        name: value
        for name, value in attributes.items()
        if (name, value) not in (("email_verified", "false"), ("phone_number_verified", "false"))
    }
