"""One execution of a workflow at a time in a Region."""

from concurrent.futures import ThreadPoolExecutor

from tests.e2e.world import PRIMARY, World, outcome, wait_for


def test_of_two_starts_at_the_same_moment_exactly_one_runs(world: World) -> None:
    # Given a pool that is slow to list, so that neither can end before the other's first function is warm
    slow = {
        "operation": "ListUsersInGroup",
        "region": PRIMARY,
        "rate": 1.0,
        "error": None,
        "latency_ms": 4000,
    }
    with world.faults(slow), ThreadPoolExecutor(2) as starters:
        arns = list(starters.map(lambda _: world.start("Export", {}, PRIMARY), range(2)))
        results = sorted((world.result(arn) for arn in arns), key=lambda result: str(result["status"]))

    assert [result["status"] for result in results] == ["FAILED", "SUCCEEDED"]
    assert results[0]["error"] == "AlreadyRunning"
    assert not world.locks(PRIMARY)


def test_the_lock_of_a_dead_execution_is_taken_over(world: World) -> None:
    slow = {"operation": "ListUsers", "region": PRIMARY, "rate": 1.0, "error": None, "latency_ms": 3000}
    with world.faults(slow):
        dead = world.start("Export", {}, PRIMARY)
        wait_for(lambda: world.locks(PRIMARY), "the lock")
        world.client("stepfunctions", PRIMARY).stop_execution(executionArn=dead)
        assert world.locks(PRIMARY)

    result = world.export()

    assert outcome(result) == "SUCCEEDED"
    assert not world.locks(PRIMARY)
