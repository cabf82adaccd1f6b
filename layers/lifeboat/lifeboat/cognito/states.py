"""One user or group of a pool as it is at this moment, read by its name and not by a listing.

Listings show a change only after a while, so whoever compares in order to change must not rely on them.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from lifeboat.cognito.calls import call
from lifeboat.cognito.reader import PoolReader, group_from_listing
from lifeboat.errors import ResourceNotFound
from lifeboat.model import Group, User
from lifeboat.pacing import Budget, Category

if TYPE_CHECKING:
    from mypy_boto3_cognito_idp import CognitoIdentityProviderClient


class PoolStates:
    """Reads single users and groups of one pool."""

    def __init__(self, client: CognitoIdentityProviderClient, pool_id: str, budget: Budget) -> None:
        self._client = client
        self.pool_id = pool_id
        self._users = budget.bucket(Category.USER_READ)
        self._reader = PoolReader(client, pool_id, budget)
        self._groups = budget.bucket(Category.USER_POOL_RESOURCE_READ)

    def user(self, name: str) -> User | None:
        """A user with its second factors, by username or sign-in address; None if there is none.

        AdminGetUser makes the user a billed monthly active user, as every change of it does.
        """
        try:
            answer = call(self._users, self._client.admin_get_user, UserPoolId=self.pool_id, Username=name)
        except ResourceNotFound as error:
            if error.code != "UserNotFoundException":
                raise
            return None
        attributes = {pair["Name"]: pair.get("Value", "") for pair in answer.get("UserAttributes", [])}
        return User(
            sub=attributes.get("sub", answer["Username"]),
            username=answer["Username"],
            attributes=attributes,
            enabled=answer.get("Enabled", True),
            status=answer.get("UserStatus", "UNKNOWN"),
            mfa=tuple(sorted(answer.get("UserMFASettingList", []))),
            preferred_mfa=answer.get("PreferredMfaSetting", ""),
        )

    def groups_of(self, username: str) -> set[str]:
        """The names of a user's groups. Raises ResourceNotFound: no such user."""
        return set(self._reader.groups_of(username))

    def group(self, name: str) -> Group | None:
        """A group; None if there is none."""
        try:
            answer = call(self._groups, self._client.get_group, UserPoolId=self.pool_id, GroupName=name)
        except ResourceNotFound:
            return None
        return group_from_listing(answer["Group"])
