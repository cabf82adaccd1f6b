"""Changing single users of a pool, as an administrator does, within the request budget.

Every operation here makes the user a monthly active user of the pool, which Cognito bills
(https://aws.amazon.com/cognito/pricing/).
"""

from __future__ import annotations

from collections.abc import Collection, Mapping

from lifeboat.cognito.calls import call
from lifeboat.cognito.changes import PoolChanger


class UserEditor(PoolChanger):
    """Changes users of one pool. Each operation may be repeated; repeating it changes nothing more."""

    def set_attributes(self, username: str, attributes: Mapping[str, str]) -> None:
        """AdminUpdateUserAttributes, with the messages that come with it.

        A new email or phone number is unverified, and Cognito may send a code to it, unless its `*_verified`
        is given as "true" with it
        (https://docs.aws.amazon.com/cognito-user-identity-pools/latest/APIReference/API_AdminUpdateUserAttributes.html).
        """
        self._update(username, attributes)

    def set_enabled(self, username: str, enabled: bool) -> None:
        """AdminEnableUser or AdminDisableUser."""
        if enabled:
            self.enable(username)
        else:
            self.disable(username)

    def set_groups(self, username: str, present: Collection[str], wanted: Collection[str]) -> None:
        """Make the user, who is in `present`, a member of `wanted` and of no other group.

        Removals come first: who loses a group should lose it even where a new group does not exist.
        """
        for name in sorted(set(present) - set(wanted)):
            self.remove_from_group(username, name)
        for name in sorted(set(wanted) - set(present)):
            self.add_to_group(username, name)

    def delete(self, username: str) -> None:
        """AdminDeleteUser. Raises ResourceNotFound when the user is gone."""
        call(self._updates, self._client.admin_delete_user, UserPoolId=self.pool_id, Username=username)
