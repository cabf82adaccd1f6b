"""What users can do: sign in with the password they had, ask for a new one, be found by an alias.

Asking for a new password sends a message, so nobody is asked for while messages are counted.
"""

import base64
import json
import urllib.error
import urllib.parse
import urllib.request
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Final

from botocore.exceptions import ClientError

from local.embedded import EmbeddedAws
from local.fidelity.filling import App, sign_in
from local.fidelity.settings import MACHINE, SCOPE, Settings
from local.fidelity.specimens import Specimen
from local.fidelity.user_kinds import Cast

NEW_PASSWORD: Final = "Ahoy-2-everybody!"
RESET_CODE: Final = "654321"
"""What every code of ministack's ForgotPassword is."""

ALIASES: Final = ("email", "phone_number", "preferred_username")


@dataclass(frozen=True, slots=True)
class Abilities:
    """What one user can do. `found_by`: for each alias that the pool has, whether it leads to the user."""

    password: bool
    forgot_password: bool
    found_by: Mapping[str, bool] = field(default_factory=dict)


def probe(app: App, cast: Cast, username_of: Mapping[str, str], to_the_end: bool) -> dict[str, Abilities]:
    """Try everybody of a cast who has an account; `username_of` gives its present username, by label.

    `to_the_end`: whoever is sent a code chooses a new password with it, and signs in.
    """
    return {
        specimen.label: Abilities(
            password=_has_password(app, username_of[specimen.label]),
            forgot_password=_can_reset(app, username_of[specimen.label], to_the_end),
            found_by={
                alias: _leads_to(app, specimen.attributes[alias], username_of[specimen.label])
                for alias in _aliases(cast, specimen)
            },
        )
        for specimen in cast.specimens
        if specimen.label in username_of
    }


def _aliases(cast: Cast, specimen: Specimen) -> list[str]:
    there = cast.pool.sign_in | cast.pool.aliases
    return [alias for alias in ALIASES if alias in there and alias in specimen.attributes]


def _has_password(app: App, username: str) -> bool:
    """Whether the password everybody had is accepted; a challenge after it says that it is."""
    return _succeeds(lambda: sign_in(app, username))


def _can_reset(app: App, username: str, to_the_end: bool) -> bool:
    """Whether "Forgot password" works: at least to the sending of a code."""
    if not _succeeds(lambda: app.cognito.forgot_password(ClientId=app.client_id, Username=username)):
        return False
    if to_the_end:
        app.cognito.confirm_forgot_password(
            ClientId=app.client_id, Username=username, ConfirmationCode=RESET_CODE, Password=NEW_PASSWORD
        )
    return not to_the_end or _succeeds(lambda: sign_in(app, username, NEW_PASSWORD))


def _leads_to(app: App, alias: str, username: str) -> bool:
    """Whether the admin API takes the alias in place of the username."""
    try:
        found = app.cognito.admin_get_user(UserPoolId=app.pool_id, Username=alias)
    except ClientError:
        return False
    return bool(found["Username"] == username)


def _succeeds(attempt: Callable[[], object]) -> bool:
    """Whether Cognito does not refuse. Raises ClientError for what is the service's fault."""
    try:
        attempt()
    except ClientError as error:
        if error.response["ResponseMetadata"]["HTTPStatusCode"] >= 500:
            raise
        return False
    return True


def machine_signs_in(embedded: EmbeddedAws, before: Settings, after: Settings) -> bool:
    """Whether a machine gets a token at the new pool with its new client id and its old secret."""
    old, new = before.clients.get(MACHINE, {}), after.clients.get(MACHINE, {})
    if "ClientId" not in new or "ClientSecret" not in old:
        return False
    who = base64.b64encode(f"{new['ClientId']}:{old['ClientSecret']}".encode()).decode()
    form = urllib.parse.urlencode({"grant_type": "client_credentials", "scope": SCOPE}).encode()
    request = urllib.request.Request(f"{embedded.cognito_endpoint_url}/oauth2/token", data=form)
    request.add_header("Authorization", f"Basic {who}")
    opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    try:
        with opener.open(request, timeout=30) as answer:
            return "access_token" in json.load(answer)
    except urllib.error.HTTPError:
        return False
