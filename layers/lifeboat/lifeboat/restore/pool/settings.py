"""The new pool's own settings, from those of the pool that is backed up.

Resources of the lost Region cannot be used from another one. What names one is left out unless the operator
maps its ARN, and so is what cannot be had without it; each omission is noted with its remedy.
"""

from __future__ import annotations

from lifeboat.cognito.scratch_pools import DRILL_TAG, STACK_TAG
from lifeboat.restore.pool.messaging import email, sms, without_sms
from lifeboat.restore.pool.new_pool import IMPORT_TAG, Arguments, Document, NewPool, Notes
from lifeboat.restore.pool.schema import MOST_IN_SCHEMA, schema

MOST_TAGS = 50

NOT_TAKEN_OVER = frozenset({IMPORT_TAG, DRILL_TAG, STACK_TAG})
"""Tags of this product: a pool that is restored must never look like one that a drill may delete."""

TAKEN_OVER = (
    "AccountRecoverySetting",
    "AliasAttributes",
    "DeletionProtection",
    "DeviceConfiguration",
    "EmailVerificationMessage",
    "EmailVerificationSubject",
    "IssuerConfiguration",
    "SmsAuthenticationMessage",
    "SmsVerificationMessage",
    "UserPoolAddOns",
    "UserPoolTier",
    "UsernameAttributes",
    "UsernameConfiguration",
    "VerificationMessageTemplate",
)
"""What CreateUserPool takes as DescribeUserPool gives it."""

ADAPTED = (
    "AdminCreateUserConfig",
    "AutoVerifiedAttributes",
    "EmailConfiguration",
    "KeyConfiguration",
    "LambdaConfig",
    "MfaConfiguration",
    "Name",
    "Policies",
    "SchemaAttributes",
    "SmsConfiguration",
    "UserAttributeUpdateSettings",
    "UserPoolTags",
)

READ_ONLY = (
    "Arn",
    "CreationDate",
    "CustomDomain",
    "Domain",
    "EmailConfigurationFailure",
    "EstimatedNumberOfUsers",
    "Id",
    "LastModifiedDate",
    "SmsConfigurationFailure",
    "Status",
)

SUPERSEDED = {
    "EmailVerificationMessage": "EmailMessage",
    "EmailVerificationSubject": "EmailSubject",
    "SmsVerificationMessage": "SmsMessage",
}
"""Fields that say the same as one of VerificationMessageTemplate, where it is given."""


def pool_arguments(captured: Document, new: NewPool, notes: Notes) -> tuple[Arguments, list[Arguments]]:
    """The arguments of CreateUserPool, and the attributes that must be added to the pool afterwards.

    MFA is not among them: CreateUserPool knows no factor but SMS messages.
    """
    entries = schema(captured.get("SchemaAttributes", []), new.source_sub)
    sender = sms(captured, new, notes)
    arguments: Arguments = {name: captured[name] for name in TAKEN_OVER if name in captured}
    template = arguments.get("VerificationMessageTemplate") or {}
    for name, counterpart in SUPERSEDED.items():
        if template.get(counterpart):
            arguments.pop(name, None)
    invitations, policies = _administration(captured)
    arguments |= {
        "AdminCreateUserConfig": invitations,
        "AutoVerifiedAttributes": captured.get("AutoVerifiedAttributes") or [],
        "EmailConfiguration": email(captured, new, notes),
        "KeyConfiguration": _key(captured, new, notes),
        "LambdaConfig": _triggers(captured, new, notes),
        "Policies": policies,
        "Schema": entries[:MOST_IN_SCHEMA],
        "SmsConfiguration": sender,
        "UserAttributeUpdateSettings": captured.get("UserAttributeUpdateSettings") or {},
        "UserPoolTags": _tags(captured, new, notes),
    }
    if captured.get("SmsConfiguration") and not sender:
        without_sms(arguments, notes)
    unknown = sorted(captured.keys() - {*TAKEN_OVER, *ADAPTED, *READ_ONLY})
    if unknown:
        notes.append(f"the settings {', '.join(unknown)} are not known to this version; set them by hand")
    kept = {name: value for name, value in arguments.items() if value not in ("", None, [], {})}
    return {"PoolName": new.name, **kept}, entries[MOST_IN_SCHEMA:]


def _administration(captured: Document) -> tuple[Arguments, Arguments]:
    """AdminCreateUserConfig and Policies: the validity of temporary passwords now stands among the latter."""
    invitations = dict(captured.get("AdminCreateUserConfig") or {})
    days = invitations.pop("UnusedAccountValidityDays", None)
    policies = {name: dict(value) for name, value in (captured.get("Policies") or {}).items() if value}
    if days and "PasswordPolicy" in policies:
        policies["PasswordPolicy"].setdefault("TemporaryPasswordValidityDays", days)
    # A pool that allows nothing but passwords has no sign-in policy to set, which not every plan lets set.
    if policies.get("SignInPolicy", {}).get("AllowedFirstAuthFactors", []) in ([], ["PASSWORD"]):
        policies.pop("SignInPolicy", None)
    return invitations, policies


def _triggers(captured: Document, new: NewPool, notes: Notes) -> Arguments:
    before = dict(captured.get("LambdaConfig") or {})
    key = before.pop("KMSKeyID", "")
    after: Arguments = {}
    missing: dict[str, str] = {}
    for trigger, value in before.items():
        arn = value if isinstance(value, str) else value["LambdaArn"]
        if arn not in new.arn_map:
            missing[trigger] = arn
        elif isinstance(value, str):
            after[trigger] = new.arn_map[arn]
        else:
            after[trigger] = {**value, "LambdaArn": new.arn_map[arn]}
    senders = sorted(after.keys() & {"CustomEmailSender", "CustomSMSSender"})
    if senders and key in new.arn_map:
        after["KMSKeyID"] = new.arn_map[key]
    elif senders:
        after = {trigger: value for trigger, value in after.items() if trigger not in senders}
        notes.append(
            f"the triggers {', '.join(senders)} are not attached: the key {key} that they need is not in "
            "ArnMap; map it, or attach them with a key of the new Region"
        )
    if missing:
        functions = ", ".join(f"{trigger} ({arn})" for trigger, arn in sorted(missing.items()))
        notes.append(
            f"triggers are not attached, because their functions are of the lost Region: {functions}; deploy "
            f"them in {new.region} and attach them once the import has ended, or map their ARNs in ArnMap"
        )
    return after


def _key(captured: Document, new: NewPool, notes: Notes) -> Arguments:
    before = captured.get("KeyConfiguration") or {}
    arn = before.get("KmsKeyArn", "")
    if arn in new.arn_map:
        return {**before, "KmsKeyArn": new.arn_map[arn]}
    if arn:
        notes.append(
            f"the pool's data is encrypted with a key of AWS: the key {arn} is not in ArnMap; map it, or "
            "set KeyConfiguration"
        )
    return {}


def _tags(captured: Document, new: NewPool, notes: Notes) -> dict[str, str]:
    before = captured.get("UserPoolTags") or {}
    own = sorted(name for name in before if not name.startswith("aws:") and name not in NOT_TAKEN_OVER)
    if len(own) >= MOST_TAGS:
        notes.append(f"the tags {', '.join(own[MOST_TAGS - 1 :])} give way to the import's own, {IMPORT_TAG}")
    return {**{name: before[name] for name in own[: MOST_TAGS - 1]}, IMPORT_TAG: new.import_id}
