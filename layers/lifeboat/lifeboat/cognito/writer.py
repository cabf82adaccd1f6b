"""Writing to a user pool, within the request budget. No call here sends a message to a user."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import TYPE_CHECKING, Any

from lifeboat.cognito.calls import call
from lifeboat.cognito.reader import user_from_listing
from lifeboat.model import Group, User
from lifeboat.pacing import Budget, Category

if TYPE_CHECKING:
    from mypy_boto3_cognito_idp import CognitoIdentityProviderClient


SETTINGS = {"SMS_MFA": "SMSMfaSettings", "EMAIL_OTP": "EmailMfaSettings"}
"""AdminSetUserMFAPreference's parameter for each factor that needs no secret."""


class PoolWriter:
    """Writes users and groups to one pool."""

    def __init__(self, client: CognitoIdentityProviderClient, pool_id: str, budget: Budget) -> None:
        self._client = client
        self.pool_id = pool_id
        self._creations = budget.bucket(Category.USER_CREATION)
        self._passwords = budget.bucket(Category.USER_ACCOUNT_RECOVERY)
        self._updates = budget.bucket(Category.USER_UPDATE)
        self._preferences = budget.bucket(Category.USER_RESOURCE_UPDATE)
        self._resources = budget.bucket(Category.USER_POOL_RESOURCE_UPDATE)

    def create_user(self, username: str, attributes: Mapping[str, str]) -> User:
        """AdminCreateUser with MessageAction=SUPPRESS.

        Raises UserExists, and AliasExists when a verified email or phone number is another user's.
        """
        answer = call(
            self._creations,
            self._client.admin_create_user,
            UserPoolId=self.pool_id,
            Username=username,
            UserAttributes=[{"Name": name, "Value": value} for name, value in attributes.items()],
            MessageAction="SUPPRESS",
            ForceAliasCreation=False,
        )
        return user_from_listing(answer["User"])

    def set_password(self, username: str, password: str) -> None:
        """AdminSetUserPassword with Permanent=true: the user becomes CONFIRMED."""
        call(
            self._passwords,
            self._client.admin_set_user_password,
            UserPoolId=self.pool_id,
            Username=username,
            Password=password,
            Permanent=True,
        )

    def sign_out(self, username: str) -> None:
        """AdminUserGlobalSignOut: no token that the user has can be refreshed any more.

        Setting a password leaves tokens as they are
        (https://docs.aws.amazon.com/cognito-user-identity-pools/latest/APIReference/API_AdminUserGlobalSignOut.html).
        """
        call(
            self._updates,
            self._client.admin_user_global_sign_out,
            UserPoolId=self.pool_id,
            Username=username,
        )

    def add_to_group(self, username: str, group_name: str) -> None:
        """AdminAddUserToGroup; adding a member again changes nothing."""
        call(
            self._updates,
            self._client.admin_add_user_to_group,
            UserPoolId=self.pool_id,
            Username=username,
            GroupName=group_name,
        )

    def disable(self, username: str) -> None:
        """AdminDisableUser."""
        call(self._updates, self._client.admin_disable_user, UserPoolId=self.pool_id, Username=username)

    def link(self, username: str, provider: str, user_id: str) -> None:
        """AdminLinkProviderForUser. Cognito refuses to link the same identity again.

        `username` must be the username itself, not an alias
        (https://docs.aws.amazon.com/cognito-user-identity-pools/latest/APIReference/API_AdminLinkProviderForUser.html).
        """
        call(
            self._updates,
            self._client.admin_link_provider_for_user,
            UserPoolId=self.pool_id,
            DestinationUser={"ProviderName": "Cognito", "ProviderAttributeValue": username},
            SourceUser={
                "ProviderName": provider,
                "ProviderAttributeName": "Cognito_Subject",
                "ProviderAttributeValue": user_id,
            },
        )

    def change_mfa(
        self, username: str, factors: Collection[str], preferred: str, before: Collection[str] = ()
    ) -> None:
        """AdminSetUserMFAPreference: sets `factors`, and switches off the others of `before`."""
        given: dict[str, Any] = {
            name: {"Enabled": factor in factors, "PreferredMfa": factor in factors and factor == preferred}
            for factor, name in SETTINGS.items()
            if factor in factors or factor in before
        }
        if given:
            call(
                self._preferences,
                self._client.admin_set_user_mfa_preference,
                UserPoolId=self.pool_id,
                Username=username,
                **given,
            )

    def create_group(self, group: Group) -> None:
        """CreateGroup. Raises GroupExists."""
        call(self._resources, self._client.create_group, **self._group_arguments(group))

    def update_group(self, group: Group) -> None:
        """UpdateGroup: description, precedence and role as given."""
        call(self._resources, self._client.update_group, **self._group_arguments(group))

    def _group_arguments(self, group: Group) -> Any:
        arguments: dict[str, Any] = {"UserPoolId": self.pool_id, "GroupName": group.name}
        if group.description is not None:
            arguments["Description"] = group.description
        if group.precedence is not None:
            arguments["Precedence"] = group.precedence
        if group.role_arn is not None:
            arguments["RoleArn"] = group.role_arn
        return arguments
