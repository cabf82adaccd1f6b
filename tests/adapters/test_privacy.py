"""Nobody's address is in anything that is logged, raised, reported or announced."""

from __future__ import annotations

import io
import json
import logging
import traceback
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from aws_lambda_powertools.utilities.data_classes.sqs_event import SQSRecord
from botocore.exceptions import ClientError
from moto.core.models import DEFAULT_ACCOUNT_ID
from moto.sns.models import sns_backends

from lifeboat.aws import clients
from lifeboat.aws.queues import Queue
from lifeboat.restore import assembly
from lifeboat.restore.users.consumer import Consumer
from lifeboat.telemetry import logger
from tests.adapters.dying import content
from tests.adapters.pools import Pool, failing
from tests.adapters.stack import Export, Import, MakePool, Stack, messages, taken
from tests.unit.examples import new_user_body

PLANTED = "planted"
"""Part of every username, address and value of the user."""

ADDRESS = f"{PLANTED}@example.com"


class Witness:
    """Everything that is said while the workflows run."""

    def __init__(self) -> None:
        self.log = io.StringIO()
        self.raised: list[str] = []

    def said(self) -> str:
        return self.log.getvalue() + "".join(self.raised)


@pytest.fixture
def witness(monkeypatch: pytest.MonkeyPatch) -> Iterator[Witness]:
    """Listens to the logger, and to every exception that a consumer lets out."""
    seen = Witness()
    listener = logging.StreamHandler(seen.log)
    listener.setFormatter(logger.registered_formatter)
    logger.addHandler(listener)
    take: Callable[[Consumer[Any], SQSRecord], None] = Consumer.take

    def watched(self: Consumer[Any], record: SQSRecord) -> None:
        try:
            take(self, record)
        except Exception as error:
            seen.raised += traceback.format_exception(error)
            raise

    monkeypatch.setattr(Consumer, "take", watched)
    yield seen
    logger._logger.removeHandler(listener)


@pytest.fixture
def source(stack: Stack) -> Pool:
    stack.source.add_group("staff")
    stack.source.add(PLANTED, {"email": ADDRESS, "name": f"Ann {PLANTED}"}, ["staff"], enabled=False)
    stack.source.add(f"{PLANTED}-2", {"email": ADDRESS}, status="UNCONFIRMED")
    stack.source.add(f"{PLANTED}-4", {"email": f"4-{ADDRESS}", "email_verified": "true"}, ["staff"])
    stack.source.add(f"{PLANTED}-3", {"identities": ADDRESS}, status="EXTERNAL_PROVIDER")
    return stack.source


def repeating(operation: str, code: str) -> Callable[[str], Exception]:
    """Refusals whose message repeats the request."""

    def refusal(request: str) -> Exception:
        assert PLANTED in request
        return ClientError({"Error": {"Code": code, "Message": f"Not allowed: {request}"}}, operation)

    return refusal


def announced(stack: Stack) -> str:
    backend = sns_backends[DEFAULT_ACCOUNT_ID]["eu-west-1"]
    return repr([sent[1:3] for sent in backend.topics[stack.topic_arn].sent_notifications])


def in_the_bucket(stack: Stack) -> str:
    """All objects but the maps of users, which are there to tell usernames, and what they are made from."""
    said: list[Any] = []
    for key in stack.bucket.keys(""):
        if key.endswith(".jsonl.gz"):
            for line in stack.bucket.get_lines(key):
                map_of = isinstance(line, dict) and ("/expected/" in key or "/found/" in key)
                said.append({**line, "username": ""} if map_of else line)
        elif not ("/maps/users-" in key and key.endswith(".csv")):
            said.append(object_in(stack, key))
    return json.dumps(said, ensure_ascii=False)


def object_in(stack: Stack, key: str) -> str:
    return clients.s3().get_object(Bucket=stack.bucket.name, Key=key)["Body"].read().decode()


def in_job_logs() -> str:
    logs = clients.logs()
    groups = [group["logGroupName"] for group in logs.describe_log_groups()["logGroups"]]
    return repr([logs.filter_log_events(logGroupName=group)["events"] for group in groups])


def in_ledgers(stack: Stack) -> str:
    return repr(
        [item for item in content(stack.table) if str(item["pk"])[:6] in ("EXPORT", "IMPORT", "LOCK")]
    )


def test_the_witness_hears_what_is_logged(witness: Witness) -> None:
    logger.error("a message", sub=PLANTED)
    assert PLANTED in witness.said()


def test_a_restore_of_somebody_says_nothing_of_them(
    stack: Stack, source: Pool, make_pool: MakePool, witness: Witness, capsys: pytest.CaptureFixture[str]
) -> None:
    # Given an export, then an import in which all goes well
    Export("2026-03-01T12:00:00.000Z").run()
    source.remove(f"{PLANTED}-3")
    Export("2026-03-01T13:00:00.000Z").run()
    run = Import(stack, {"NewUserPoolId": make_pool().pool_id})
    run.run()
    assert run.report()["lanes"]["csv"] == 1, "by both lanes"
    for told in (
        witness.said(),
        in_job_logs(),
        announced(stack),
        in_the_bucket(stack),
        in_ledgers(stack),
        *capsys.readouterr(),
    ):
        assert PLANTED not in told
    assert PLANTED in repr(content(stack.table)), "the backup itself does hold it"
    (users,) = [key for key in stack.bucket.keys("") if key.endswith(".csv")]
    assert ADDRESS not in object_in(stack, users)


@pytest.mark.parametrize(
    "operation", ["AdminCreateUser", "AdminSetUserPassword", "AdminAddUserToGroup", "AdminDisableUser"]
)
@pytest.mark.parametrize("code", ["InvalidParameterException", "InternalErrorException"])
def test_a_refusal_that_repeats_everything_is_passed_on_without_it(
    stack: Stack,
    source: Pool,
    make_pool: MakePool,
    witness: Witness,
    capsys: pytest.CaptureFixture[str],
    operation: str,
    code: str,
) -> None:
    # Given a Cognito that repeats in its messages what it was given
    Export("2026-03-01T12:00:00.000Z").run()
    run = Import(stack, {"NewUserPoolId": make_pool().pool_id})
    run.enqueue()
    with failing(clients.cognito(), operation, repeating(operation, code)):
        run.deliver()
    ended = run.end()
    # Then the report says what was refused and why, but not who it was
    assert not ended["Complete"]
    assert f"{operation}: {code}" in in_the_bucket(stack)
    reasons = [
        message["MessageAttributes"]
        for message in (*messages(stack.api_users_dead), *messages(stack.updates_dead))
    ]
    told = [
        witness.said(),
        announced(stack),
        in_the_bucket(stack),
        in_ledgers(stack),
        repr(reasons),
        repr(ended),
    ]
    for text in (*told, *capsys.readouterr()):
        assert PLANTED not in text


POISON = [
    ADDRESS,
    json.dumps(ADDRESS),
    json.dumps([ADDRESS]),
    json.dumps({ADDRESS: ADDRESS}),
    json.dumps(new_user_body(username=ADDRESS, enabled=ADDRESS)),
    json.dumps(new_user_body(attributes={ADDRESS: [ADDRESS]})),
    json.dumps(new_user_body(groups=[ADDRESS, None])),
    json.dumps(new_user_body(status=ADDRESS, **{ADDRESS: 1})),
]


@pytest.mark.parametrize("body", POISON)
def test_a_poison_message_is_not_repeated(stack: Stack, witness: Witness, body: str) -> None:
    consumers: list[tuple[Consumer[Any], Queue]] = [
        (assembly.new_user_consumer(), stack.api_users_dead),
        (assembly.update_consumer(), stack.updates_dead),
    ]
    for consumer, dead in consumers:
        assert taken(consumer, body, 1)
        (message,) = messages(dead)
        assert message["Body"] == body
        assert ADDRESS not in repr(message["MessageAttributes"])
    assert "message given up" in witness.said()
    assert ADDRESS not in witness.said()


@pytest.mark.parametrize("body", POISON)
def test_a_poison_message_for_an_import_job_is_not_repeated(
    stack: Stack, source: Pool, make_pool: MakePool, witness: Witness, body: str
) -> None:
    # Given an import that has scanned the backup, and a message that no job can take
    Export("2026-03-01T12:00:00.000Z").run()
    run = Import(stack, {"NewUserPoolId": make_pool().pool_id}, shards=())
    run.begin()
    run.scan()
    clients.sqs().send_message(QueueUrl=stack.new_users.url, MessageBody=body)
    # Then it goes to the dead letters as it came, and nothing says what it says
    assert not run.take_job()["Active"]
    assert stack.new_users.depth() == 0
    (message,) = messages(stack.new_users_dead)
    assert message["Body"] == body
    assert ADDRESS not in repr(message["MessageAttributes"])
    assert "message given up" in witness.said()
    assert ADDRESS not in witness.said()
