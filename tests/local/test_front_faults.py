"""Faults are decided by the seed, the operation and its call's number, and by nothing else."""

import asyncio

import pytest
from hypothesis import given
from hypothesis import strategies as st

from local.front.faults import Fate, Fault, Faults
from local.front.protocol import Call, CognitoError, HeldConnection, failure, success
from local.front.server import Front, FrontOptions
from local.front.settings import BadSettings, read_faults

SEEDS = st.integers(min_value=0, max_value=2**31)
RULE = Fault("*", rate=0.5, error="InternalErrorException")


def fates(
    faults: Faults, operation: str = "ListUsers", region: str = "us-east-1", calls: int = 50
) -> list[bool]:
    return [faults.decide(region, operation).before is not None for _ in range(calls)]


def with_rules(seed: int, *rules: Fault) -> Faults:
    faults = Faults(seed)
    faults.rules = rules
    return faults


@given(SEEDS, st.lists(st.sampled_from(["ListUsers", "ListGroups", "GetGroup"]), max_size=60))
def test_other_operations_change_nothing(seed: int, sequence: list[str]) -> None:
    alone = fates(with_rules(seed, RULE))
    among_others = with_rules(seed, RULE)
    seen = []
    for operation in [*sequence, *["ListUsers"] * 50]:
        fate = among_others.decide("us-east-1", operation)
        among_others.decide("eu-west-1", operation)
        if operation == "ListUsers":
            seen.append(fate.before is not None)
    assert seen[:50] == alone


@given(SEEDS)
def test_setting_rules_or_the_seed_starts_anew(seed: int) -> None:
    faults = with_rules(seed, RULE)
    first = fates(faults)
    assert fates(faults) != first or first in ([True] * 50, [False] * 50)
    faults.rules = (RULE,)
    assert fates(faults) == first
    faults.seed = seed
    assert fates(faults) == first


def test_seeds_and_operations_differ() -> None:
    assert fates(with_rules(1, RULE)) != fates(with_rules(2, RULE))
    assert fates(with_rules(1, RULE)) != fates(with_rules(1, RULE), "ListGroups")
    assert fates(with_rules(1, RULE)) != fates(with_rules(1, RULE), region="eu-west-1")


@pytest.mark.parametrize("rate", [0.0, 0.2, 0.9, 1.0])
def test_the_rate_is_met(rate: float) -> None:
    share = sum(fates(with_rules(4, Fault("*", rate=rate, error="timeout")), calls=5_000)) / 5_000
    assert share == pytest.approx(rate, abs=0.03)


def test_rules_are_for_their_operation_and_region() -> None:
    faults = with_rules(0, Fault("ListUsers", "eu-west-1", error="timeout"))
    assert faults.decide("eu-west-1", "ListUsers").before is not None
    assert faults.decide("us-east-1", "ListUsers") == Fate()
    assert faults.decide("eu-west-1", "ListGroups") == Fate()


def test_latencies_add_up_and_the_first_error_counts() -> None:
    first, second = Fault("*", error="timeout", latency_ms=5), Fault("*", error="InternalErrorException")
    late = Fault("*", error="TooManyRequestsException", after=True, latency_ms=7)
    fate = with_rules(0, Fault("*", latency_ms=3), first, second, late).decide("us-east-1", "ListUsers")
    assert fate == Fate(15, first, late)


def test_latency_is_waited_for(monkeypatch: pytest.MonkeyPatch) -> None:
    waited = []

    async def sleep(seconds: float) -> None:
        waited.append(seconds)

    front = Front(FrontOptions())
    front.conditions.latency_ms = 150
    monkeypatch.setattr("local.front.server.asyncio.sleep", sleep)
    asyncio.run(front._delay(Fate(latency_ms=50)))
    assert waited == [0.2]


def test_what_errors_do() -> None:
    with pytest.raises(CognitoError) as internal:
        Fault("*", error="InternalErrorException").strike()
    with pytest.raises(CognitoError) as throttled:
        Fault("*", error="TooManyRequestsException").strike()
    with pytest.raises(HeldConnection) as held:
        Fault("*", error="timeout", hold_ms=250).strike()
    Fault("*", latency_ms=1).strike()
    assert (internal.value.status, throttled.value.status, held.value.seconds) == (500, 400, 0.25)


def listing(**asked: str) -> Call:
    return Call("ListUsers", "us-east-1", "", b"", {"UserPoolId": "us-east-1_a", **asked})


@pytest.mark.parametrize(("shows", "shown"), [(0.0, 0), (0.5, 2), (1.0, 4)])
def test_a_listing_may_end_silently(shows: float, shown: int) -> None:
    whole = success({"Users": [1, 2, 3, 4], "PaginationToken": "more"})
    cut = Fault("ListUsers", shows=shows).cut(listing(), whole)
    assert (cut.status, cut.data) == (200, {"Users": [1, 2, 3, 4][:shown]})


def test_only_the_listings_that_a_rule_is_about_end_silently() -> None:
    whole = success({"Users": [1, 2], "PaginationToken": "more"})
    refused = failure(CognitoError("TooManyRequestsException", "Rate exceeded"))
    rule = Fault("ListUsers", shows=0, where='sub ^= "7"')
    assert rule.cut(listing(Filter='sub ^= "7"'), whole).data == {"Users": []}
    assert rule.cut(listing(Filter='sub ^= "8"'), whole) is whole
    assert rule.cut(listing(), whole) is whole
    assert rule.cut(listing(Filter='sub ^= "7"'), refused) is refused
    assert Fault("ListUsers").cut(listing(), whole) is whole
    assert with_rules(0, rule).decide("us-east-1", "ListUsers").silent == (rule,)


def test_rules_are_read_with_or_without_a_seed() -> None:
    known = frozenset({"ListUsers"})
    rule = {"operation": "ListUsers", "region": None, "rate": 0.2, "error": "timeout", "latency_ms": 0}
    expected = (Fault("ListUsers", rate=0.2, error="timeout"),)
    assert read_faults([rule], known) == (expected, None)
    assert read_faults({"seed": 3, "faults": [rule]}, known) == (expected, 3)
    assert read_faults([], known) == ((), None)


@pytest.mark.parametrize(
    ("rule", "field"),
    [
        ({}, "faults[0].operation"),
        ({"operation": "ListUser"}, "faults[0].operation"),
        ({"operation": "*", "rate": 1.1}, "faults[0].rate"),
        ({"operation": "*", "rate": "0.5"}, "faults[0].rate"),
        ({"operation": "*", "rate": None}, "faults[0].rate"),
        ({"operation": "*", "rate": True}, "faults[0].rate"),
        ({"operation": "*", "region": "mars"}, "faults[0].region"),
        ({"operation": "*", "error": "Whatever"}, "faults[0].error"),
        ({"operation": "*", "latency_ms": -1}, "faults[0].latency_ms"),
        ({"operation": "*", "after": 1}, "faults[0].after"),
        ({"operation": "*", "hold_ms": float("nan")}, "faults[0].hold_ms"),
        ({"operation": "*", "shows": 2}, "faults[0].shows"),
        ({"operation": "*", "latency": 3}, "faults[0].latency"),
        ("ListUsers", "faults[0]"),
    ],
)
def test_a_rule_that_is_not_understood_is_named(rule: object, field: str) -> None:
    with pytest.raises(BadSettings) as caught:
        read_faults([rule], frozenset({"ListUsers"}))
    assert caught.value.field == field
