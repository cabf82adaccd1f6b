"""What does not come back as it was, and why: the documented limits of Cognito's API.

This list is closed. The judges allow nothing else: a difference that none of these explains is unexplained,
and fails the run. Sources are pages of cognito/latest/developerguide and of the API reference.
"""

from dataclasses import dataclass
from enum import StrEnum
from typing import Final


class Verdict(StrEnum):
    """What became of a field or state."""

    RESTORED = "restored"
    CHANGED = "changed"
    IMPOSSIBLE = "impossible"
    UNEXPLAINED = "unexplained"


@dataclass(frozen=True, slots=True)
class Limit:
    """A documented limit: what happens instead, and Cognito's reason."""

    key: str
    verdict: Verdict
    what: str
    why: str


def _changed(key: str, what: str, why: str) -> Limit:
    return Limit(key, Verdict.CHANGED, what, why)


def _impossible(key: str, what: str, why: str) -> Limit:
    return Limit(key, Verdict.IMPOSSIBLE, what, why)


SUB: Final = _changed(
    "sub",
    "a new sub; the map old → new is in the import's report",
    "Cognito makes up every user's sub, and AdminCreateUser and import jobs refuse one",
)
USERNAME: Final = _changed(
    "username",
    "a new generated username; the address that users sign in with is the same, and the map has both",
    "where an address takes the username's place, Cognito makes up the username",
)
RESET_BY_JOB: Final = _changed(
    "reset-by-job",
    'RESET_REQUIRED: users choose a new password by "Forgot password"',
    "an import job leaves its users so, because no API takes a password's hash",
)
RANDOM_PASSWORD: Final = _changed(
    "random-password",
    'CONFIRMED, with a password that nobody knows: "Forgot password" works as before',
    "the only other way to RESET_REQUIRED, AdminResetUserPassword, sends a message to the user",
)
PASSWORDLESS: Final = _changed(
    "passwordless",
    "CONFIRMED: users sign in by a code, or choose a new password",
    "so an import job leaves users where sign-in without a password is offered",
)
NEVER_CONFIRMED: Final = _changed(
    "never-confirmed",
    "FORCE_CHANGE_PASSWORD: the user needs an invitation from an administrator",
    "only signing up leads to UNCONFIRMED, and it sends a message",
)
INVITED: Final = _changed(
    "invited",
    'as a confirmed user, so that "Forgot password" works',
    "the temporary password is lost with the pool, and in FORCE_CHANGE_PASSWORD a new one is refused",
)
FORGOT_NOW: Final = _changed(
    "forgot-now",
    '"Forgot password" works now, and did not before',
    "the password is lost with the pool, so the user would be locked out without it",
)
DATES: Final = _impossible(
    "dates", "the dates of the restore", "Cognito sets creation and modification dates, and no API takes them"
)
PASSWORD: Final = _impossible(
    "password", 'users choose a new one by "Forgot password"', "no API gives out passwords or their hashes"
)
NO_WAY_IN: Final = _impossible(
    "no-way-in",
    "an administrator verifies an address of theirs, or gives them a password",
    'the old password is lost, and "Forgot password" needs a verified address',
)
TOTP: Final = _impossible(
    "totp", "users register their authenticator app again", "no API gives out the secret of an authenticator"
)
TOTP_PREFERENCE: Final = _impossible(
    "totp-preference",
    "it falls to another factor, or to none",
    "no preference can be set for an app to be registered",
)
FACTOR_GIVEN_UP: Final = _changed(
    "factor-given-up",
    "one of the factors is left off, and can be turned on again after the first sign-in",
    "an address that is a second factor cannot recover the account, and a user without a password has to",
)
PREFERRED_BY_JOB: Final = _changed(
    "preferred-by-job",
    "SMS is on, though not marked as preferred: being the only factor, it is the one that is used",
    "an import job's row can turn SMS on, and says nothing of preference",
)
FEDERATED: Final = _impossible(
    "federated",
    "the profile appears again, with a new sub, at the user's first sign-in through the provider",
    "no API creates the profile of an external provider's user",
)
FEDERATED_DISABLED: Final = _impossible(
    "federated-disabled",
    "enabled from the first sign-in on, but in none of its groups: bar the user at the provider",
    "a profile that is not there yet cannot be disabled",
)
GROUPS_IN_TOKEN: Final = _changed(
    "groups-in-token",
    "in the tokens from the first sign-in on, by the PreTokenGeneration function",
    "a profile that is not there yet can be in no group",
)
CLIENT_ID: Final = _changed(
    "client-id",
    "a new client id; the map old → new is in the import's report",
    "CreateUserPoolClient makes it up",
)
MARKED: Final = _changed(
    "marked",
    "one tag more, lifeboat:import, by which a resumed import finds the pool it has made",
    "CreateUserPool takes no token that would make it safe to repeat",
)
REGIONAL: Final = _changed(
    "regional",
    "left out and listed in the report, or replaced by what the input maps it to",
    "what belongs to the lost Region, named by ARN or by Region, does not hold in another",
)

LIMITS: Final = (
    SUB,
    USERNAME,
    RESET_BY_JOB,
    RANDOM_PASSWORD,
    PASSWORDLESS,
    NEVER_CONFIRMED,
    INVITED,
    FORGOT_NOW,
    DATES,
    PASSWORD,
    NO_WAY_IN,
    TOTP,
    TOTP_PREFERENCE,
    FACTOR_GIVEN_UP,
    PREFERRED_BY_JOB,
    FEDERATED,
    FEDERATED_DISABLED,
    GROUPS_IN_TOKEN,
    CLIENT_ID,
    MARKED,
    REGIONAL,
)
"""All of them, in the order of their numbers in the page."""

NOT_IN_THE_RUN: Final = (
    ("Passkeys", "no API gives out or takes the keys of WebAuthn; users register them again"),
    ("Remembered devices", "no API takes a device's key; devices are remembered again at sign-in"),
    ("Tokens already issued", "they are signed with the lost pool's keys and name it as their issuer"),
)
"""What cannot come back either, and of which the embedded AWS has nothing to judge."""
