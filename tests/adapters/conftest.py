"""AWS as moto makes it, in this process: table, bucket, queues, topic and pools, fresh for each test."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import cache
from itertools import count
from typing import Any, Final

import boto3
import botocore.session
import pytest
from botocore.config import Config
from moto import mock_aws

from lifeboat.aws.bucket import Bucket
from lifeboat.aws.executions import Executions
from lifeboat.aws.queues import Queue
from lifeboat.settings import settings
from lifeboat.store.table import BackupTable
from tests.adapters.cockpit import Lifeboat, lifeboat_of
from tests.adapters.drilling import Drilled, Known
from tests.adapters.exports import FIRST, fill_varied
from tests.adapters.job_world import World
from tests.adapters.moto_creation import create_whole_pools
from tests.adapters.moto_differences import mend
from tests.adapters.people import EXPORTED, fill
from tests.adapters.pools import SHARD, Pool
from tests.adapters.stack import Export, Stack, new_process
from tests.template.reading import resources_of_type

REGION: Final = "eu-west-1"
NO_RETRIES = Config(retries={"total_max_attempts": 1})


@cache
def session() -> boto3.Session:
    """One session for all tests: reading the services' models is what takes long.

    Its clients have a name that they need not put together for every request.
    """
    of_all = botocore.session.get_session()
    of_all.set_default_client_config(Config(user_agent="tests"))
    return boto3.Session(
        aws_access_key_id="a", aws_secret_access_key="b", region_name=REGION, botocore_session=of_all
    )


@pytest.fixture
def aws(monkeypatch: pytest.MonkeyPatch) -> Iterator[boto3.Session]:
    mend(monkeypatch)
    with mock_aws():
        yield session()


@pytest.fixture
def make_table(aws: boto3.Session) -> Callable[[], BackupTable]:
    """Makes empty tables with the keys and the index of the template."""
    resource = aws.resource("dynamodb", config=NO_RETRIES)
    template: Any = resources_of_type("AWS::DynamoDB::GlobalTable")["BackupTable"]["Properties"]
    numbers = count()

    def make() -> BackupTable:
        name = f"backup-{next(numbers)}"
        resource.create_table(
            TableName=name,
            BillingMode="PAY_PER_REQUEST",
            AttributeDefinitions=template["AttributeDefinitions"],
            KeySchema=template["KeySchema"],
            GlobalSecondaryIndexes=template["GlobalSecondaryIndexes"],
        )
        return BackupTable(resource, name)

    return make


@pytest.fixture
def table(make_table: Callable[[], BackupTable]) -> BackupTable:
    return make_table()


@pytest.fixture
def bucket(aws: boto3.Session) -> Bucket:
    client = aws.client("s3", config=NO_RETRIES)
    client.create_bucket(Bucket="reports", CreateBucketConfiguration={"LocationConstraint": REGION})
    return Bucket(client, "reports")


@pytest.fixture
def make_queue(aws: boto3.Session) -> Callable[[str], Queue]:
    client = aws.client("sqs", config=NO_RETRIES)

    def make(name: str) -> Queue:
        return Queue(client, client.create_queue(QueueName=name)["QueueUrl"])

    return make


@pytest.fixture
def make_pool(aws: boto3.Session) -> Callable[..., Pool]:
    """Makes empty pools that verify email addresses; arguments are CreateUserPool's."""
    client = aws.client("cognito-idp", config=NO_RETRIES)

    def make(**configuration: Any) -> Pool:
        wanted = {"AutoVerifiedAttributes": ["email"], **configuration}
        made = client.create_user_pool(PoolName="people", **wanted)
        return Pool(client, made["UserPool"]["Id"])

    return make


@pytest.fixture
def pool(make_pool: Callable[..., Pool]) -> Pool:
    return make_pool()


@pytest.fixture
def stack(
    aws: boto3.Session,
    table: BackupTable,
    bucket: Bucket,
    pool: Pool,
    make_queue: Callable[[str], Queue],
    monkeypatch: pytest.MonkeyPatch,
) -> Iterator[Stack]:
    """A stack whose functions find their environment and resources, with an empty pool to export."""
    made = Stack(
        table,
        bucket,
        pool,
        make_queue("NewUsers"),
        make_queue("NewUsersDead"),
        make_queue("ApiUsers"),
        make_queue("ApiUsersDead"),
        make_queue("Updates"),
        make_queue("UpdatesDead"),
        aws.client("sns").create_topic(Name="notifications")["TopicArn"],
        make_queue("Captures"),
        make_queue("CaptureRetries"),
    )
    for name, value in made.environment().items():
        monkeypatch.setenv(name, value)
    monkeypatch.setattr(boto3, "DEFAULT_SESSION", aws)
    # The executions are made up, so moto knows none of them: whoever held a lock before is dead.
    monkeypatch.setattr(Executions, "running", lambda *_: False)
    # All made-up users lie in one shard; looking through 255 empty ones is what would take long.
    monkeypatch.setattr("lifeboat.store.outcomes.SHARDS", (SHARD,))
    monkeypatch.setattr("lifeboat.sync.capture.settle.SHARDS", (SHARD,))
    with new_process():
        yield made


@pytest.fixture
def exported(stack: Stack) -> Stack:
    """A stack whose varied pool has been exported once."""
    fill_varied(stack.source)
    Export(FIRST).run()
    return stack


@pytest.fixture
def make_world(
    make_table: Callable[[], BackupTable], bucket: Bucket, monkeypatch: pytest.MonkeyPatch
) -> Callable[[str], World]:
    """Makes the surroundings of an import's CSV lane, each with a backup of its own."""
    return lambda import_id: World(make_table(), bucket, monkeypatch, import_id)


@pytest.fixture
def world(make_world: Callable[[str], World]) -> World:
    return make_world("an-import")


@pytest.fixture
def backup(stack: Stack, monkeypatch: pytest.MonkeyPatch) -> Stack:
    """A stack whose backup holds those people, of whom ann needs two messages of updates."""
    monkeypatch.setattr("lifeboat.restore.messages.GROUPS_IN_AN_UPDATE", 3)
    fill(stack.source)
    Export(EXPORTED).run()
    return stack


@pytest.fixture
def fresh(backup: Stack, make_pool: Callable[..., Pool]) -> Pool:
    """An empty pool to restore them into."""
    return make_pool()


@pytest.fixture
def lifeboat(
    stack: Stack, aws: boto3.Session, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> Lifeboat:
    """The command line, for the stack."""
    return lifeboat_of(stack, aws, capsys, monkeypatch)


@pytest.fixture
def known(monkeypatch: pytest.MonkeyPatch) -> Known:
    """What Step Functions knows in a test of drills."""
    create_whole_pools(monkeypatch)
    monkeypatch.setattr("lifeboat.aws.queues.PURGE_SECONDS", 0)
    monkeypatch.setattr("lifeboat.drill.scratch.JOB_LOOK", 0)
    monkeypatch.setattr("lifeboat.restore.scan.SHARDS", (SHARD,))
    return Known()


@pytest.fixture
def drill(backup: Stack, known: Known, monkeypatch: pytest.MonkeyPatch) -> Drilled:
    """A drill of a stack that has a backup, not begun."""
    known.put_in(monkeypatch)
    return Drilled(backup, known)


@pytest.fixture
def live(stack: Stack, monkeypatch: pytest.MonkeyPatch) -> Stack:
    """A stack that captures changes; nobody waits for a token."""
    monkeypatch.setenv("LIVE_SYNC", "CAPTURE")
    settings.cache_clear()
    return stack
