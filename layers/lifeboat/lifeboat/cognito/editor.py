"""Changing single users of a pool, as an administrator does, within the request budget.

Every operation here makes the user a monthly active user of the pool, which Cognito bills
(https://aws.amazon.com/cognito/pricing/).
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import TYPE_CHECKING

from lifeboat.cognito.calls import call
from lifeboat.pacing import Budget, Category

if TYPE_CHECKING:
    from mypy_boto3_cognito_idp import CognitoIdentityProviderClient

PAGE = 60
"""The largest page of AdminListGroupsForUser."""


class UserEditor:
    """Changes users of one pool. Each operation may be repeated; repeating it changes nothing more."""

    def __init__(self, client: CognitoIdentityProviderClient, pool_id: str, budget: Budget) -> None:
        self._client = client
        self.pool_id = pool_id
        self._updates = budget.bucket(Category.USER_UPDATE)
        self._reads = budget.bucket(Category.USER_RESOURCE_READ)

    def set_attributes(self, username: str, attributes: Mapping[str, str]) -> None:
        """AdminUpdateUserAttributes.

        A new email or phone number is unverified, and Cognito may send a code to it, unless its `*_verified`
        is given as "true" with it
        (https://docs.aws.amazon.com/cognito-user-identity-pools/latest/APIReference/API_AdminUpdateUserAttributes.html).
        """
        call(
            self._updates,
            self._client.admin_update_user_attributes,
            UserPoolId=self.pool_id,
            Username=username,
            UserAttributes=[{"Name": name, "Value": value} for name, value in attributes.items()],
        )

    def delete_attributes(self, username: str, names: Collection[str]) -> None:
        """AdminDeleteUserAttributes. Cognito may refuse to delete what the user does not have."""
        call(
            self._updates,
            self._client.admin_delete_user_attributes,
            UserPoolId=self.pool_id,
            Username=username,
            UserAttributeNames=sorted(names),
        )

    def set_enabled(self, username: str, enabled: bool) -> None:
        """AdminEnableUser or AdminDisableUser."""
        change = self._client.admin_enable_user if enabled else self._client.admin_disable_user
        call(self._updates, change, UserPoolId=self.pool_id, Username=username)

    def groups(self, username: str) -> set[str]:
        """The names of the user's groups, by AdminListGroupsForUser."""
        names: set[str] = set()
        place: dict[str, str] = {}
        while True:
            page = call(
                self._reads,
                self._client.admin_list_groups_for_user,
                UserPoolId=self.pool_id,
                Username=username,
                Limit=PAGE,
                **place,
            )
            names.update(group["GroupName"] for group in page.get("Groups", []))
            token = page.get("NextToken")
            if not token:
                return names
            place = {"NextToken": token}

    def set_groups(self, username: str, wanted: Collection[str]) -> None:
        """Make the user a member of these groups and of no others.

        Removals come first: who loses a group should lose it even where a new group does not exist.
        """
        present = self.groups(username)
        for name in sorted(present - set(wanted)):
            call(
                self._updates,
                self._client.admin_remove_user_from_group,
                UserPoolId=self.pool_id,
                Username=username,
                GroupName=name,
            )
        for name in sorted(set(wanted) - present):
            call(
                self._updates,
                self._client.admin_add_user_to_group,
                UserPoolId=self.pool_id,
                Username=username,
                GroupName=name,
            )

    def delete(self, username: str) -> None:
        """AdminDeleteUser. Raises ResourceNotFound when the user is gone."""
        call(self._updates, self._client.admin_delete_user, UserPoolId=self.pool_id, Username=username)
