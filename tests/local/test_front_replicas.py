"""A pool's replica in another Region: who may have one, and what can be done there."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from botocore.exceptions import ClientError

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.local.front_stack import FrontStack

pytest_plugins = ["tests.local.front_stack"]

PRIMARY, SECONDARY = "us-east-1", "eu-west-1"
PASSWORD = "Correct-horse-1"
KEY: Any = {
    "KeyType": "CUSTOMER_MANAGED_KEY",
    "KmsKeyArn": f"arn:aws:kms:{PRIMARY}:000000000000:key/mrk-0123456789abcdef0123456789abcdef",
}


def refusal(call: Any, **arguments: Any) -> str:
    with pytest.raises(ClientError) as caught:
        call(**arguments)
    return str(caught.value.response["Error"]["Code"])


@pytest.fixture
def pool(front: FrontStack) -> Iterator[str]:
    """Make a pool with a user, a group and an inactive replica."""
    pool = front.pool(UserPoolTier="ESSENTIALS", KeyConfiguration=KEY)
    front.user(pool, "vera", email="vera@example.com", email_verified="true")
    front.confirm(pool, "vera")
    front.client().create_group(UserPoolId=pool, GroupName="readers")
    front.client().admin_add_user_to_group(UserPoolId=pool, Username="vera", GroupName="readers")
    replica = front.client().create_user_pool_replica(UserPoolId=pool, RegionName=SECONDARY)
    assert replica["UserPoolReplica"]["Status"] == "CREATING"
    yield pool
    front.control("POST", "reset")


def activate(front: FrontStack, pool: str, status: Any = "ACTIVE") -> None:
    """Let the replica serve users."""
    answer = front.client().update_user_pool_replica(UserPoolId=pool, RegionName=SECONDARY, Status=status)
    assert answer["UserPoolReplica"]["Status"] == status


def test_both_regions_list_primary_and_secondary(front: FrontStack, pool: str) -> None:
    arn = "arn:aws:cognito-idp:{}:000000000000:userpool/{}"
    expected = [
        (PRIMARY, "PRIMARY", "ACTIVE", arn.format(PRIMARY, pool)),
        (SECONDARY, "SECONDARY", "INACTIVE", arn.format(SECONDARY, pool)),
    ]
    for region in (PRIMARY, SECONDARY):
        shown = front.client(region).list_user_pool_replicas(UserPoolId=pool)["UserPoolReplicas"]
        listed = [(each["RegionName"], each["Role"], each["Status"], each["UserPoolArn"]) for each in shown]
        assert listed == expected


def test_a_replica_is_read_while_the_primary_is_lost(front: FrontStack, pool: str) -> None:
    front.control("PUT", f"regions/{PRIMARY}", {"available": False})
    assert refusal(front.client().list_users, UserPoolId=pool) == "ServiceUnavailable"
    there = front.client(SECONDARY)
    described = there.describe_user_pool(UserPoolId=pool)["UserPool"]
    assert (described["Id"], described["Arn"].split(":")[3]) == (pool, SECONDARY)
    assert described["KeyConfiguration"] == KEY
    (user,) = there.list_users(UserPoolId=pool)["Users"]
    assert user["Username"] == "vera"
    assert there.list_users(UserPoolId=pool, Filter='cognito:user_status = "CONFIRMED"')["Users"] == [user]
    assert there.admin_get_user(UserPoolId=pool, Username="vera")["UserStatus"] == "CONFIRMED"
    assert there.list_groups(UserPoolId=pool)["Groups"][0]["GroupName"] == "readers"
    members = there.list_users_in_group(UserPoolId=pool, GroupName="readers")["Users"]
    assert [member["Username"] for member in members] == ["vera"]
    counted = front.control("GET", "calls")[SECONDARY]["ListUsers"]
    assert counted == {"calls": 2, "throttled": 0, "failed": 0}, "its quotas are its own"


@pytest.mark.parametrize("status", ["INACTIVE", "ACTIVE"])
def test_nobody_is_created_or_changed_there(front: FrontStack, pool: str, status: str) -> None:
    activate(front, pool, status)
    there, user = front.client(SECONDARY), {"UserPoolId": pool, "Username": "vera"}
    calls: list[tuple[Any, dict[str, Any]]] = [
        (there.admin_create_user, {"UserPoolId": pool, "Username": "ben"}),
        (there.admin_disable_user, user),
        (there.admin_delete_user, user),
        (there.admin_set_user_password, {**user, "Password": PASSWORD, "Permanent": True}),
        (there.admin_add_user_to_group, {**user, "GroupName": "readers"}),
        (there.create_group, {"UserPoolId": pool, "GroupName": "writers"}),
        (there.update_user_pool, {"UserPoolId": pool}),
    ]
    refused = {refusal(call, **arguments) for call, arguments in calls}
    assert refused == {"OperationNotEnabledException"}


def test_an_active_replica_signs_users_in(front: FrontStack, pool: str) -> None:
    client = front.app_client(
        pool, ExplicitAuthFlows=["ALLOW_ADMIN_USER_PASSWORD_AUTH", "ALLOW_USER_PASSWORD_AUTH"]
    )
    given = {"AuthParameters": {"USERNAME": "vera", "PASSWORD": PASSWORD}, "ClientId": client}
    signing_in: dict[str, Any] = {"UserPoolId": pool, "AuthFlow": "ADMIN_USER_PASSWORD_AUTH", **given}
    there = front.client(SECONDARY)
    assert refusal(there.admin_initiate_auth, **signing_in) == "OperationNotEnabledException"
    activate(front, pool)
    assert there.admin_initiate_auth(**signing_in)["AuthenticationResult"]["IdToken"]
    by_themselves: dict[str, Any] = {"AuthFlow": "USER_PASSWORD_AUTH", **given}
    front.control("PUT", f"regions/{PRIMARY}", {"available": False})
    assert there.initiate_auth(**by_themselves)["AuthenticationResult"]["IdToken"]
    forgotten = refusal(there.forgot_password, ClientId=client, Username="vera")
    assert forgotten == "OperationNotEnabledException"
    front.control("PUT", f"regions/{SECONDARY}", {"available": False})
    assert refusal(there.initiate_auth, **by_themselves) == "ServiceUnavailable"


def test_who_may_have_a_replica(front: FrontStack) -> None:
    create = front.client().create_user_pool_replica
    lite = front.pool(UserPoolTier="LITE", KeyConfiguration=KEY)
    assert refusal(create, UserPoolId=lite, RegionName=SECONDARY) == "FeatureUnavailableInTierException"
    keyless = front.pool(UserPoolTier="ESSENTIALS")
    assert refusal(create, UserPoolId=keyless, RegionName=SECONDARY) == "InvalidParameterException"
    front.client().update_user_pool(UserPoolId=keyless, KeyConfiguration=KEY)
    assert refusal(create, UserPoolId=keyless, RegionName=PRIMARY) == "InvalidParameterException"
    assert create(UserPoolId=keyless, RegionName=SECONDARY)["UserPoolReplica"]["Role"] == "SECONDARY"
    assert refusal(create, UserPoolId=keyless, RegionName="us-west-2") == "LimitExceededException"
    update = front.client().update_user_pool_replica
    arguments = {"UserPoolId": keyless, "RegionName": "us-west-2", "Status": "ACTIVE"}
    assert refusal(update, **arguments) == "ResourceNotFoundException"


def test_an_inactive_replica_can_be_deleted(front: FrontStack, pool: str) -> None:
    replica: dict[str, Any] = {"UserPoolId": pool, "RegionName": SECONDARY}
    activate(front, pool)
    assert refusal(front.client().delete_user_pool_replica, **replica) == "InvalidParameterException"
    activate(front, pool, "INACTIVE")
    deleted = front.client().delete_user_pool_replica(**replica)["UserPoolReplica"]
    assert deleted["Status"] == "DELETING"
    assert front.client().list_user_pool_replicas(UserPoolId=pool)["UserPoolReplicas"] == []
    assert refusal(front.client(SECONDARY).list_users, UserPoolId=pool) == "ResourceNotFoundException"
