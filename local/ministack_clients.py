"""Patches of ministack's app clients: secrets, made up or the caller's, and rotation of refresh tokens."""

import json
import secrets
import string
from collections.abc import Callable
from typing import Any

from ministack.core.responses import json_response
from ministack.services import cognito

from local.patching import Patches

Response = tuple[int, dict[str, str], bytes]

KEPT = ("ClientSecret", "RefreshTokenRotation")

SECRET_CHARACTERS = string.ascii_lowercase + string.digits
SECRET_LENGTH = 51

patches = Patches()


@patches.replace(cognito, "_client_secret", "bfff6b0b76dc")
def client_secret(original: Callable[..., str]) -> str:
    """Make secrets that CreateUserPoolClient takes as well: word characters only.

    (cognito-user-identity-pools/latest/APIReference/API_CreateUserPoolClient.html: ClientSecret)
    """
    return "".join(secrets.choice(SECRET_CHARACTERS) for _ in range(SECRET_LENGTH))


@patches.replace(cognito, "_create_user_pool_client", "1caaecf2354b")
def create_user_pool_client(original: Callable[..., Response], data: dict[str, Any]) -> Response:
    """Give an app client the secret that came with the request, so that the token endpoint knows it too.

    (cognito-user-identity-pools/latest/APIReference/API_CreateUserPoolClient.html: ClientSecret)
    """
    return _with(original(data), data, KEPT)


@patches.replace(cognito, "_update_user_pool_client", "530fe95f2cec")
def update_user_pool_client(original: Callable[..., Response], data: dict[str, Any]) -> Response:
    """Keep RefreshTokenRotation, which ministack forgets. A secret cannot be changed here."""
    return _with(original(data), data, ("RefreshTokenRotation",))


def _with(answer: Response, data: dict[str, Any], members: tuple[str, ...]) -> Response:
    """Add members of a request to the app client that an answer shows."""
    added = {name: data[name] for name in members if data.get(name) is not None}
    if answer[0] >= 300 or not added:
        return answer
    client_id = json.loads(answer[2])["UserPoolClient"]["ClientId"]
    client = cognito._user_pools[data["UserPoolId"]]["_clients"][client_id]
    client.update(added)
    shown: Response = json_response({"UserPoolClient": {k: v for k, v in client.items() if v is not None}})
    return shown
