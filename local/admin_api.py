"""Ask the deployed admin API as an application does: over HTTP, with an administrator's token, at its pace.

docs/admin-api.md says what it takes and answers.
"""

import json
import threading
import time
import urllib.error
import urllib.request
from dataclasses import dataclass, field
from typing import Any, Final

from local.embedded import EmbeddedAws
from local.people import PASSWORD

REQUESTS_PER_SECOND: Final = 5
"""The gateway takes so many, and bursts of ten; the embedded one would take more."""

ADMINISTRATOR: Final = "an-administrator"
ADMIN_GROUP: Final = "admins"


def users_url(embedded: EmbeddedAws, admin_api_url: str) -> str:
    """Return where the embedded AWS serves the users of the API that a stack's output AdminApiUrl names."""
    api = admin_api_url.removeprefix("https://").split(".")[0]
    return f"{embedded.endpoint_url}/_aws/execute-api/{api}/live/users"


def ask(method: str, url: str, token: str = "", body: Any = None) -> tuple[int, Any]:
    """Send one request; return the status and the document of the answer, whatever it is."""
    request = urllib.request.Request(
        url,
        data=None if body is None else json.dumps(body).encode(),
        method=method,
        headers={"Content-Type": "application/json", **({"Authorization": token} if token else {})},
    )
    opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    try:
        with opener.open(request) as answer:
            return answer.status, json.loads(answer.read())
    except urllib.error.HTTPError as error:
        with error:
            return error.code, json.loads(error.read())


def make_administrator(cognito: Any, pool_id: str) -> None:
    """Make ADMINISTRATOR, in the group of administrators and with everybody's password."""
    pool = {"UserPoolId": pool_id}
    cognito.create_group(**pool, GroupName=ADMIN_GROUP)
    cognito.admin_create_user(**pool, Username=ADMINISTRATOR, MessageAction="SUPPRESS")
    cognito.admin_set_user_password(**pool, Username=ADMINISTRATOR, Password=PASSWORD, Permanent=True)
    cognito.admin_add_user_to_group(**pool, Username=ADMINISTRATOR, GroupName=ADMIN_GROUP)


def id_token(cognito: Any, client_id: str, username: str = ADMINISTRATOR) -> str:
    """Sign somebody in with everybody's password, by an app client without a secret."""
    answer = cognito.initiate_auth(
        ClientId=client_id,
        AuthFlow="USER_PASSWORD_AUTH",
        AuthParameters={"USERNAME": username, "PASSWORD": PASSWORD},
    )
    return str(answer["AuthenticationResult"]["IdToken"])


@dataclass
class AdminApi:
    """The API, asked as one administrator. `url` is `users_url`; the token is good for an hour."""

    url: str
    token: str
    _turn: float = 0.0
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def put(self, sub: str, change: dict[str, Any]) -> tuple[int, Any]:
        """Change a user."""
        return self._ask("PUT", sub, change)

    def delete(self, sub: str) -> tuple[int, Any]:
        """Delete a user."""
        return self._ask("DELETE", sub)

    def _ask(self, method: str, sub: str, body: Any = None) -> tuple[int, Any]:
        with self._lock:
            moment = max(time.monotonic(), self._turn)
            self._turn = moment + 1 / REQUESTS_PER_SECOND
        time.sleep(max(0.0, moment - time.monotonic()))
        return ask(method, f"{self.url}/{sub}", self.token, body)
