"""The pool that is exported: varied people, each in exactly one group; and the change of some of them."""

import dataclasses
import random
from collections.abc import Iterator
from typing import TYPE_CHECKING, Final

from benchmarks.floors import Size
from local.people import Person, Population, population

if TYPE_CHECKING:
    from mypy_boto3_cognito_idp import CognitoIdentityProviderClient

USERS_PER_GROUP: Final = 500
FEWEST_GROUPS: Final = 10
WEIGHTS: Final = (1, 3, 2, 5, 4)
"""Groups differ in size by these weights, over and over."""
CHANGED_PERCENT: Final = 1
NOTE: Final = "changed between two exports"


def crowd(users: int, seed: int) -> Population:
    """Imagine so many users, each in one of some groups that differ in size."""
    groups = max(FEWEST_GROUPS, users // USERS_PER_GROUP)
    imagined = population(users, groups, 0, seed)
    rng = random.Random(seed)
    names = [group.name for group in imagined.groups]
    weights = [WEIGHTS[number % len(WEIGHTS)] for number in range(groups)]
    chosen = rng.choices(names, weights, k=users)
    people = tuple(
        dataclasses.replace(person, groups=(name,))
        for person, name in zip(imagined.people, chosen, strict=True)
    )
    return Population(people, imagined.groups)


def size_of(these: Population) -> Size:
    """Count what floors are computed from."""
    members = dict.fromkeys((group.name for group in these.groups), 0)
    for person in these.people:
        for name in person.groups:
            members[name] += 1
    disabled = sum(not person.enabled for person in these.people)
    return Size(len(these.people), disabled, tuple(members.values()))


def some_of(these: Population, seed: int) -> tuple[list[Person], list[Person]]:
    """Choose 1 % of the users to change, and 1 % of the memberships to move; two different lots of people."""
    count = max(1, len(these.people) * CHANGED_PERCENT // 100)
    # Whoever is disabled can be changed as well, but nobody is looked for twice.
    chosen = random.Random(seed).sample(these.people, 2 * count)
    return chosen[:count], chosen[count:]


def change(
    client: "CognitoIdentityProviderClient", pool_id: str, these: Population, seed: int
) -> Iterator[None]:
    """Change 1 % of the users' attributes and 1 % of the memberships; yields after each.

    A changed membership is one taken away or one given, in turn: a user who moves to another group would be
    two.
    """
    noted, moved = some_of(these, seed)
    for person in noted:
        client.admin_update_user_attributes(
            UserPoolId=pool_id,
            Username=person.username,
            UserAttributes=[{"Name": "custom:note", "Value": NOTE}],
        )
        yield
    for number, person in enumerate(moved):
        if number % 2:
            other = next(group.name for group in these.groups if group.name not in person.groups)
            client.admin_add_user_to_group(UserPoolId=pool_id, Username=person.username, GroupName=other)
        else:
            client.admin_remove_user_from_group(
                UserPoolId=pool_id, Username=person.username, GroupName=person.groups[0]
            )
        yield


def changed_size(these: Population, seed: int) -> Size:
    """Count the pool as it is after `change`."""
    before = size_of(these)
    members = dict(zip((group.name for group in these.groups), before.group_sizes, strict=True))
    for number, person in enumerate(some_of(these, seed)[1]):
        if number % 2:
            members[next(name for name in members if name not in person.groups)] += 1
        else:
            members[person.groups[0]] -= 1
    return Size(before.users, before.disabled, tuple(members.values()))
