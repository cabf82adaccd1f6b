"""Finding a restored user by the name that it was created with."""

from __future__ import annotations

from typing import Any, cast

import pytest

from lifeboat.cognito.pool import PoolFacts
from lifeboat.cognito.reader import PoolReader
from lifeboat.model import User
from lifeboat.restore.users.finding import find_by_name


class Listing:
    """A pool whose filter is as exact as Cognito's."""

    def __init__(self, *users: User) -> None:
        self.users = users

    def user_where(self, attribute: str, value: str) -> User | None:
        return next(iter(self.users_where(attribute, value)), None)

    def users_where(self, attribute: str, value: str) -> list[User]:
        return [
            user
            for user in self.users
            if (user.username if attribute == "username" else user.attributes.get(attribute)) == value
        ]


def pool(**description: Any) -> PoolFacts:
    return PoolFacts.of({"Id": "eu-west-1_New", **description})


def person(username: str, **attributes: str) -> User:
    return User("new-sub", username, attributes, True, "CONFIRMED")


def find(facts: PoolFacts, name: str, *users: User) -> User | None:
    return find_by_name(cast(PoolReader, Listing(*users)), facts, name)


INSENSITIVE = {"UsernameConfiguration": {"CaseSensitive": False}}
GENERATED = person("7a1c", email="ann@example.com", phone_number="+15550001")


def test_by_username() -> None:
    ann = person("ann")
    assert find(pool(), "ann", person("bob"), ann) == ann
    assert find(pool(), "Ann", ann) is None


@pytest.mark.parametrize("shown", ["Ann", "ann"])
def test_a_pool_that_knows_no_case_may_show_the_name_either_way(shown: str) -> None:
    assert find(pool(**INSENSITIVE), "Ann", person(shown)) == person(shown)


def test_a_name_that_looks_like_an_address_is_a_name_where_names_are_kept() -> None:
    for name in ("ann@example.com", "+15550001"):
        assert find(pool(AliasAttributes=["email"]), name, GENERATED, person(name)) == person(name)


@pytest.mark.parametrize("name", ["ann@example.com", "+15550001", "7a1c"])
def test_where_names_are_generated_by_address_or_by_the_name_itself(name: str) -> None:
    facts = pool(UsernameAttributes=["email", "phone_number"])
    assert find(facts, name, person("8b2d", email="bob@example.com"), GENERATED) == GENERATED
    assert find(facts, "nobody@example.com", GENERATED) is None


def test_where_names_are_generated_somebody_else_s_unverified_address_is_not_a_name() -> None:
    # An address is the name of who has verified it. Another's account must not be given this one's links.
    facts = pool(UsernameAttributes=["email", "phone_number"])
    other = person("8b2d", email="ann@example.com", phone_number="+15550002", phone_number_verified="true")
    ann = person("7a1c", email="ann@example.com", email_verified="true")
    assert find(facts, "ann@example.com", other, ann) == ann
