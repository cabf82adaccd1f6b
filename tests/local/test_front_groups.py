"""Groups through the front: quotas, UpdateGroup, unset fields, and users who leave."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any

import pytest
from botocore.exceptions import ClientError

from local.front.groups import Groups
from local.front.hooks import Hooks
from local.front.protocol import Answer, Call, CognitoError, success
from local.front.upstream import Upstream

if TYPE_CHECKING:
    from tests.local.front_stack import FrontStack

pytest_plugins = ["tests.local.front_stack"]

ROLE = "arn:aws:iam::000000000000:role/staff"


def code(error: pytest.ExceptionInfo[ClientError]) -> str:
    return error.value.response["Error"]["Code"]


def without_dates(group: Any) -> dict[str, Any]:
    return {
        name: value for name, value in group.items() if not name.endswith("Date") and name != "UserPoolId"
    }


def test_fields_that_were_not_given_stay_unset(front: FrontStack) -> None:
    pool = front.pool()
    cognito = front.client()
    made = cognito.create_group(UserPoolId=pool, GroupName="plain")["Group"]
    first = cognito.create_group(
        UserPoolId=pool, GroupName="first", Precedence=0, Description="d", RoleArn=ROLE
    )
    plain = {"GroupName": "plain"}
    full = {"GroupName": "first", "Precedence": 0, "Description": "d", "RoleArn": ROLE}
    assert without_dates(made) == plain
    assert without_dates(first["Group"]) == full
    listed = cognito.list_groups(UserPoolId=pool)["Groups"]
    assert [without_dates(group) for group in listed] == [full, plain]
    assert without_dates(cognito.get_group(UserPoolId=pool, GroupName="plain")["Group"]) == plain
    front.user(pool, "ana")
    cognito.admin_add_user_to_group(UserPoolId=pool, Username="ana", GroupName="plain")
    (group,) = cognito.admin_list_groups_for_user(UserPoolId=pool, Username="ana")["Groups"]
    assert without_dates(group) == plain


def test_a_group_is_updated(front: FrontStack) -> None:
    pool = front.pool()
    cognito = front.client()
    cognito.create_group(UserPoolId=pool, GroupName="staff", Description="old")
    answer = cognito.update_group(UserPoolId=pool, GroupName="staff", Precedence=0)
    expected = {"GroupName": "staff", "Description": "old", "Precedence": 0}
    assert without_dates(answer["Group"]) == expected
    group = cognito.get_group(UserPoolId=pool, GroupName="staff")["Group"]
    assert without_dates(group) == expected
    assert group["LastModifiedDate"] > group["CreationDate"]
    with pytest.raises(ClientError) as caught:
        cognito.update_group(UserPoolId=pool, GroupName="nobody", Description="x")
    assert code(caught) == "ResourceNotFoundException"
    cognito.delete_group(UserPoolId=pool, GroupName="staff")
    cognito.create_group(UserPoolId=pool, GroupName="staff")
    assert without_dates(cognito.get_group(UserPoolId=pool, GroupName="staff")["Group"]) == {
        "GroupName": "staff"
    }


def test_a_user_is_in_100_groups_at_most_and_they_come_in_pages(front: FrontStack) -> None:
    pool = front.pool()
    cognito = front.client()
    front.user(pool, "ana")
    for number in range(101):
        cognito.create_group(UserPoolId=pool, GroupName=f"group-{number:03}")

    def add(number: int) -> None:
        cognito.admin_add_user_to_group(UserPoolId=pool, Username="ana", GroupName=f"group-{number:03}")

    for number in range(100):
        add(number)
    with pytest.raises(ClientError) as caught:
        add(100)
    assert code(caught) == "LimitExceededException"
    add(99)  # being there already is no addition
    cognito.admin_remove_user_from_group(UserPoolId=pool, Username="ana", GroupName="group-000")
    add(100)
    pages = list(
        cognito.get_paginator("admin_list_groups_for_user").paginate(UserPoolId=pool, Username="ana")
    )
    assert [len(page["Groups"]) for page in pages] == [60, 40]


def test_a_deleted_user_leaves_the_groups(front: FrontStack) -> None:
    pool = front.pool()
    cognito = front.client()
    cognito.create_group(UserPoolId=pool, GroupName="staff")
    front.user(pool, "ana")
    cognito.admin_add_user_to_group(UserPoolId=pool, Username="ana", GroupName="staff")
    cognito.admin_delete_user(UserPoolId=pool, Username="ana")
    front.user(pool, "ana")
    assert cognito.list_users_in_group(UserPoolId=pool, GroupName="staff")["Users"] == []


class FewGroups(Upstream):
    """An upstream whose pools have so many groups."""

    def __init__(self, number: int) -> None:
        super().__init__("http://127.0.0.1:1")
        self.number = number

    async def ask(self, region: str, access_key: str, operation: str, **data: Any) -> dict[str, Any]:
        assert operation == "ListGroups"
        return {"Groups": [{"GroupName": str(number)} for number in range(self.number)]}


def test_a_pool_has_so_many_groups_at_most() -> None:
    upstream = FewGroups(2)
    hooks = Hooks()
    Groups(upstream, per_pool=3).register(hooks)

    async def create(name: str) -> Answer:
        call = Call("CreateGroup", "us-east-1", "test", b"", {"UserPoolId": "us-east-1_a", "GroupName": name})
        assert await hooks.run_before(call) is None
        upstream.number += 1
        return await hooks.run_after(call, success({"Group": {"GroupName": name}}))

    asyncio.run(create("third"))
    with pytest.raises(CognitoError, match="LimitExceededException"):
        asyncio.run(create("fourth"))
    upstream.number = 1  # groups went without the front seeing it: it looks before it refuses
    assert asyncio.run(create("fourth")).ok
