"""An export in bad weather ends well, or ends badly and says so; the next one repairs what it left out."""

import json

from tests.e2e.world import PRIMARY, World, backed_up, outcome, wait_for


def test_a_fifth_of_all_calls_failing_loses_nothing(world: World) -> None:
    pool = world.snapshot(world.deployment.user_pool_id)
    with world.faults(
        {"operation": "*", "region": PRIMARY, "rate": 0.1, "error": "InternalErrorException"},
        {"operation": "*", "region": PRIMARY, "rate": 0.1, "error": "TooManyRequestsException"},
    ):
        result = world.export()

    assert outcome(result) == "SUCCEEDED"
    assert json.loads(result["output"])["Counts"]["users"]["listed"] == len(pool)
    assert backed_up(world) == {user["sub"] for user in pool.values()}
    assert sum(counts["failed"] for counts in world.front("GET", "calls")[PRIMARY].values()) > 0


def test_a_region_switched_off_during_an_export_is_repaired_by_the_next(world: World) -> None:
    world.export()
    pool_id = world.deployment.user_pool_id
    before = backed_up(world)
    cognito = world.client("cognito-idp", PRIMARY)
    cognito.admin_create_user(UserPoolId=pool_id, Username="late-comer", MessageAction="SUPPRESS")
    slow = {"operation": "ListUsers", "region": PRIMARY, "rate": 1.0, "error": None, "latency_ms": 1000}
    with world.faults({**slow, "operation": "ListUsers"}, {**slow, "operation": "ListUsersInGroup"}):
        running = world.start("Export", {}, PRIMARY)
        wait_for(lambda: world.locks(PRIMARY), "the export to begin")
        world.region_available(PRIMARY, False)
    failed = world.result(running)

    assert failed["status"] == "FAILED"
    assert failed["error"] == "CognitoUnavailable"
    assert not world.locks(PRIMARY)
    assert backed_up(world) >= before
    (entry,) = [item for item in world.items("EXPORT", PRIMARY) if item.get("execution_arn") == running]
    assert entry["status"] == "FAILED"
    assert "CognitoUnavailable" in entry["reason"]

    world.region_available(PRIMARY, True)
    repaired = world.export()

    assert outcome(repaired) == "SUCCEEDED"
    assert backed_up(world) == {user["sub"] for user in world.snapshot(pool_id).values()}
    cognito.admin_delete_user(UserPoolId=pool_id, Username="late-comer")


def test_a_listing_that_silently_stops_early_does_not_empty_the_backup(world: World) -> None:
    world.export()
    before = backed_up(world)
    with world.faults({"operation": "ListUsers", "region": PRIMARY, "shows": 0.5}):
        result = world.export()

    assert outcome(result) == "SUCCEEDED"
    output = json.loads(result["output"])
    assert output["Status"] == "COMPLETED_WITHOUT_CLEANUP"
    assert backed_up(world) == before
    entry = world.ledger("export", output["ExportId"])
    assert f"of {len(before)} users in the backup were not listed" in entry["reason"]
    assert entry["completeness"]["differs"]


def test_a_listing_that_stops_a_little_early_each_time_retires_nobody(world: World) -> None:
    # So little is missing that the guard lets it pass, and a second listing shows no more
    world.export()
    before = backed_up(world)
    with world.faults({"operation": "ListUsers", "region": PRIMARY, "shows": 0.95, "where": ""}):
        result = world.export()

    assert outcome(result) == "SUCCEEDED"
    output = json.loads(result["output"])
    counts = output["Counts"]["users"]
    assert (output["Status"], counts["retired"]) == ("COMPLETED", 0)
    assert 0 < counts["absent"] <= len(before) // 10
    assert backed_up(world) == before


def test_a_pool_that_lost_a_quarter_keeps_its_backup_until_an_operator_says_otherwise(world: World) -> None:
    world.export()
    before = backed_up(world)
    pool_id = world.deployment.user_pool_id
    everyone = sorted(world.snapshot(pool_id))
    cognito = world.client("cognito-idp", PRIMARY)
    for username in everyone[: len(everyone) // 4]:
        cognito.admin_delete_user(UserPoolId=pool_id, Username=username)

    guarded = world.export()

    assert outcome(guarded) == "SUCCEEDED"
    output = json.loads(guarded["output"])
    assert output["Status"] == "COMPLETED_WITHOUT_CLEANUP"
    assert backed_up(world) == before
    assert "AllowMassRetirement" in world.ledger("export", output["ExportId"])["reason"]

    allowed = world.export({"AllowMassRetirement": True})

    assert json.loads(allowed["output"])["Status"] == "COMPLETED"
    assert backed_up(world) == {user["sub"] for user in world.snapshot(pool_id).values()}
