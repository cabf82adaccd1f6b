"""Varied people: a population that is the same for the same seed, and a pool filled with it.

A tidy fixture hides what a pool in the wild holds: names in every script, values with commas, quotes and
newlines, users without an address, disabled users, users who never confirmed. Each of these is in a
population of 40 users or more.
"""

import json
import random
from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor, as_completed
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final, Literal, TypeVar

from local.phrasebook import (
    AWKWARD,
    DESCRIPTIONS,
    GROUP_SHAPES,
    NAMES,
    PRECEDENCES,
    USERNAME_SHAPES,
)

if TYPE_CHECKING:
    from mypy_boto3_cognito_idp import CognitoIdentityProviderClient
    from mypy_boto3_cognito_idp.type_defs import AttributeTypeTypeDef
    from mypy_boto3_iam import IAMClient

T = TypeVar("T")
Status = Literal["CONFIRMED", "UNCONFIRMED", "FORCE_CHANGE_PASSWORD", "RESET_REQUIRED"]

PASSWORD: Final = "Ahoy-1-everybody!"
"""Everybody's password: a pool of people who do not exist."""

GROUPS_PER_USER: Final = 100
"""Cognito's quota of groups a user can be in."""

POOL_SCHEMA: Final[Mapping[str, Any]] = {
    "AutoVerifiedAttributes": ["email"],
    "UsernameConfiguration": {"CaseSensitive": False},
    "AdminCreateUserConfig": {"AllowAdminCreateUserOnly": False},
    "AccountRecoverySetting": {"RecoveryMechanisms": [{"Name": "verified_email", "Priority": 1}]},
    "Schema": [
        {
            "Name": "tenant",
            "AttributeDataType": "String",
            "Mutable": False,
            "StringAttributeConstraints": {"MinLength": "0", "MaxLength": "64"},
        },
        {
            "Name": "note",
            "AttributeDataType": "String",
            "Mutable": True,
            "StringAttributeConstraints": {"MinLength": "0", "MaxLength": "2048"},
        },
        {
            "Name": "points",
            "AttributeDataType": "Number",
            "Mutable": True,
            "NumberAttributeConstraints": {"MinValue": "0", "MaxValue": "1000000"},
        },
        {"Name": "newsletter", "AttributeDataType": "Boolean", "Mutable": True},
    ],
}
"""What CreateUserPool is given, but for the name, for a pool that holds a population."""


@dataclass(frozen=True, slots=True)
class Person:
    """A user to be: its attributes carry no sub, and `groups` are names of the population's groups."""

    username: str
    attributes: Mapping[str, str]
    status: Status
    enabled: bool
    groups: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Group:
    """A group to be. Only its name is required."""

    name: str
    description: str | None
    precedence: int | None
    role_arn: str | None


@dataclass(frozen=True, slots=True)
class Population:
    """Everybody who goes into a pool, and the groups they are in."""

    people: tuple[Person, ...]
    groups: tuple[Group, ...]

    @property
    def memberships(self) -> int:
        """Count the memberships of all users."""
        return sum(len(person.groups) for person in self.people)


def population(users: int, groups: int, memberships: int, seed: int) -> Population:
    """Imagine so many users, groups and memberships; the same seed gives the same people.

    Raises ValueError for more memberships than the users and groups can have between them.
    """
    room = users * min(groups, GROUPS_PER_USER)
    if memberships > room:
        raise ValueError(
            f"{users} users and {groups} groups have at most {room} memberships, not {memberships}"
        )
    rng = random.Random(seed)
    made = tuple(
        Group(
            name=GROUP_SHAPES[n % len(GROUP_SHAPES)].format(n=n),
            description=DESCRIPTIONS[n % len(DESCRIPTIONS)],
            precedence=PRECEDENCES[n % len(PRECEDENCES)],
            role_arn=f"arn:aws:iam::000000000000:role/people/team-{n}" if n % 3 == 2 else None,
        )
        for n in range(groups)
    )
    chosen = _choose_groups(rng, users, groups, memberships)
    statuses: list[Status] = _spread(
        rng, users, {"UNCONFIRMED": 3, "FORCE_CHANGE_PASSWORD": 3, "RESET_REQUIRED": 3}, "CONFIRMED"
    )
    contacts = _spread(rng, users, {"unverified": 5, "none": 5, "phone": 5, "both": 10}, "email")
    enabled = _spread(rng, users, {False: 3}, True)
    people = tuple(
        Person(
            username=_username(n),
            attributes=_attributes(rng, n, statuses[n], contacts[n]),
            status=statuses[n],
            enabled=enabled[n],
            groups=tuple(made[index].name for index in sorted(chosen[n])),
        )
        for n in range(users)
    )
    return Population(people, made)


def _spread(rng: random.Random, count: int, percent: Mapping[T, int], otherwise: T) -> list[T]:
    """Deal out values by their share, each at least once where there is room, in random order."""
    dealt = [value for value, share in percent.items() for _ in range(max(1, round(count * share / 100)))]
    dealt = (dealt + [otherwise] * count)[:count]
    rng.shuffle(dealt)
    return dealt


def _choose_groups(rng: random.Random, users: int, groups: int, memberships: int) -> list[set[int]]:
    """Deal out memberships: a few large groups, many small ones, as organisations have them."""
    chosen: list[set[int]] = [set() for _ in range(users)]
    for _ in range(memberships):
        user, group = rng.randrange(users), int(groups * rng.random() ** 3)
        while group in chosen[user] or len(chosen[user]) == GROUPS_PER_USER:
            group = (group + 1) % groups
            if len(chosen[user]) == min(groups, GROUPS_PER_USER):
                user = (user + 1) % users
        chosen[user].add(group)
    return chosen


def _username(n: int) -> str:
    """Make the n-th username: no two alike in either case, and only the characters Cognito takes."""
    given, family, _ = NAMES[n % len(NAMES)]
    shape = USERNAME_SHAPES[(n // len(NAMES) + n) % len(USERNAME_SHAPES)]
    return shape.format(given=given, family=family, n=n).replace("\u200d", "")


def _attributes(rng: random.Random, n: int, status: Status, contact: str) -> dict[str, str]:
    """Make the n-th user's attributes. Who signs up cannot say that an address is verified."""
    given, family, locale = NAMES[n % len(NAMES)]
    attributes = {"name": f"{given} {family}", "given_name": given, "family_name": family, "locale": locale}
    email, phone = f"person{n}+{rng.randrange(1000)}@example.com", f"+1555{rng.randrange(10**7):07d}"
    if status == "UNCONFIRMED":
        attributes |= {"email": email}
    elif status == "RESET_REQUIRED" or contact in ("email", "both"):  # a reset needs an address to write to
        attributes |= {"email": email, "email_verified": "true"}
    elif contact == "unverified":
        attributes |= {"email": email, "email_verified": "false"}
    if status != "UNCONFIRMED" and contact in ("phone", "both"):
        attributes |= {"phone_number": phone, "phone_number_verified": rng.choice(("true", "false"))}
    if n % 2 == 0:
        attributes["custom:note"] = AWKWARD[n // 2 % len(AWKWARD)]
    if n % 3 == 0:
        attributes |= {
            "custom:tenant": f"tenant/{rng.randrange(8)}#",
            "custom:points": str(rng.randrange(10**6)),
        }
    if n % 5 == 0:
        attributes |= {
            "birthdate": f"19{rng.randrange(10, 100)}-02-28",
            "address": f"{n}, Rue de l'Étoile\n75017 Paris",
        }
    if n % 7 == 0:
        attributes |= {
            "custom:newsletter": rng.choice(("true", "false")),
            "preferred_username": f"{given}_{n}",
        }
    return attributes


def create_pool(
    client: "CognitoIdentityProviderClient", name: str, like: Mapping[str, Any] = POOL_SCHEMA
) -> str:
    """Create an empty pool that can hold a population, and return its id."""
    return client.create_user_pool(PoolName=name, **like)["UserPool"]["Id"]


def create_roles(iam: "IAMClient", these: Population) -> None:
    """Make the IAM roles that the population's groups carry; nobody can assume them."""
    policy = {"Version": "2012-10-17", "Statement": []}
    for group in these.groups:
        if group.role_arn is not None:
            iam.create_role(
                RoleName=group.role_arn.rsplit("/", 1)[-1],
                Path="/people/",
                AssumeRolePolicyDocument=json.dumps(policy),
            )


def fill(
    client: "CognitoIdentityProviderClient",
    pool_id: str,
    these: Population,
    *,
    threads: int = 8,
    progress: Callable[[int], object] = lambda done: None,
) -> None:
    """Put a population in a pool by the calls an application makes; nobody is invited by message.

    Users who are UNCONFIRMED sign up themselves, through an app client that exists only meanwhile.
    `progress` is told of each group and user as it is done. The first refusal by Cognito is raised.
    """
    app = client.create_user_pool_client(UserPoolId=pool_id, ClientName="sign-up", GenerateSecret=False)
    client_id = app["UserPoolClient"]["ClientId"]
    executor = ThreadPoolExecutor(threads)
    try:
        for group in these.groups:
            _create_group(client, pool_id, group)
            progress(1)
        for made in as_completed(
            [executor.submit(_create, client, pool_id, client_id, it) for it in these.people]
        ):
            made.result()
            progress(1)
    finally:
        executor.shutdown(cancel_futures=True)
        client.delete_user_pool_client(UserPoolId=pool_id, ClientId=client_id)


def _create_group(client: "CognitoIdentityProviderClient", pool_id: str, group: Group) -> None:
    """Create a group with only what it has: an absent precedence is not a precedence of 0."""
    given: dict[str, Any] = {
        "Description": group.description,
        "Precedence": group.precedence,
        "RoleArn": group.role_arn,
    }
    client.create_group(
        UserPoolId=pool_id,
        GroupName=group.name,
        **{key: value for key, value in given.items() if value is not None},
    )


def _create(client: "CognitoIdentityProviderClient", pool_id: str, client_id: str, person: Person) -> None:
    """Bring one user into its status, its groups, and out of action if it is disabled."""
    attributes: list[AttributeTypeTypeDef] = [
        {"Name": name, "Value": value} for name, value in person.attributes.items()
    ]
    who: dict[str, Any] = {"UserPoolId": pool_id, "Username": person.username}
    if person.status == "UNCONFIRMED":
        client.sign_up(
            ClientId=client_id, Username=person.username, Password=PASSWORD, UserAttributes=attributes
        )
    else:
        client.admin_create_user(**who, UserAttributes=attributes, MessageAction="SUPPRESS")
    if person.status in ("CONFIRMED", "RESET_REQUIRED"):
        client.admin_set_user_password(**who, Password=PASSWORD, Permanent=True)
    if person.status == "RESET_REQUIRED":
        client.admin_reset_user_password(**who)
    for group in person.groups:
        client.admin_add_user_to_group(**who, GroupName=group)
    if not person.enabled:
        client.admin_disable_user(**who)
