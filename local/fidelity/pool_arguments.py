"""What the kinds of pool are made of: arguments of CreateUserPool and of SetUserPoolMfaConfig."""

from collections.abc import Mapping
from typing import Any, Final

ACCOUNT: Final = "000000000000"
SMS_ROLE: Final = f"arn:aws:iam::{ACCOUNT}:role/people/sms"
SENDER: Final = f"arn:aws:ses:us-east-1:{ACCOUNT}:identity/people.example.com"
"""Whom messages are from: an identity of the Region that is lost."""

BACKUP_SENDER: Final = f"arn:aws:ses:eu-west-1:{ACCOUNT}:identity/people.example.com"
"""The same in the other Region: what an operator maps it to."""

TRIGGER: Final = f"arn:aws:lambda:us-east-1:{ACCOUNT}:function:define-challenge"
"""A function of the lost Region."""

SOURCE_SUB: Final = "custom:source_sub"
"""The attribute that is given the old sub, in the kind of pool that has it."""

FIFTY: Final = 50
"""Cognito's quota of custom attributes (cognito/latest/developerguide/quotas.html)."""


def string(name: str, mutable: bool = True, low: int = 0, high: int = 2048) -> dict[str, Any]:
    """Return an attribute of type String, its length between two limits."""
    limits = {"MinLength": str(low), "MaxLength": str(high)}
    kind = {"Name": name, "AttributeDataType": "String", "Mutable": mutable}
    return {**kind, "StringAttributeConstraints": limits}


CUSTOM: Final[tuple[Mapping[str, Any], ...]] = (
    string("source_sub"),
    string("text"),
    string("text_fixed", mutable=False),
    string("code", low=3, high=5),
    {"Name": "number", "AttributeDataType": "Number", "Mutable": True},
    {
        "Name": "percent",
        "AttributeDataType": "Number",
        "Mutable": False,
        "NumberAttributeConstraints": {"MinValue": "-5", "MaxValue": "100"},
    },
    {"Name": "moment", "AttributeDataType": "DateTime", "Mutable": True},
    {"Name": "moment_fixed", "AttributeDataType": "DateTime", "Mutable": False},
    {"Name": "flag", "AttributeDataType": "Boolean", "Mutable": True},
    {"Name": "flag_fixed", "AttributeDataType": "Boolean", "Mutable": False},
)
"""Every type, mutable and not, with constraints and without; filled up to the quota with `FILLERS`."""

FILLERS: Final = tuple(f"filler_{n:02}" for n in range(FIFTY - len(CUSTOM)))

EMAIL_RECOVERY: Final = {"RecoveryMechanisms": [{"Name": "verified_email", "Priority": 1}]}
PHONE_RECOVERY: Final = {"RecoveryMechanisms": [{"Name": "verified_phone_number", "Priority": 1}]}
BOTH_RECOVERIES: Final = {
    "RecoveryMechanisms": [
        {"Name": "verified_email", "Priority": 1},
        {"Name": "verified_phone_number", "Priority": 2},
    ]
}
OWN_SENDER: Final = {"EmailSendingAccount": "DEVELOPER", "SourceArn": SENDER}
SMS: Final = {"SnsCallerArn": SMS_ROLE, "ExternalId": "people", "SnsRegion": "us-east-1"}
SMS_MFA: Final = {"SmsAuthenticationMessage": "Your code is {####}", "SmsConfiguration": SMS}
EMAIL_MFA: Final = {"Message": "Your code is {####}", "Subject": "Your code"}
PASSWORDS: Final = {
    "MinimumLength": 10,
    "RequireUppercase": True,
    "RequireLowercase": True,
    "RequireNumbers": True,
    "RequireSymbols": False,
    "TemporaryPasswordValidityDays": 9,
}

BASE: Final[Mapping[str, Any]] = {
    "AutoVerifiedAttributes": ["email"],
    "UsernameConfiguration": {"CaseSensitive": False},
    "AdminCreateUserConfig": {
        "AllowAdminCreateUserOnly": False,
        "InviteMessageTemplate": {
            "EmailMessage": "Welcome, {username}: {####}",
            "EmailSubject": "Welcome",
            "SMSMessage": "{username}: {####}",
        },
    },
    "VerificationMessageTemplate": {
        "DefaultEmailOption": "CONFIRM_WITH_LINK",
        "EmailMessageByLink": "Please {##confirm##}",
        "EmailSubjectByLink": "Your address",
    },
    "AccountRecoverySetting": EMAIL_RECOVERY,
    "Policies": {"PasswordPolicy": PASSWORDS},
    "UserPoolTags": {"team": "identity, people & co", "stage": "production"},
    "DeletionProtection": "INACTIVE",
}
"""What all kinds have unless they say otherwise."""
