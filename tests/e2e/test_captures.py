"""Changes captured on the deployed application: by events and by the trigger, into the replica."""

from __future__ import annotations

import json
from typing import Any

from local.backup_view import backup_snapshot, exactly
from local.comparison import snapshot
from tests.e2e.world import BACKUP, PRIMARY, World, outcome, wait_for


def create(live: World, name: str) -> str:
    """A user made by an administrator; returns its sub."""
    made = live.client("cognito-idp", PRIMARY).admin_create_user(
        UserPoolId=live.deployment.user_pool_id,
        Username=f"{name}@example.com",
        UserAttributes=[{"Name": "email", "Value": f"{name}@example.com"}],
        MessageAction="SUPPRESS",
    )
    return next(str(pair["Value"]) for pair in made["User"]["Attributes"] if pair["Name"] == "sub")


def tell(live: World, name: str, sub: str = "") -> None:
    """Put an event into the queue as the rule does that takes it, twice: only AWS may put it on the bus."""
    event = {
        "id": "7a1c5d2e-3f4b-4a6c-8d9e-0f1a2b3c4d5e",
        "source": "aws.cognito-idp",
        "detail-type": "AWS API Call via CloudTrail",
        "account": "000000000000",
        "region": PRIMARY,
        "time": "2026-03-01T09:30:12Z",
        "resources": [],
        "detail": {
            "eventSource": "cognito-idp.amazonaws.com",
            "eventName": name,
            "requestParameters": {"userPoolId": live.deployment.user_pool_id},
            "additionalEventData": {"sub": sub} if sub else {},
            "readOnly": False,
        },
    }
    events, queue = live.client("events", PRIMARY), live.output("CaptureQueueUrl", PRIMARY)
    rules = [each for each in events.list_rules()["Rules"] if "-live-" in each["Name"]]
    taking = [
        rule
        for rule in rules
        if events.test_event_pattern(EventPattern=rule["EventPattern"], Event=json.dumps(event))["Result"]
    ]
    assert [rule["State"] for rule in taking] == ["ENABLED"]
    for _ in range(2):
        live.client("sqs", PRIMARY).send_message(QueueUrl=queue, MessageBody=json.dumps(event))


def stored(live: World, sub: str, region: str = BACKUP) -> dict[str, dict[str, Any]]:
    """The items of a user and its memberships, by their sort keys."""
    found = live.items(f"USER#{sub[:2]}", region)
    return {item["sk"]: item for item in found if item["sub"] == sub}


def test_what_events_tell_of_is_in_the_replica(live: World) -> None:
    cognito, pool_id = live.client("cognito-idp", PRIMARY), live.deployment.user_pool_id
    # Given a user in a group, of which events tell
    sub = create(live, "ann")
    cognito.create_group(UserPoolId=pool_id, GroupName="editors")
    cognito.admin_add_user_to_group(UserPoolId=pool_id, Username="ann@example.com", GroupName="editors")
    for name in ("CreateGroup", "AdminCreateUser", "AdminAddUserToGroup"):
        tell(live, name, "" if name == "CreateGroup" else sub)
    # Then the replica has all of it
    wait_for(lambda: stored(live, sub).keys() == {sub, f"{sub}#editors"}, "the user in the replica")
    wait_for(lambda: "editors" in {item["name"] for item in live.items("GROUP")}, "the group")
    # When the group goes, and then the user
    cognito.delete_group(UserPoolId=pool_id, GroupName="editors")
    tell(live, "DeleteGroup")
    wait_for(lambda: stored(live, sub).keys() == {sub}, "the end of the membership")
    cognito.admin_delete_user(UserPoolId=pool_id, Username="ann@example.com")
    tell(live, "AdminDeleteUser", sub)
    # Then they are in history only
    wait_for(lambda: not stored(live, sub), "the end of the user")
    history = live.items(f"HISTORY#USER#{sub[:2]}")
    assert {item["sub"] for item in history} == {sub}
    assert all(item["valid_from"] < item["valid_to"] for item in history)


def test_the_trigger_gives_its_event_back_and_the_next_export_counts_what_nobody_told_of(live: World) -> None:
    cognito, pool_id = live.client("cognito-idp", PRIMARY), live.deployment.user_pool_id
    # Given a pool that is in the backup as it is
    primary, table = live.client("dynamodb", PRIMARY), live.output("BackupTableName")
    pool = snapshot(cognito, pool_id)
    wait_for(lambda: not any(exactly(pool, backup_snapshot(primary, table)).values()), "what events told of")
    # And a user whose confirmation the trigger sees, and one of whom nothing tells: all events are lost
    live.front("PUT", "events", {"lose": 1})
    sub, missed = create(live, "bea"), create(live, "cal")
    for name in ("bea", "cal"):
        cognito.admin_set_user_password(
            UserPoolId=pool_id, Username=f"{name}@example.com", Password="Known-to-0thers", Permanent=True
        )
    event = {
        "version": "1",
        "triggerSource": "PostConfirmation_ConfirmSignUp",
        "region": PRIMARY,
        "userPoolId": pool_id,
        "userName": "bea",
        "callerContext": {},
        "request": {"userAttributes": {"sub": sub}},
        "response": {},
    }
    answer = live.client("lambda", PRIMARY).invoke(
        FunctionName=live.output("PostConfirmationFunctionArn", PRIMARY), Payload=json.dumps(event)
    )
    assert "FunctionError" not in answer
    assert json.loads(answer["Payload"].read()) == event
    # If that took too long, the retry queue has it a moment later
    wait_for(lambda: stored(live, sub), "the confirmed user")
    # When an export runs
    assert not stored(live, missed)
    assert outcome(live.export()) == "SUCCEEDED"
    # Then it has repaired and counted the other one
    wait_for(lambda: stored(live, missed), "the other user")
    latest = next(item for item in live.items("EXPORT", PRIMARY) if item["sk"] == "LATEST")
    assert latest["drift"] == {"users": 1, "groups": 0, "memberships": 0}
    assert latest["settled"] >= 1
