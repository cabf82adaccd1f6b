"""Compare two user pools from outside, by plain boto3, with nothing of the product's own code.

The demonstration and the end-to-end tests judge the product by this, so it must not share its mistakes.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from mypy_boto3_cognito_idp import CognitoIdentityProviderClient
    from mypy_boto3_cognito_idp.type_defs import GroupTypeTypeDef, UserTypeTypeDef

PAGE: Final = 60

KINDS: Final = ("users", "groups", "memberships")

MAY_RESET: Final = frozenset({"CONFIRMED", "RESET_REQUIRED"})
"""The statuses in which "Forgot password" works: the API brings about the first, import jobs the second."""

INVITED: Final = frozenset({"FORCE_CHANGE_PASSWORD"})


@dataclass(frozen=True, slots=True)
class User:
    """What must come back of a user; the sub and the dates cannot."""

    attributes: Mapping[str, str]
    enabled: bool
    status: str


@dataclass(frozen=True, slots=True)
class Group:
    """What must come back of a group; a precedence of 0 is not the absence of one."""

    description: str
    precedence: int | None
    role_arn: str


@dataclass(frozen=True, slots=True)
class Snapshot:
    """A pool at one moment: users and groups by name, memberships as (username, group name)."""

    users: Mapping[str, User]
    groups: Mapping[str, Group]
    memberships: frozenset[tuple[str, str]]

    def counts(self) -> dict[str, int]:
        """Count each kind."""
        return {"users": len(self.users), "groups": len(self.groups), "memberships": len(self.memberships)}


def snapshot(
    client: "CognitoIdentityProviderClient",
    pool_id: str,
    progress: Callable[[int], object] = lambda listed: None,
) -> Snapshot:
    """List a whole pool. `progress` is told how many users and memberships each page brought."""
    users: dict[str, User] = {}
    for user_page in client.get_paginator("list_users").paginate(
        UserPoolId=pool_id, PaginationConfig={"PageSize": PAGE}
    ):
        users |= {user["Username"]: _user(user) for user in user_page["Users"]}
        progress(len(user_page["Users"]))
    groups: dict[str, Group] = {}
    for group_page in client.get_paginator("list_groups").paginate(
        UserPoolId=pool_id, PaginationConfig={"PageSize": PAGE}
    ):
        groups |= {group["GroupName"]: _group(group) for group in group_page["Groups"]}
    memberships: set[tuple[str, str]] = set()
    for name in groups:
        for member_page in client.get_paginator("list_users_in_group").paginate(
            UserPoolId=pool_id, GroupName=name, PaginationConfig={"PageSize": PAGE}
        ):
            memberships |= {(user["Username"], name) for user in member_page["Users"]}
            progress(len(member_page["Users"]))
    return Snapshot(users, groups, frozenset(memberships))


def _user(user: "UserTypeTypeDef") -> User:
    attributes = {pair["Name"]: pair.get("Value", "") for pair in user["Attributes"] if pair["Name"] != "sub"}
    return User(attributes, user["Enabled"], user["UserStatus"])


def _group(group: "GroupTypeTypeDef") -> Group:
    return Group(group.get("Description", ""), group.get("Precedence"), group.get("RoleArn", ""))


def differences(source: Snapshot, restored: Snapshot) -> dict[str, list[str]]:
    """Say for each kind what is lost, unexpected or not as it was; a list is empty if nothing is."""
    return {
        "users": [
            f"user {name!r}: {what}"
            for name in sorted(source.users.keys() | restored.users.keys())
            if (what := _user_difference(source.users.get(name), restored.users.get(name)))
        ],
        "groups": [
            f"group {name!r}: {_presence(source.groups.get(name), restored.groups.get(name))}"
            for name in sorted(source.groups.keys() | restored.groups.keys())
            if source.groups.get(name) != restored.groups.get(name)
        ],
        "memberships": [
            f"membership {username!r} in {group!r}: "
            + ("lost" if (username, group) in source.memberships else "unexpected")
            for username, group in sorted(source.memberships ^ restored.memberships)
        ],
    }


def _user_difference(before: User | None, after: User | None) -> str:
    """Name the fields in which a user differs; an empty text if there are none."""
    if before is None or after is None:
        return _presence(before, after)
    names = sorted(before.attributes.keys() | after.attributes.keys())
    fields = [name for name in names if before.attributes.get(name) != after.attributes.get(name)]
    if before.enabled != after.enabled:
        fields.append("enabled")
    if after.status not in restored_statuses(before):
        fields.append(f"status {after.status} after {before.status}")
    return ", ".join(fields)


def restored_statuses(before: User) -> frozenset[str]:
    """The statuses that a user may come back with.

    No API brings about UNCONFIRMED. Who was invited is locked out without the temporary password, which went
    with the old pool, and so must be able to reset it where there is a verified address to send the code to.
    """
    if before.status in MAY_RESET:
        return MAY_RESET
    addresses = ("email", "phone_number")
    reached = any(
        before.attributes.get(address) and before.attributes.get(f"{address}_verified") == "true"
        for address in addresses
    )
    return MAY_RESET if before.status == "FORCE_CHANGE_PASSWORD" and reached else INVITED


def _presence(before: object, after: object) -> str:
    if before is None:
        return "unexpected"
    return "lost" if after is None else f"{after} after {before}"
