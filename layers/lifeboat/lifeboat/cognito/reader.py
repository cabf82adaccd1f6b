"""Reading a user pool, page by page and within the request budget."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from typing import TYPE_CHECKING, Any, Generic, TypeVar

from lifeboat.cognito.calls import call
from lifeboat.errors import ResourceNotFound
from lifeboat.listing import USERS_PER_PAGE
from lifeboat.model import Group, User, instant
from lifeboat.pacing import Budget, Category

if TYPE_CHECKING:
    from mypy_boto3_cognito_idp import CognitoIdentityProviderClient

PAGE = USERS_PER_PAGE
"""The largest page of ListUsers, and of ListGroups and ListUsersInGroup too."""

Page = TypeVar("Page", bound=Mapping[str, Any])
T = TypeVar("T", User, Group)


@dataclass(frozen=True, slots=True)
class Listed(Generic[T]):
    """One page of a listing. `following` is the token of the next page, "" behind the last one.

    How long a token is good for is not documented: it may be used by the next call of the same run only.
    """

    entries: list[T]
    following: str


class PoolReader:
    """Reads one pool. A page may be short or empty while more follow; listings run to the end."""

    def __init__(self, client: CognitoIdentityProviderClient, pool_id: str, budget: Budget) -> None:
        self._client = client
        self.pool_id = pool_id
        self._lists = budget.bucket(Category.USER_LIST)
        self._pools = budget.bucket(Category.USER_POOL_READ)
        self._resources = budget.bucket(Category.USER_POOL_RESOURCE_READ)
        self._reads = budget.bucket(Category.USER_READ)
        self._memberships = budget.bucket(Category.USER_RESOURCE_READ)

    def describe(self) -> Mapping[str, Any]:
        """DescribeUserPool's `UserPool`. Raises ResourceNotFound."""
        return call(self._pools, self._client.describe_user_pool, UserPoolId=self.pool_id)["UserPool"]

    def users(self, prefix: str = "", limit: int | None = None) -> Iterator[User]:
        """The users whose sub begins with `prefix`; with a `limit`, in pages of so many."""
        for page in self.user_pages(prefix, limit=limit):
            yield from page.entries

    def user_pages(
        self, prefix: str = "", token: str = "", limit: int | None = None
    ) -> Iterator[Listed[User]]:
        """The pages of users whose sub begins with `prefix`, from a token on.

        Without AttributesToGet, which fails when a listed user lacks an attribute.
        """
        return self._user_pages(f'sub ^= "{prefix}"' if prefix else "", limit or PAGE, token)

    def user_where(self, attribute: str, value: str) -> User | None:
        """A user by one of the attributes that ListUsers can filter; None if there is none.

        A filter holds at most 256 characters; Cognito refuses a longer one.
        """
        quoted = value.replace("\\", "\\\\").replace('"', '\\"')
        return next(self._list_users(f'{attribute} = "{quoted}"', PAGE), None)

    def users_where(self, attribute: str, value: str) -> list[User]:
        """All users that `user_where` might give: an address that is not verified may be several users'."""
        quoted = value.replace("\\", "\\\\").replace('"', '\\"')
        return list(self._list_users(f'{attribute} = "{quoted}"', PAGE))

    def _list_users(self, condition: str, limit: int) -> Iterator[User]:
        for page in self._user_pages(condition, limit):
            yield from page.entries

    def _user_pages(self, condition: str, limit: int, token: str = "") -> Iterator[Listed[User]]:
        filtered = {"Filter": condition} if condition else {}
        pages = self._pages(
            lambda place: call(
                self._lists,
                self._client.list_users,
                UserPoolId=self.pool_id,
                Limit=limit,
                **filtered,
                **place,
            ),
            "PaginationToken",
            token,
        )
        for page in pages:
            users = [user_from_listing(entry) for entry in page.get("Users", [])]
            yield Listed(users, page.get("PaginationToken") or "")

    def with_mfa(self, user: User) -> User:
        """The user with its second factors, by AdminGetUser: this makes it a billed monthly active user.

        Raises ResourceNotFound when the user is gone.
        """
        answer = call(
            self._reads, self._client.admin_get_user, UserPoolId=self.pool_id, Username=user.username
        )
        return replace(
            user,
            mfa=tuple(sorted(answer.get("UserMFASettingList", []))),
            preferred_mfa=answer.get("PreferredMfaSetting", ""),
        )

    def groups(self) -> Iterator[Group]:
        """All groups."""
        for page in self.group_pages():
            yield from page.entries

    def group_pages(self, token: str = "") -> Iterator[Listed[Group]]:
        """The pages of groups, from a token on."""
        pages = self._pages(
            lambda place: call(
                self._resources, self._client.list_groups, UserPoolId=self.pool_id, Limit=PAGE, **place
            ),
            "NextToken",
            token,
        )
        for page in pages:
            groups = [group_from_listing(entry) for entry in page.get("Groups", [])]
            yield Listed(groups, page.get("NextToken") or "")

    def group(self, name: str) -> Group | None:
        """A group by its name, None if there is none."""
        try:
            answer = call(self._resources, self._client.get_group, UserPoolId=self.pool_id, GroupName=name)
        except ResourceNotFound:
            return None
        return group_from_listing(answer["Group"])

    def group_exists(self, name: str) -> bool:
        """Whether the group is there."""
        return self.group(name) is not None

    def groups_of(self, username: str) -> list[str]:
        """The names of a user's groups. Raises ResourceNotFound: no such user."""
        return [group.name for group in self.groups_joined(username)]

    def groups_joined(self, username: str) -> list[Group]:
        """A user's groups, by AdminListGroupsForUser. Raises ResourceNotFound: no such user.

        https://docs.aws.amazon.com/cognito-user-identity-pools/latest/APIReference/API_AdminListGroupsForUser.html
        """
        pages = self._pages(
            lambda place: call(
                self._memberships,
                self._client.admin_list_groups_for_user,
                UserPoolId=self.pool_id,
                Username=username,
                Limit=PAGE,
                **place,
            ),
            "NextToken",
        )
        return [group_from_listing(entry) for page in pages for entry in page.get("Groups", [])]

    def members(self, group_name: str) -> Iterator[User]:
        """A group's members. Raises ResourceNotFound when the group is gone."""
        for page in self.member_pages(group_name):
            yield from page.entries

    def member_pages(self, group_name: str, token: str = "") -> Iterator[Listed[User]]:
        """The pages of a group's members, from a token on. Raises ResourceNotFound when the group is gone."""
        pages = self._pages(
            lambda place: call(
                self._lists,
                self._client.list_users_in_group,
                UserPoolId=self.pool_id,
                GroupName=group_name,
                Limit=PAGE,
                **place,
            ),
            "NextToken",
            token,
        )
        for page in pages:
            users = [user_from_listing(entry) for entry in page.get("Users", [])]
            yield Listed(users, page.get("NextToken") or "")

    @staticmethod
    def _pages(fetch: Callable[[dict[str, str]], Page], token_name: str, token: str = "") -> Iterator[Page]:
        place = {token_name: token} if token else {}
        while True:
            page = fetch(place)
            yield page
            following = page.get(token_name)
            if not following:
                return
            place = {token_name: following}


def user_from_listing(entry: Mapping[str, Any]) -> User:
    """A UserType of the API as a User."""
    attributes = {pair["Name"]: pair.get("Value", "") for pair in entry.get("Attributes", [])}
    return User(
        sub=attributes.get("sub", entry["Username"]),
        username=entry["Username"],
        attributes=attributes,
        enabled=entry.get("Enabled", True),
        status=entry.get("UserStatus", "UNKNOWN"),
        created_at=_date(entry.get("UserCreateDate")),
        modified_at=_date(entry.get("UserLastModifiedDate")),
        mfa_options=tuple(dict(option) for option in entry.get("MFAOptions", [])),
    )


def group_from_listing(entry: Mapping[str, Any]) -> Group:
    """A GroupType of the API as a Group."""
    return Group(
        name=entry["GroupName"],
        description=entry.get("Description"),
        precedence=entry.get("Precedence"),
        role_arn=entry.get("RoleArn"),
        created_at=_date(entry.get("CreationDate")),
    )


def _date(moment: datetime | None) -> str:
    return "" if moment is None else instant(moment)
