"""The main job: export, change, export, lose the Region, import, compare."""

import json
from collections import Counter
from typing import Any

from local.people import PASSWORD
from tests.e2e.conftest import PEOPLE
from tests.e2e.world import BACKUP, PRIMARY, World, may_reset, outcome, restorable, seen, wait_for


def counts(result: dict[str, Any], kind: str) -> dict[str, int]:
    assert outcome(result) == "SUCCEEDED"
    found: dict[str, int] = json.loads(result["output"])["Counts"][kind]
    return found


def test_an_export_writes_everything_and_the_next_one_nothing(world: World) -> None:
    pool = world.snapshot(world.deployment.user_pool_id)

    first = world.export({"AllowMassRetirement": True})
    second = world.export()

    assert counts(first, "users")["listed"] == len(pool)
    assert counts(first, "groups")["listed"] == len(PEOPLE.groups)
    assert counts(first, "memberships")["listed"] == sum(len(user["groups"]) for user in pool.values())
    for kind in ("users", "groups", "memberships"):
        found = counts(second, kind)
        assert found["unchanged"] == found["listed"] == found["stored"]
        assert found["added"] == found["changed"] == found["retired"] == 0
    entry = world.ledger("export", json.loads(second["output"])["ExportId"])
    assert entry["status"] == "COMPLETED"
    assert entry["ended_at"] > entry["started_at"]
    assert float(entry["duration_seconds"]) > 0
    assert not entry["completeness"]["differs"]
    assert not world.locks(PRIMARY)


def test_changes_leave_their_earlier_version_in_history(exported: World) -> None:
    world = exported
    cognito, pool_id = world.client("cognito-idp", PRIMARY), world.deployment.user_pool_id
    before = world.snapshot(pool_id)
    in_groups = [name for name in sorted(before) if before[name]["groups"] and before[name]["enabled"]]
    changed, deleted, moved = in_groups[:3]
    (left, *_) = before[moved]["groups"]
    cognito.admin_update_user_attributes(
        UserPoolId=pool_id, Username=changed, UserAttributes=[{"Name": "custom:note", "Value": "new"}]
    )
    cognito.admin_delete_user(UserPoolId=pool_id, Username=deleted)
    cognito.admin_remove_user_from_group(UserPoolId=pool_id, Username=moved, GroupName=left)

    result = world.export()

    assert counts(result, "users")["changed"] == 1
    assert counts(result, "users")["retired"] == 1
    assert counts(result, "users")["added"] == 0
    assert counts(result, "memberships")["retired"] == 1 + len(before[deleted]["groups"])
    (version,) = wait_for(lambda: world.versions(before[changed]["sub"]), "the version in the replica")
    assert version["attributes"].get("custom:note") == before[changed]["attributes"].get("custom:note")
    assert version["valid_to"] > version["valid_from"]
    (gone, *_) = [item for item in world.versions(before[deleted]["sub"]) if item["kind"] == "users"]
    assert gone["attributes"]["sub"] == before[deleted]["sub"]


def test_a_lost_region_comes_back_in_the_other(exported: World) -> None:
    world = exported
    pool_id = world.deployment.user_pool_id
    world.export()
    lost, groups = world.snapshot(pool_id), world.groups(pool_id)
    world.region_available(PRIMARY, False)
    world.front("DELETE", "messages")
    new_pool = world.empty_pool()

    result = world.restore({"NewUserPoolId": new_pool})

    assert outcome(result) == "SUCCEEDED"
    assert seen(world.snapshot(new_pool)) == restorable(lost)
    assert world.groups(new_pool) == groups
    assert not sum(world.front("GET", "messages").get(BACKUP, {}).values())
    report = world.report(json.loads(result["output"])["ImportId"])
    assert report["totals"]["users"] == {
        "in_backup": len(lost),
        "restored": len(lost),
        "different": 0,
        "failed": 0,
        "unexpected": 0,
    }
    by_status = {user["sub"]: user["status"] for user in lost.values()}
    listed = report["not_restorable"]["status_unconfirmed"]["subs"]
    assert sorted(listed) == sorted(sub for sub, status in by_status.items() if status == "UNCONFIRMED")
    lanes = report["lanes"]
    assert lanes["csv"] > 0
    assert lanes["api"] == sum(lanes["why_api"].values()) == len(lost) - lanes["csv"]
    assert not world.locks(BACKUP)
    # The report tells how it went, phase by phase, and of whom.
    phases = [each["phase"] for each in report["timeline"]]
    assert phases == ["PREFLIGHT", "GROUPS", "USERS", "LISTING", "COMPARISON", "REPORT"]
    assert {each["phase"] for each in report["rates"]} == {"GROUPS", "USERS", "LISTING", "COMPARISON"}
    statuses = Counter(user["status"] for user in lost.values())
    assert {status: each["restored"] for status, each in report["kinds"].items()} == statuses

    # "Forgot password" works at once, for every user who could use it before, or was invited.
    cognito = world.client("cognito-idp")
    app = cognito.create_user_pool_client(UserPoolId=new_pool, ClientName="app")["UserPoolClient"]["ClientId"]
    forgetful = [
        username
        for username, user in lost.items()
        if user["enabled"] and may_reset(user) and user["attributes"].get("email_verified") == "true"
    ]
    assert forgetful
    for username in forgetful:
        assert cognito.forgot_password(ClientId=app, Username=username)["CodeDeliveryDetails"]


def test_nothing_personal_is_logged_or_kept_in_execution_state(exported: World) -> None:
    world = exported
    log = (world.aws.state_dir / "functions.log").read_text()
    assert "service" in log
    states = world.client("stepfunctions", PRIMARY)
    histories = [
        json.dumps(page, default=str)
        for execution in states.list_executions(stateMachineArn=world.output("ExportWorkflowArn", PRIMARY))[
            "executions"
        ]
        for page in states.get_paginator("get_execution_history").paginate(
            executionArn=execution["executionArn"]
        )
    ]
    assert histories
    personal = {PASSWORD} | {person.attributes.get("email", "@example.com") for person in PEOPLE.people}
    personal |= {person.username for person in PEOPLE.people}
    for secret in personal:
        assert secret not in log
        assert not any(secret in history for history in histories)
