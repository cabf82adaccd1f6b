"""What the product relies on in the embedded Cognito, as it is seen through the front."""

import pytest

from local.people import create_pool
from tests.local.standin_application import BACKUP, PRIMARY, Standin

USERS = 130


@pytest.fixture(scope="module")
def pool(standin: Standin) -> str:
    """Return a pool of USERS users."""
    cognito = standin.client("cognito-idp")
    pool_id = create_pool(cognito, "conformance")
    for n in range(USERS):
        cognito.admin_create_user(
            UserPoolId=pool_id,
            Username=f"user-{n:03}",
            MessageAction="SUPPRESS",
            UserAttributes=[{"Name": "email", "Value": f"user-{n}@example.com"}],
        )
    return pool_id


def subs(standin: Standin, pool_id: str, *filters: str) -> list[str]:
    """List a pool, page by page, and return the subs."""
    cognito = standin.client("cognito-idp")
    found: list[str] = []
    for condition in filters or ("",):
        more = {"Filter": condition} if condition else {}
        for page in cognito.get_paginator("list_users").paginate(UserPoolId=pool_id, Limit=60, **more):
            assert len(page["Users"]) <= 60
            for user in page["Users"]:
                found += [entry["Value"] for entry in user["Attributes"] if entry["Name"] == "sub"]
    return found


def test_pages_of_sixty_list_every_user_once(standin: Standin, pool: str) -> None:
    found = subs(standin, pool)
    assert len(found) == len(set(found)) == USERS
    description = standin.client("cognito-idp").describe_user_pool(UserPoolId=pool)["UserPool"]
    assert description["EstimatedNumberOfUsers"] == USERS


def test_the_shards_of_sub_together_are_the_pool(standin: Standin, pool: str) -> None:
    shards = [f'sub ^= "{digit}"' for digit in "0123456789abcdef"]
    assert sorted(subs(standin, pool, *shards)) == sorted(subs(standin, pool))
    first = subs(standin, pool)[0]
    assert subs(standin, pool, f'sub = "{first}"') == [first]
    assert subs(standin, pool, f'sub ^= "{first[:2]}"') == [
        found for found in subs(standin, pool) if found.startswith(first[:2])
    ]


def test_a_pool_is_in_its_own_region_only(standin: Standin, pool: str) -> None:
    cognito = standin.client("cognito-idp", BACKUP)
    with pytest.raises(cognito.exceptions.ResourceNotFoundException):
        cognito.describe_user_pool(UserPoolId=pool)
    assert pool.startswith(PRIMARY)


def test_a_username_that_exists_changes_nothing(standin: Standin, pool: str) -> None:
    cognito = standin.client("cognito-idp")
    with pytest.raises(cognito.exceptions.UsernameExistsException):
        cognito.admin_create_user(UserPoolId=pool, Username="user-000", MessageAction="SUPPRESS")
    assert len(subs(standin, pool)) == USERS


def test_members_of_a_group_are_listed_page_by_page(standin: Standin, pool: str) -> None:
    cognito = standin.client("cognito-idp")
    cognito.create_group(UserPoolId=pool, GroupName="all#of/them")
    for n in range(70):
        cognito.admin_add_user_to_group(UserPoolId=pool, GroupName="all#of/them", Username=f"user-{n:03}")
    pages = list(
        cognito.get_paginator("list_users_in_group").paginate(
            UserPoolId=pool, GroupName="all#of/them", Limit=60
        )
    )
    assert [len(page["Users"]) for page in pages] == [60, 10]
