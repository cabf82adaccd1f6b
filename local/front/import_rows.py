"""What the row of a user import job must hold, and which user it makes.

cognito/latest/developerguide/cognito-user-pools-using-import-tool.html, "Formatting the CSV file"; the format
of values besides is what AdminCreateUser demands. `cognito:mfa_enabled` must suit the pool: where MFA is off
not true, where it is required not false; left out, it is what the pool requires. Where it is true there must
be a phone number; AWS may be less strict about that in pools that require MFA.
"""

import contextlib
import re
from dataclasses import dataclass
from datetime import date
from typing import Any

from local.front.attributes import check_formats, schema_problems, username_problem
from local.front.import_file import MFA_ENABLED, USERNAME, BadRow
from local.front.pools import Pool, User
from local.front.protocol import CognitoError

NOT_VERIFIED = (
    "The User Record does not set any of the auto verified attributes to true. "
    "(Example: email_verified to true)."
)
PASSWORDLESS = {"EMAIL_OTP": "email", "SMS_OTP": "phone_number"}

_ADDRESSES = ("email", "phone_number")
_FLAGS = ("email_verified", "phone_number_verified")
_DATE = re.compile(r"(\d{2})/(\d{2})/(\d{4})", re.ASCII)
_SECONDS = re.compile(r"\d+", re.ASCII)


@dataclass(frozen=True, slots=True)
class NewUser:
    """A user as a row describes it. `sms_mfa`: SMS messages are to be the second factor."""

    username: str
    attributes: dict[str, str]
    sms_mfa: bool = False

    def status(self, pool: Pool, default: str) -> str:
        """Return the status to arrive in: CONFIRMED for who can sign in without a password.

        That takes a factor that the pool allows, and a verified address to send its code to.
        """
        policy = (pool.description.get("Policies") or {}).get("SignInPolicy") or {}
        factors = policy.get("AllowedFirstAuthFactors") or ()
        user = User(self.username, self.attributes)
        reached = any(factor in factors and user.verified(at) for factor, at in PASSWORDLESS.items())
        return "CONFIRMED" if reached else default


def user_of(values: dict[str, str], pool: Pool) -> NewUser:
    """Read a row's values; raises BadRow."""
    username = values.get(USERNAME)
    if not username:
        raise BadRow("The User Record has no cognito:username.")
    if any(character.isspace() for character in username):
        raise BadRow("The cognito:username must not contain spaces or tabs.")
    attributes = {name: value for name, value in values.items() if not name.startswith("cognito:")}
    _convert(attributes)
    _check_verified(attributes, pool)
    _check_schema(attributes, pool)
    problem = username_problem(pool, username)
    if problem:
        raise BadRow(problem)
    return NewUser(username, attributes, _sms_mfa(values.get(MFA_ENABLED), attributes, pool))


def _convert(attributes: dict[str, str]) -> None:
    """Turn flags and dates into what Cognito keeps."""
    for name in _FLAGS:
        if name in attributes:
            attributes[name] = _flag(name, attributes[name])
    if "birthdate" in attributes:
        attributes["birthdate"] = _iso_date(attributes["birthdate"])
    if "updated_at" in attributes and not _SECONDS.fullmatch(attributes["updated_at"]):
        raise BadRow("updated_at: the value must be in seconds since 1970.")


def _flag(name: str, value: str) -> str:
    if value.lower() not in ("true", "false"):
        raise BadRow(f"{name}: the value must be true or false.")
    return value.lower()


def _iso_date(value: str) -> str:
    match = _DATE.fullmatch(value)
    if match:
        with contextlib.suppress(ValueError):
            return date(int(match[3]), int(match[1]), int(match[2])).isoformat()
    raise BadRow("birthdate: the value must be in the format mm/dd/yyyy.")


def _check_verified(attributes: dict[str, str], pool: Pool) -> None:
    """A verified address must be there, and one that the pool verifies by itself must be verified."""
    for address in _ADDRESSES:
        if attributes.get(f"{address}_verified") == "true" and not attributes.get(address):
            raise BadRow(f"The User Record sets {address}_verified to true without {address}.")
    user = User("", attributes)
    if not any(user.verified(address) for address in pool.names("AutoVerifiedAttributes")):
        raise BadRow(NOT_VERIFIED)


def _check_schema(attributes: dict[str, str], pool: Pool) -> None:
    missing = [
        f"{name}: The attribute is required"
        for name, attribute in pool.schema.items()
        if attribute.get("Required") and name != "sub" and name not in attributes
    ]
    problems = missing + schema_problems(attributes, pool.schema, updating=False)
    if problems:
        raise BadRow(f"Attributes did not conform to the schema: {'; '.join(problems)}")
    try:
        check_formats(attributes)
    except CognitoError as error:
        raise BadRow(error.message) from None


def _sms_mfa(flag: str | None, attributes: dict[str, Any], pool: Pool) -> bool:
    mode = pool.description.get("MfaConfiguration") or "OFF"
    if flag is None:
        return mode == "ON" and "phone_number" in attributes
    enabled = _flag(MFA_ENABLED, flag) == "true"
    if enabled and mode == "OFF":
        raise BadRow("cognito:mfa_enabled must not be true: the user pool has MFA turned off.")
    if not enabled and mode == "ON":
        raise BadRow("cognito:mfa_enabled must not be false: the user pool requires MFA.")
    if enabled and "phone_number" not in attributes:
        raise BadRow("cognito:mfa_enabled must not be true without a phone_number.")
    return enabled
