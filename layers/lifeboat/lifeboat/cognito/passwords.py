"""Whether a password is right, asked of the pool that knows: no API gives passwords out."""

from __future__ import annotations

from typing import TYPE_CHECKING

from lifeboat.cognito.calls import call
from lifeboat.errors import CognitoError
from lifeboat.pacing import Budget, Category

if TYPE_CHECKING:
    from mypy_boto3_cognito_idp import CognitoIdentityProviderClient

WRONG = frozenset(
    {
        "NotAuthorizedException",
        "PasswordResetRequiredException",
        "UserNotConfirmedException",
        "UserNotFoundException",
    }
)
"""What Cognito says of users who may not sign in with the password; anything else says nothing of it."""


class PasswordCheck:
    """Signs in to a pool to see whether a password is right; the tokens are thrown away.

    The app client must allow ALLOW_ADMIN_USER_PASSWORD_AUTH and have no secret
    (https://docs.aws.amazon.com/cognito-user-identity-pools/latest/APIReference/API_AdminInitiateAuth.html).
    """

    def __init__(
        self, client: CognitoIdentityProviderClient, pool_id: str, client_id: str, budget: Budget
    ) -> None:
        self._client = client
        self._pool_id = pool_id
        self._client_id = client_id
        self._sign_ins = budget.bucket(Category.USER_AUTHENTICATION)

    def right(self, username: str, password: str) -> bool:
        """Whether the pool gives tokens for the password alone.

        A challenge is no yes: whoever has a second factor must not come by without it. Raises CognitoError
        where the pool cannot be asked.
        """
        try:
            answer = call(
                self._sign_ins,
                self._client.admin_initiate_auth,
                UserPoolId=self._pool_id,
                ClientId=self._client_id,
                AuthFlow="ADMIN_USER_PASSWORD_AUTH",
                AuthParameters={"USERNAME": username, "PASSWORD": password},
            )
        except CognitoError as error:
            if error.code in WRONG:
                return False
            raise
        return bool(answer.get("AuthenticationResult"))
