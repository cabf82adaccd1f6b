"""`lifeboat failed`: who did not come back, what was given up and why, and another try for it."""

from __future__ import annotations

import json
from typing import Any

import boto3
import pytest

from cli.dead_letters import NO_REASON, letter_of
from lifeboat.aws.queues import Queue
from lifeboat.store.ledger import Ledger
from tests.adapters.cockpit import Lifeboat, ago
from tests.adapters.people import into
from tests.adapters.pools import Pool
from tests.adapters.stack import Export, Import, Stack, messages

WHY = {"DataType": "String", "StringValue": "why"}


@pytest.fixture
def incomplete(backup: Stack, fresh: Pool) -> Import:
    """An import in which ann could not be created, because somebody else has the name."""
    Export(ago(3)).run()
    run = Import(backup, into(fresh, UserLane="api"), ago(2))
    run.enqueue()
    fresh.add("ann", {"email": "else@example.com"})
    run.deliver()
    run.end()
    return run


def test_who_failed_is_listed_with_the_reason_and_the_dead_letter(
    backup: Stack, incomplete: Import, lifeboat: Lifeboat
) -> None:
    ann = backup.source.users()["ann"].sub
    status, said = lifeboat.json("failed")
    assert (status, said["import"]["import"], said["import"]["status"]) == (
        1,
        incomplete.of["ImportId"],
        "INCOMPLETE",
    )
    assert said["import"]["reported"]
    (user,) = said["import"]["users"]
    assert user["sub"] == ann
    assert "another user of the new pool" in user["reason"]
    (queue,) = [each for each in said["dead_letters"] if each["depth"]]
    assert (queue["queue"], queue["depth"], queue["goes_back"]) == ("ApiUsersDeadLetterQueue", 1, True)
    (letter,) = queue["messages"]
    assert (letter["sub"], letter["import_id"]) == (ann, incomplete.of["ImportId"])
    assert "another user of the new pool" in letter["reason"]
    assert "eu-central-1" in said["unreachable"]["the backup stack"]
    assert "example.com" not in str(said)
    # In words, with what to do; and a username only where it is asked for
    status, text = lifeboat.text("failed")
    assert status == 1
    assert f"lifeboat import --resume {incomplete.of['ImportId']} --wait" in text
    assert "lifeboat failed --redrive" in text
    assert lifeboat.json("failed", "--usernames")[1]["import"]["users"][0]["username"] == "ann"


def test_a_redriven_letter_and_a_resumed_import_bring_everybody_back(
    backup: Stack, fresh: Pool, incomplete: Import, lifeboat: Lifeboat
) -> None:
    # Given that the reason is mended
    fresh.remove("ann")
    # When the letters are redriven
    status, said = lifeboat.json("failed", incomplete.of["ImportId"], "--redrive")
    (moved,) = said["redriven"]
    assert (status, moved["moved"], moved["left"]) == (0, 1, 0)
    # Then the import, resumed, is complete, and nothing is left to be told
    again = Import(backup, {"Resume": incomplete.of["ImportId"]}, ago(1))
    assert again.run()["Complete"]
    status, said = lifeboat.json("failed")
    assert (status, said["import"]["users"]) == (0, [])
    assert "No user failed" in lifeboat.text("failed")[1]


def test_an_import_without_a_report_is_told_by_its_outcomes(
    backup: Stack, incomplete: Import, lifeboat: Lifeboat
) -> None:
    Ledger(backup.table, "import").update(incomplete.of["ImportId"], {"status": "RUNNING"})
    _, said = lifeboat.json("failed")
    assert not said["import"]["reported"]
    assert [each["sub"] for each in said["import"]["users"]] == [backup.source.users()["ann"].sub]


def test_before_any_import_there_is_nothing_to_tell(backup: Stack, lifeboat: Lifeboat) -> None:
    status, text = lifeboat.text("failed")
    assert status == 0
    assert "No import has run yet" in text
    assert "All 3 dead-letter queues are empty" in text
    status, text = lifeboat.text("failed", "2026-11-21T09:25:21.878Z-86b993c5")
    assert (status, "there is no import" in text) == (1, True)


def test_letters_are_looked_at_where_they_lie_and_moved_back_without_their_reason(
    aws: boto3.Session, backup: Stack, lifeboat: Lifeboat
) -> None:
    # Given a stack in the other Region with a queue, its dead-letter queue, and one that no queue feeds
    there: Any = aws.client("sqs", region_name="eu-central-1")
    urls = {name: there.create_queue(QueueName=name)["QueueUrl"] for name in ("dead", "alive", "schedule")}
    for number in range(12):
        attributes = {"Reason": WHY, "Kept": WHY}
        there.send_message(QueueUrl=urls["dead"], MessageBody=str(number), MessageAttributes=attributes)
    code = {"DataType": "String", "StringValue": "AWS.Scheduler.InternalServerError"}
    there.send_message(
        QueueUrl=urls["schedule"], MessageBody="a start", MessageAttributes={"ERROR_CODE": code}
    )
    found = {
        "BackupTableName": backup.table.name,
        "CaptureQueueUrl": urls["alive"],
        "CaptureDeadLetterQueueUrl": urls["dead"],
        "ScheduleDeadLetterQueueUrl": urls["schedule"],
    }
    lifeboat.deploy("eu-central-1", "backup", found)
    # When it is looked at, twice
    for _ in range(2):
        status, said = lifeboat.json("failed")
        queues = {each["queue"]: each for each in said["dead_letters"]}
        assert (status, queues["CaptureDeadLetterQueue"]["depth"]) == (1, 12)
        assert queues["CaptureDeadLetterQueue"]["reasons"] == {"why": 12}
        assert queues["ScheduleDeadLetterQueue"]["reasons"] == {"AWS.Scheduler.InternalServerError": 1}
    status, text = lifeboat.text("failed", "--redrive")
    # Then all are back where they came from, without the reason, and the other one stays
    assert status == 0
    assert "aws sqs purge-queue --region eu-central-1" in text
    back = messages(Queue(there, urls["alive"]))
    assert sorted(int(each["Body"]) for each in back) == list(range(12))
    assert {name for each in back for name in each["MessageAttributes"]} == {"Kept"}
    assert not messages(Queue(there, urls["dead"]))
    assert len(messages(Queue(there, urls["schedule"]))) == 1


@pytest.mark.parametrize(
    ("body", "sub", "about", "reason"),
    [
        ({"sub": "a-sub", "import_id": "x", "username": "ann"}, "a-sub", "", NO_REASON),
        ({"detail": {"eventName": "SignUp", "additionalEventData": {"sub": "s"}}}, "s", "", NO_REASON),
        ({"detail": {"eventName": "CreateGroup"}}, "", "the groups", NO_REASON),
        ({"group": "staff"}, "", "a group", NO_REASON),
        (
            {
                "requestContext": {"condition": "RetryAttemptsExhausted"},
                "DDBStreamBatchInfo": {"batchSize": 7},
            },
            "",
            "7 changes of the backup table",
            "RetryAttemptsExhausted",
        ),
        ("not JSON", "", "", NO_REASON),
        ([1], "", "", NO_REASON),
        ({"sub": 1, "detail": "text"}, "", "", NO_REASON),
    ],
)
def test_letters_of_every_queue_can_be_read(body: Any, sub: str, about: str, reason: str) -> None:
    text = body if isinstance(body, str) else json.dumps(body)
    letter = letter_of({"Body": text, "Attributes": {"SentTimestamp": "1772357430000"}})
    assert (letter.sub, letter.about, letter.reason) == (sub, about, reason)
    assert letter.sent_at == "2026-03-01T09:30:30.000Z"
    assert "ann" not in str(letter)
