"""The kinds of user pool: each as the arguments of CreateUserPool and SetUserPoolMfaConfig that make it one.

What can be combined with what follows cognito/latest/developerguide: user-pool-settings-attributes.html
(sign-in options, aliases, required and custom attributes), user-pool-settings-mfa.html (email needs the
Essentials plan and a sender of one's own), authentication-flows-selection-sdk.html (choice-based sign-in) and
cognito-sign-in-feature-plans.html.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Final

from local.fidelity.pool_arguments import (
    BASE,
    BOTH_RECOVERIES,
    CUSTOM,
    EMAIL_MFA,
    FIFTY,
    FILLERS,
    OWN_SENDER,
    PASSWORDS,
    PHONE_RECOVERY,
    SMS,
    SMS_MFA,
    TRIGGER,
    string,
)

MFA_FACTORS: Final[Mapping[str, str]] = {
    "SmsMfaConfiguration": "SMS_MFA",
    "EmailMfaConfiguration": "EMAIL_OTP",
    "SoftwareTokenMfaConfiguration": "SOFTWARE_TOKEN_MFA",
}
"""Member of SetUserPoolMfaConfig → what AdminGetUser calls it."""


@dataclass(frozen=True, slots=True)
class PoolKind:
    """One kind of pool.

    `arguments` and `mfa` differ from BASE and from no MFA; a value of None takes a member of BASE away.
    `made_by_import`: the new pool is made by the import ({"CreateUserPool": …}), else by the operator.
    """

    key: str
    column: str
    what: str
    differences: Mapping[str, Any] = field(default_factory=dict)
    mfa: Mapping[str, Any] = field(default_factory=dict)
    made_by_import: bool = False

    @property
    def arguments(self) -> dict[str, Any]:
        """CreateUserPool's arguments, but for the name."""
        together = {**BASE, **self.differences}
        return {name: value for name, value in together.items() if value is not None}

    @property
    def sign_in(self) -> frozenset[str]:
        """The addresses that take a username's place; if there are any, Cognito makes up the usernames."""
        return frozenset(self.arguments.get("UsernameAttributes", ()))

    @property
    def aliases(self) -> frozenset[str]:
        """What users sign in with besides their username."""
        return frozenset(self.arguments.get("AliasAttributes", ()))

    @property
    def verifies(self) -> frozenset[str]:
        """The addresses that the pool verifies by itself."""
        return frozenset(self.arguments.get("AutoVerifiedAttributes", ()))

    @property
    def required(self) -> frozenset[str]:
        """The standard attributes that users must have."""
        return frozenset(entry["Name"] for entry in self.arguments.get("Schema", ()) if entry.get("Required"))

    @property
    def custom(self) -> frozenset[str]:
        """The custom attributes, without their prefix."""
        return frozenset(
            entry["Name"] for entry in self.arguments.get("Schema", ()) if not entry.get("Required")
        )

    @property
    def factors(self) -> frozenset[str]:
        """The second factors that users can have."""
        return frozenset(factor for name, factor in MFA_FACTORS.items() if name in self.mfa)

    @property
    def recovers_by(self) -> frozenset[str]:
        """The addresses that a code for a new password may go to."""
        mechanisms = self.arguments["AccountRecoverySetting"]["RecoveryMechanisms"]
        return frozenset(mechanism["Name"].removeprefix("verified_") for mechanism in mechanisms)

    @property
    def passwordless(self) -> bool:
        """Whether users can sign in by something else than a password."""
        policy = self.arguments["Policies"].get("SignInPolicy", {})
        return bool({"EMAIL_OTP", "SMS_OTP", "WEB_AUTHN"} & set(policy.get("AllowedFirstAuthFactors", ())))

    @property
    def addresses(self) -> tuple[str, ...]:
        """The addresses that an ordinary user of such a pool has, verified."""
        phone = "phone_number"
        used = self.sign_in | self.aliases | self.verifies | self.required
        wanted = {phone} if phone in used or "SMS_MFA" in self.factors else set()
        if self.sign_in != {phone}:
            wanted.add("email")
        return tuple(sorted(wanted))


POOL_KINDS: Final[tuple[PoolKind, ...]] = (
    PoolKind("username", "username", "sign-in by username, in any case; email verified; no MFA"),
    PoolKind(
        "case",
        "case-sensitive",
        "usernames that differ in case are different users",
        {"UsernameConfiguration": {"CaseSensitive": True}},
        made_by_import=True,
    ),
    PoolKind(
        "email",
        "email",
        "email address in place of a username",
        {"UsernameAttributes": ["email"]},
    ),
    PoolKind(
        "phone",
        "phone",
        "phone number in place of a username",
        {
            "UsernameAttributes": ["phone_number"],
            "AutoVerifiedAttributes": ["phone_number"],
            "AccountRecoverySetting": PHONE_RECOVERY,
            "SmsConfiguration": SMS,
        },
        made_by_import=True,
    ),
    PoolKind(
        "email-phone",
        "email + phone",
        "email address or phone number in place of a username",
        {
            "UsernameAttributes": ["email", "phone_number"],
            "AutoVerifiedAttributes": ["email", "phone_number"],
            "AccountRecoverySetting": BOTH_RECOVERIES,
            "SmsConfiguration": SMS,
        },
    ),
    PoolKind(
        "aliases",
        "aliases",
        "username, with email, phone_number and preferred_username as aliases",
        {
            "AliasAttributes": ["email", "phone_number", "preferred_username"],
            "AutoVerifiedAttributes": ["email", "phone_number"],
            "AccountRecoverySetting": BOTH_RECOVERIES,
            "SmsConfiguration": SMS,
        },
        made_by_import=True,
    ),
    PoolKind(
        "mfa-optional",
        "MFA optional",
        "MFA OPTIONAL by SMS, authenticator app (TOTP) and email",
        {"AccountRecoverySetting": BOTH_RECOVERIES, "EmailConfiguration": OWN_SENDER},
        {
            "MfaConfiguration": "OPTIONAL",
            "SmsMfaConfiguration": SMS_MFA,
            "SoftwareTokenMfaConfiguration": {"Enabled": True},
            "EmailMfaConfiguration": EMAIL_MFA,
        },
    ),
    PoolKind(
        "mfa-sms",
        "MFA SMS",
        "MFA ON, by SMS",
        {"AccountRecoverySetting": BOTH_RECOVERIES, "SmsConfiguration": SMS},
        {"MfaConfiguration": "ON", "SmsMfaConfiguration": SMS_MFA},
        made_by_import=True,
    ),
    PoolKind(
        "mfa-totp",
        "MFA TOTP",
        "MFA ON, by authenticator app (TOTP)",
        {},
        {"MfaConfiguration": "ON", "SoftwareTokenMfaConfiguration": {"Enabled": True}},
    ),
    PoolKind(
        "mfa-email",
        "MFA email",
        "MFA ON, by email",
        {"AccountRecoverySetting": BOTH_RECOVERIES, "EmailConfiguration": OWN_SENDER},
        {"MfaConfiguration": "ON", "EmailMfaConfiguration": EMAIL_MFA},
        made_by_import=True,
    ),
    PoolKind(
        "custom",
        "custom attributes",
        f"{FIFTY} custom attributes: String, Number, DateTime, Boolean; mutable or not; with constraints",
        {"Schema": [*CUSTOM, *(string(name) for name in FILLERS)]},
        made_by_import=True,
    ),
    PoolKind(
        "required",
        "required attributes",
        "email, name, birthdate and updated_at required",
        {
            "Schema": [
                string("email") | {"Required": True},
                string("name") | {"Required": True},
                string("birthdate", low=10, high=10) | {"Required": True},
                {"Name": "updated_at", "AttributeDataType": "Number", "Mutable": True, "Required": True},
            ]
        },
    ),
    PoolKind(
        "passwordless",
        "passwordless",
        "choice-based sign-in: password or a code by email",
        {
            "Policies": {
                "PasswordPolicy": PASSWORDS,
                "SignInPolicy": {"AllowedFirstAuthFactors": ["PASSWORD", "EMAIL_OTP"]},
            }
        },
        made_by_import=True,
    ),
    PoolKind("lite", "Lite", "feature plan LITE", {"UserPoolTier": "LITE"}, made_by_import=True),
    PoolKind(
        "essentials",
        "Essentials",
        "feature plan ESSENTIALS, with password history",
        {
            "UserPoolTier": "ESSENTIALS",
            "Policies": {"PasswordPolicy": {**PASSWORDS, "PasswordHistorySize": 3}},
        },
    ),
    PoolKind(
        "plus",
        "Plus",
        "feature plan PLUS, with threat protection",
        {
            "UserPoolTier": "PLUS",
            "UserPoolAddOns": {"AdvancedSecurityMode": "ENFORCED"},
            "LambdaConfig": {"DefineAuthChallenge": TRIGGER},
            "DeviceConfiguration": {
                "ChallengeRequiredOnNewDevice": True,
                "DeviceOnlyRememberedOnUserPrompt": True,
            },
        },
        made_by_import=True,
    ),
    PoolKind(
        "unverified",
        "no auto-verified",
        "no attribute is verified automatically, so that no CSV job can be started",
        {"AutoVerifiedAttributes": None, "AccountRecoverySetting": BOTH_RECOVERIES},
    ),
)


def chosen(keys: str) -> tuple[PoolKind, ...]:
    """Return the kinds with these keys, comma-separated; all of them for an empty text. Raises ValueError."""
    wanted = [key.strip() for key in keys.split(",") if key.strip()]
    known = {kind.key: kind for kind in POOL_KINDS}
    unknown = [key for key in wanted if key not in known]
    if unknown:
        raise ValueError(f"no kind of pool is called {', '.join(unknown)}; there are {', '.join(known)}")
    return tuple(kind for kind in POOL_KINDS if kind.key in wanted) if wanted else POOL_KINDS
