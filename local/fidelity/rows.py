"""The rows of the table: every field and state that is judged, by section."""

from dataclasses import dataclass
from typing import Final

from local.fidelity.group_kinds import GROUP_KINDS
from local.fidelity.user_kinds import USER_KINDS, UserKind


@dataclass(frozen=True, slots=True)
class Row:
    """A row. Judgements name it by its key."""

    key: str
    section: str
    title: str


EVERY_USER: Final = "Every user"
STATUS: Final = "Status"
FORGOT: Final = '"Forgot password"'
ATTRIBUTES: Final = "Attributes"
MFA: Final = "Second factors"
GROUPS: Final = "Groups"
FEDERATION: Final = "Other identity providers"
THE_POOL: Final = "The pool, where the import makes it"

ATTRIBUTES_ROW: Final = "attributes"

STATUS_TITLES: Final = {
    "CONFIRMED": "CONFIRMED",
    "UNCONFIRMED": "UNCONFIRMED",
    "FORCE_CHANGE_PASSWORD": "FORCE_CHANGE_PASSWORD, no verified address",
    "FORCE_CHANGE_PASSWORD+": "FORCE_CHANGE_PASSWORD, verified address",
    "RESET_REQUIRED": "RESET_REQUIRED",
}

FORGOT_TITLES: Final = {
    "CONFIRMED": "CONFIRMED: works for whom it did",
    "UNCONFIRMED": "UNCONFIRMED: refused, as before",
    "FORCE_CHANGE_PASSWORD": "FORCE_CHANGE_PASSWORD, no verified address: refused, as before",
    "FORCE_CHANGE_PASSWORD+": "FORCE_CHANGE_PASSWORD, verified address",
    "RESET_REQUIRED": "RESET_REQUIRED: works as before",
}

POOL_ROWS: Final = {
    "sign-in": "Sign-in by username, address or alias; case",
    "schema": "Schema: required and custom attributes, their types and constraints",
    "policies": "Password and sign-in policies",
    "verification": "Verified attributes, messages, sign-up rules",
    "recovery": "Account recovery",
    "mfa-settings": "MFA settings",
    "devices": "Device settings",
    "plan": "Feature plan and threat protection",
    "tags": "Tags",
    "protection": "Deletion protection",
    "senders": "Senders of email and SMS",
    "triggers": "Lambda triggers",
    "clients": "App clients",
    "client-ids": "Client ids",
    "client-secrets": "Client secrets",
    "machine": "Machine-to-machine sign-in with the old secret",
    "providers": "Identity providers and their secrets",
    "resource-servers": "Resource servers and scopes",
    "domain": "Domain",
    "ui": "Look of the sign-in pages: hosted UI or managed login",
    "risk": "Risk configuration",
    "logs": "Log delivery",
    "rest": "Everything else that DescribeUserPool shows",
}


def attributes_row(kind: UserKind) -> str:
    """Return the row in which the attributes of a kind's users are judged."""
    return f"attributes:{kind.key}" if kind.attributes_row else ATTRIBUTES_ROW


ROWS: Final[tuple[Row, ...]] = (
    Row("present", EVERY_USER, "There, and there once"),
    Row("username", EVERY_USER, "Username"),
    Row("sub", EVERY_USER, "Sub"),
    Row("source-sub", EVERY_USER, "Old sub, in the attribute named by SourceSubAttribute"),
    Row("map", EVERY_USER, "Map of old to new subs and usernames"),
    Row("enabled", EVERY_USER, "Enabled or disabled"),
    Row("alias:email", EVERY_USER, "Email address leads to the user"),
    Row("alias:phone_number", EVERY_USER, "Phone number leads to the user"),
    Row("alias:preferred_username", EVERY_USER, "Preferred username leads to the user"),
    Row("dates", EVERY_USER, "Dates"),
    Row("password", EVERY_USER, "Password"),
    *(Row(f"status:{key}", STATUS, title) for key, title in STATUS_TITLES.items()),
    *(Row(f"forgot:{key}", FORGOT, title) for key, title in FORGOT_TITLES.items()),
    Row("way-in", FORGOT, "CONFIRMED, no verified address: another way in"),
    Row(ATTRIBUTES_ROW, ATTRIBUTES, "Names, locale, verified addresses"),
    *(
        Row(attributes_row(kind), ATTRIBUTES, kind.attributes_row)
        for kind in USER_KINDS
        if kind.attributes_row
    ),
    Row("factor:SMS_MFA", MFA, "SMS"),
    Row("factor:EMAIL_OTP", MFA, "Email"),
    Row("factor:SOFTWARE_TOKEN_MFA", MFA, "Authenticator app (TOTP)"),
    Row("preferred", MFA, "Preferred factor"),
    *(Row(f"group:{group.name}", GROUPS, group.title) for group in GROUP_KINDS),
    Row("group:provider", GROUPS, "Cognito's own group of the lost pool's provider"),
    Row("memberships", GROUPS, "Memberships"),
    Row("memberships:crowd", GROUPS, "Memberships of a user in 100 groups"),
    Row("identities", FEDERATION, "Linked identities"),
    Row("linked-sign-in", FEDERATION, "Sign-in through a linked identity"),
    Row("profile", FEDERATION, "EXTERNAL_PROVIDER: profile"),
    Row("profile-groups", FEDERATION, "EXTERNAL_PROVIDER: groups at the first sign-in"),
    Row("profile-disabled", FEDERATION, "EXTERNAL_PROVIDER: disabled"),
    *(Row(f"pool:{key}", THE_POOL, title) for key, title in POOL_ROWS.items()),
)
