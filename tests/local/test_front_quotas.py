"""Quotas as token buckets, with a clock that stands still until it is moved."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from local.front.categories import CATEGORIES, CATEGORY_OF, NEWER, UNLIMITED
from local.front.constraints import Constraints
from local.front.protocol import Call, CognitoError
from local.front.quotas import Quotas, QuotaSettings


class Clock:
    def __init__(self) -> None:
        self.now = 1_000.0

    def __call__(self) -> float:
        return self.now


def call(operation: str, region: str = "us-east-1", **data: object) -> Call:
    return Call(operation, region, "test", b"", {"UserPoolId": f"{region}_a", **data})


def admitted(quotas: Quotas, one: Call, times: int) -> int:
    """Make a call so many times at once; return how many were let in."""
    count = 0
    for _ in range(times):
        try:
            quotas.admit(one)
        except CognitoError as error:
            assert (error.code, error.message, error.status) == (  # noqa: PT017
                "TooManyRequestsException",
                "Rate exceeded",
                400,
            )
        else:
            count += 1
    return count


def enforced(clock: Clock, **settings: object) -> Quotas:
    quotas = Quotas(clock)
    quotas.settings = QuotaSettings(enforce=True, **settings)  # type: ignore[arg-type]
    return quotas


def test_every_operation_has_a_category_or_is_said_to_have_none() -> None:
    operations = Constraints().operations
    assert operations == set(CATEGORY_OF) | UNLIMITED
    assert not set(CATEGORY_OF) & UNLIMITED
    assert operations >= NEWER
    assert sum(len(category.operations) for category in CATEGORIES.values()) == len(CATEGORY_OF)


@pytest.mark.parametrize(
    ("operation", "rate"),
    [
        ("ListUsers", 30),
        ("ListUsersInGroup", 30),
        ("AdminCreateUser", 50),
        ("AdminSetUserPassword", 30),
        ("AdminAddUserToGroup", 25),
        ("AdminDisableUser", 25),
        ("AdminGetUser", 120),
        ("AdminListGroupsForUser", 50),
        ("AdminSetUserMFAPreference", 25),
        ("DescribeUserPool", 15),
        ("GetUserPoolMfaConfig", 15),
        ("SetUserPoolMfaConfig", 15),
        ("ListGroups", 20),
        ("CreateGroup", 15),
        ("StartUserImportJob", 15),
        ("DescribeUserPoolClient", 15),
        ("AdminInitiateAuth", 120),
    ],
)
def test_the_rates_are_the_documented_ones(operation: str, rate: float) -> None:
    assert CATEGORIES[CATEGORY_OF[operation]].rate == rate


def test_a_burst_is_one_seconds_worth_and_comes_back_with_time() -> None:
    clock = Clock()
    quotas = enforced(clock)
    assert admitted(quotas, call("ListUsers"), 40) == 30
    clock.now += 0.5
    assert admitted(quotas, call("ListUsers"), 40) == 15
    clock.now += 60
    assert admitted(quotas, call("ListUsers"), 40) == 30


def test_a_category_is_shared_by_its_operations_and_pools_but_not_by_regions() -> None:
    quotas = enforced(Clock())
    assert admitted(quotas, call("ListUsers"), 20) == 20
    assert admitted(quotas, call("ListUsersInGroup", UserPoolId="us-east-1_b"), 20) == 10
    assert admitted(quotas, call("ListUsers", "eu-west-1"), 40) == 30


def test_nothing_is_refused_until_it_is_asked_for() -> None:
    quotas = Quotas(Clock())
    assert admitted(quotas, call("ListUsers"), 1_000) == 1_000


def test_an_operation_on_one_pool_has_5_a_second_where_the_footnote_says_so() -> None:
    quotas = enforced(Clock())
    assert admitted(quotas, call("ListGroups"), 20) == 5
    assert admitted(quotas, call("GetGroup"), 20) == 5
    assert admitted(quotas, call("ListGroups", UserPoolId="us-east-1_b"), 20) == 5
    # Refused calls took nothing: 15 of the category's 20 are gone.
    assert admitted(quotas, call("ListGroups", UserPoolId="us-east-1_c"), 20) == 5
    assert admitted(quotas, call("ListGroups", UserPoolId="us-east-1_d"), 20) == 0


def test_tags_count_on_the_pool_in_the_arn() -> None:
    quotas = enforced(Clock())
    arn = "arn:aws:cognito-idp:us-east-1:000000000000:userpool/us-east-1_a"
    by_arn = Call("ListTagsForResource", "us-east-1", "test", b"", {"ResourceArn": arn})
    assert admitted(quotas, by_arn, 20) == 5


def test_one_user_has_10_reads_and_10_writes_a_second() -> None:
    quotas = enforced(Clock())
    assert admitted(quotas, call("AdminAddUserToGroup", Username="ana"), 20) == 10
    assert admitted(quotas, call("AdminDisableUser", Username="ana"), 20) == 0
    assert admitted(quotas, call("AdminDisableUser", Username="ben"), 20) == 10
    assert admitted(quotas, call("AdminGetUser", Username="ana"), 20) == 10


def test_challenges_have_three_times_the_sign_ins_and_then_share_theirs() -> None:
    quotas = enforced(Clock())
    assert admitted(quotas, call("RespondToAuthChallenge"), 1_000) == 360 + 120
    assert admitted(quotas, call("InitiateAuth"), 10) == 0


def test_scale_and_overrides() -> None:
    quotas = enforced(Clock(), scale=2.0, overrides={"UserCreation": 500.0})
    assert admitted(quotas, call("AdminCreateUser"), 2_000) == 1_000
    assert admitted(quotas, call("ListUsers"), 100) == 60
    assert admitted(quotas, call("ListGroups"), 100) == 10


def test_a_rate_below_one_still_lets_one_call_in() -> None:
    clock = Clock()
    quotas = enforced(clock, scale=0.01)
    assert admitted(quotas, call("ListUsers"), 5) == 1
    clock.now += 1 / 0.3
    assert admitted(quotas, call("ListUsers"), 5) == 1


def test_the_users_of_a_large_import_are_forgotten_again() -> None:
    clock = Clock()
    quotas = enforced(clock, scale=1_000.0)
    for number in range(25_000):
        clock.now += 0.001
        quotas.admit(call("AdminDisableUser", Username=f"user-{number}"))
    assert len(quotas._buckets) < 11_000


@given(
    st.lists(st.floats(min_value=0, max_value=2), min_size=1, max_size=200),
    st.floats(min_value=0.5, max_value=10),
)
def test_no_window_ever_has_more_than_a_burst_and_the_rate(pauses: list[float], scale: float) -> None:
    clock = Clock()
    quotas = enforced(clock, scale=scale)
    start, count, rate = clock.now, 0, 30 * scale
    for pause in pauses:
        clock.now += pause
        count += admitted(quotas, call("ListUsers"), 7)
        assert count <= rate + (clock.now - start) * rate + 1e-6
