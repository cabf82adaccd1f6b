"""Changing and deleting what is in a pool already. No call here sends a message to a user."""

from __future__ import annotations

from collections.abc import Collection, Mapping

from lifeboat.cognito.calls import call
from lifeboat.cognito.pool import FACTOR_ADDRESSES
from lifeboat.cognito.writer import PoolWriter
from lifeboat.errors import ResourceNotFound
from lifeboat.model import Group


class PoolChanger(PoolWriter):
    """A pool's writer that changes, removes and deletes as well."""

    def update_attributes(
        self, username: str, attributes: Mapping[str, str], auto_verified: Collection[str] = ()
    ) -> None:
        """AdminUpdateUserAttributes, so that nobody is sent anything.

        For a new address in an attribute of `auto_verified` Cognito would send a code, unless the same
        request says that the address is verified. One that is not is therefore said to be at first, and the
        truth is told by a second request, which changes no address. Raises AliasExists
        (https://docs.aws.amazon.com/cognito-user-identity-pools/latest/APIReference/API_AdminUpdateUserAttributes.html).
        """
        silenced = {
            f"{address}_verified": "true"
            for address in FACTOR_ADDRESSES.values()
            if address in attributes
            and address in auto_verified
            and attributes.get(f"{address}_verified") != "true"
        }
        self._update(username, {**attributes, **silenced})
        if silenced:
            self._update(username, dict.fromkeys(silenced, "false"))

    def _update(self, username: str, attributes: Mapping[str, str]) -> None:
        call(
            self._updates,
            self._client.admin_update_user_attributes,
            UserPoolId=self.pool_id,
            Username=username,
            UserAttributes=[{"Name": name, "Value": value} for name, value in attributes.items()],
        )

    def delete_attributes(self, username: str, names: Collection[str]) -> None:
        """AdminDeleteUserAttributes."""
        call(
            self._updates,
            self._client.admin_delete_user_attributes,
            UserPoolId=self.pool_id,
            Username=username,
            UserAttributeNames=sorted(names),
        )

    def enable(self, username: str) -> None:
        """AdminEnableUser."""
        call(self._updates, self._client.admin_enable_user, UserPoolId=self.pool_id, Username=username)

    def delete_user(self, username: str) -> bool:
        """AdminDeleteUser; says whether the user was still there."""
        try:
            call(self._updates, self._client.admin_delete_user, UserPoolId=self.pool_id, Username=username)
        except ResourceNotFound as error:
            if error.code != "UserNotFoundException":
                raise
            return False
        return True

    def remove_from_group(self, username: str, group_name: str) -> None:
        """AdminRemoveUserFromGroup; that the group is gone is as well."""
        try:
            call(
                self._updates,
                self._client.admin_remove_user_from_group,
                UserPoolId=self.pool_id,
                Username=username,
                GroupName=group_name,
            )
        except ResourceNotFound as error:
            if error.code == "UserNotFoundException":
                raise

    def unlink(self, provider: str, user_id: str) -> None:
        """AdminDisableProviderForUser: the identity is no longer linked to a local user.

        (https://docs.aws.amazon.com/cognito-user-identity-pools/latest/APIReference/API_AdminDisableProviderForUser.html)
        """
        call(
            self._updates,
            self._client.admin_disable_provider_for_user,
            UserPoolId=self.pool_id,
            User={
                "ProviderName": provider,
                "ProviderAttributeName": "Cognito_Subject",
                "ProviderAttributeValue": user_id,
            },
        )

    def change_group(self, group: Group) -> None:
        """UpdateGroup, with a description that is gone made empty; raises ResourceNotFound.

        Cognito can change a group's precedence and role, but not take them away.
        """
        arguments = self._group_arguments(group)
        call(self._resources, self._client.update_group, **{"Description": "", **arguments})

    def delete_group(self, name: str) -> bool:
        """DeleteGroup; says whether the group was still there. Its members stay."""
        try:
            call(self._resources, self._client.delete_group, UserPoolId=self.pool_id, GroupName=name)
        except ResourceNotFound:
            return False
        return True
