"""The Lambda triggers of a user pool, changed without changing anything else of it.

UpdateUserPool sets whatever it is not given to its default
(https://docs.aws.amazon.com/cognito-user-identity-pools/latest/APIReference/API_UpdateUserPool.html), so it
is given everything that DescribeUserPool shows and it accepts.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Any

from lifeboat.cognito.calls import call
from lifeboat.pacing import Budget, Category

if TYPE_CHECKING:
    from mypy_boto3_cognito_idp import CognitoIdentityProviderClient

USER_MIGRATION, PRE_TOKEN_GENERATION = "UserMigration", "PreTokenGeneration"

KEPT = (
    "AccountRecoverySetting",
    "AdminCreateUserConfig",
    "AutoVerifiedAttributes",
    "DeletionProtection",
    "DeviceConfiguration",
    "EmailConfiguration",
    "EmailVerificationMessage",
    "EmailVerificationSubject",
    "IssuerConfiguration",
    "KeyConfiguration",
    "LambdaConfig",
    "MfaConfiguration",
    "Policies",
    "SmsAuthenticationMessage",
    "SmsConfiguration",
    "SmsVerificationMessage",
    "UserAttributeUpdateSettings",
    "UserPoolAddOns",
    "UserPoolTags",
    "UserPoolTier",
    "VerificationMessageTemplate",
)
"""What UpdateUserPool takes of what DescribeUserPool shows."""


UNSET: tuple[Any, ...] = (None, "", {})


class PoolTriggers:
    """The triggers of one pool, as they were when this was made."""

    def __init__(self, client: CognitoIdentityProviderClient, pool_id: str, budget: Budget) -> None:
        self._client = client
        self._writes = budget.bucket(Category.USER_POOL_UPDATE)
        reads = budget.bucket(Category.USER_POOL_READ)
        self._pool: Mapping[str, Any] = call(reads, client.describe_user_pool, UserPoolId=pool_id)["UserPool"]

    @property
    def pool_arn(self) -> str:
        """The pool's ARN."""
        return str(self._pool["Arn"])

    def function_of(self, trigger: str) -> str | None:
        """The ARN of the function of UserMigration or PreTokenGeneration; None if the pool has none."""
        triggers = self._pool.get("LambdaConfig") or {}
        versioned = triggers.get(f"{trigger}Config") or {}
        return triggers.get(trigger) or versioned.get("LambdaArn")

    def change(self, attached: Mapping[str, str], detached: Iterable[str]) -> None:
        """Attach functions and detach others, by trigger; asks nothing of Cognito if all is so already."""
        triggers = dict(self._pool.get("LambdaConfig") or {})
        for trigger in (*detached, *attached):
            triggers.pop(trigger, None)
            triggers.pop(f"{trigger}Config", None)
        for trigger, arn in attached.items():
            if trigger == PRE_TOKEN_GENERATION:
                # V1_0 is in every plan, and sets the groups of both tokens.
                triggers[f"{trigger}Config"] = {"LambdaVersion": "V1_0", "LambdaArn": arn}
            else:
                triggers[trigger] = arn
        if triggers == (self._pool.get("LambdaConfig") or {}):
            return
        # What is empty is not set, and UpdateUserPool refuses empty texts.
        arguments: Any = {name: self._pool[name] for name in KEPT if self._pool.get(name) not in UNSET}
        if "AdminCreateUserConfig" in arguments:
            # Described for old pools, but refused next to TemporaryPasswordValidityDays.
            invitations = dict(arguments["AdminCreateUserConfig"])
            invitations.pop("UnusedAccountValidityDays", None)
            arguments["AdminCreateUserConfig"] = invitations
        arguments["LambdaConfig"] = triggers
        call(self._writes, self._client.update_user_pool, UserPoolId=self._pool["Id"], **arguments)
