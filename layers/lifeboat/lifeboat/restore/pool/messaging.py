"""How the new pool sends messages, and what it goes without if it cannot.

The sender of a pool's email and the role for its SMS messages belong to the lost Region. Where the operator
maps neither, second factors, codes and the verification of phone numbers go with them.
"""

from __future__ import annotations

from lifeboat.restore.pool.new_pool import Arguments, Document, NewPool, Notes, named

PHONE = "phone_number"
AUTHENTICATOR = "SoftwareTokenMfaConfiguration"

FACTORS = {
    "SmsMfaConfiguration": "SMS messages",
    AUTHENTICATOR: "authenticator apps",
    "EmailMfaConfiguration": "email messages",
}
"""The second factors, by the setting that offers them to a pool's users."""


def email(captured: Document, new: NewPool, notes: Notes) -> Arguments:
    """EmailConfiguration: by a sender of the new Region, or by Cognito's own."""
    before = dict(captured.get("EmailConfiguration") or {})
    source = before.pop("SourceArn", "")
    collection = before.pop("ConfigurationSet", "")
    if not source:
        return before
    if source not in new.arn_map:
        notes.append(
            "email goes out by Cognito's own sender, a few messages a day for the whole pool (50 by default),"
            f" because the sender is of the lost Region ({named(source)}): before users ask for "
            f'"Forgot password", verify a sender in Amazon SES in {new.region} and set EmailConfiguration,'
            " or map its ARN in ArnMap"
        )
        return {
            name: value
            for name, value in {**before, "EmailSendingAccount": "COGNITO_DEFAULT"}.items()
            if name in ("EmailSendingAccount", "ReplyToEmailAddress")
        }
    after = {**before, "SourceArn": new.arn_map[source]}
    if collection:
        # A pool names its configuration set without saying where it is: in the sender's account and Region.
        old = ":".join([*source.split(":")[:5], f"configuration-set/{collection}"])
        if old in new.arn_map:
            after["ConfigurationSet"] = new.arn_map[old].rpartition("/")[2]
        else:
            notes.append(
                f"email is sent without the configuration set {collection} of the lost Region; map its ARN "
                f"({named(old)}) in ArnMap, or set another one in EmailConfiguration"
            )
    return after


def sms(captured: Document, new: NewPool, notes: Notes) -> Arguments:
    """SmsConfiguration, through Amazon SNS or End User Messaging; empty if ArnMap gives no role for it."""
    before = dict(captured.get("SmsConfiguration") or {})
    messaging = dict(before.pop("EumsSms", None) or {})
    # Without a Region the new pool's own is used.
    through = before.pop("SnsRegion", new.region)
    messaging.pop("Region", None)
    role = before.pop("SnsCallerArn", "")
    caller = messaging.pop("CallerArn", "")
    if role in new.arn_map:
        if through != new.region:
            notes.append(
                f"SMS messages are sent through Amazon SNS in {new.region}, no longer in {through}: numbers, "
                "sender ids and spending limit are those of that Region"
            )
        return {**before, "SnsCallerArn": new.arn_map[role]}
    if caller in new.arn_map:
        for name in ("OriginationIdentity", "ConfigurationSetName"):
            value = messaging.pop(name, "")
            if value in new.arn_map:
                messaging[name] = new.arn_map[value]
            elif value:
                notes.append(
                    f"SMS messages are sent without the {name} of the lost Region; map it in ArnMap, or set "
                    "SmsConfiguration"
                )
        return {**before, "EumsSms": {**messaging, "CallerArn": new.arn_map[caller]}}
    if role or caller:
        notes.append(
            f"no SMS messages are sent: the role {role or caller} is not in ArnMap; map it (to itself, if it "
            f"may send from {new.region} too), or set SmsConfiguration once the import has ended"
        )
    return {}


def without_sms(arguments: Arguments, notes: Notes) -> None:
    """Take away what SMS messages are needed for, in a pool that has lost the way to send them."""
    verified = arguments["AutoVerifiedAttributes"]
    if PHONE in verified:
        arguments["AutoVerifiedAttributes"] = [each for each in verified if each != PHONE]
        notes.append(
            "phone numbers are not verified automatically, for want of SMS messages: users of whom only the "
            "phone number is verified go by the API lane, which makes them billed active users"
        )
    confirmed = arguments["UserAttributeUpdateSettings"].get("AttributesRequireVerificationBeforeUpdate", [])
    confirmed = [each for each in confirmed if each != PHONE]
    arguments["UserAttributeUpdateSettings"] = (
        {"AttributesRequireVerificationBeforeUpdate": confirmed} if confirmed else {}
    )
    policies = arguments["Policies"]
    factors = policies.get("SignInPolicy", {}).get("AllowedFirstAuthFactors", [])
    if "SMS_OTP" in factors:
        left = [each for each in factors if each != "SMS_OTP"]
        own = {} if left == ["PASSWORD"] else {"SignInPolicy": {"AllowedFirstAuthFactors": left}}
        others = {name: value for name, value in policies.items() if name != "SignInPolicy"}
        arguments["Policies"] = {**others, **own}
        notes.append(
            "nobody can sign in with a code sent by SMS message; add SMS_OTP to AllowedFirstAuthFactors once "
            "there is an SmsConfiguration"
        )
    recovery = (arguments.get("AccountRecoverySetting") or {}).get("RecoveryMechanisms", [])
    if {mechanism["Name"] for mechanism in recovery} == {"verified_phone_number"}:
        notes.append(
            '"Forgot password" works for nobody until there is an SmsConfiguration, because accounts are '
            "recovered by phone number only; set it, or let AccountRecoverySetting use email too"
        )


def factors(document: Document) -> list[str]:
    """The settings of the second factors that a pool offers, from its GetUserPoolMfaConfig."""
    offered = {name: document[name] for name in FACTORS if document.get(name) is not None}
    return [name for name, value in offered.items() if name != AUTHENTICATOR or value.get("Enabled")]


def mfa(document: Document, arguments: Arguments, notes: Notes) -> Arguments | None:
    """The arguments of SetUserPoolMfaConfig for a pool made with `arguments`; None if there are no factors.

    Email needs a sender of the pool's own, SMS messages a role
    (https://docs.aws.amazon.com/cognito/latest/developerguide/user-pool-settings-mfa-sms-email-message.html).
    """
    mode = document.get("MfaConfiguration", "OFF")
    if mode == "OFF":
        return None
    before = factors(document)
    after: Arguments = {name: document[name] for name in before}
    if not arguments.get("SmsConfiguration"):
        after.pop("SmsMfaConfiguration", None)
    elif "SmsMfaConfiguration" in after:
        message = {
            name: value
            for name, value in document["SmsMfaConfiguration"].items()
            if name == "SmsAuthenticationMessage" and value
        }
        after["SmsMfaConfiguration"] = {**message, "SmsConfiguration": arguments["SmsConfiguration"]}
    if (arguments.get("EmailConfiguration") or {}).get("EmailSendingAccount") != "DEVELOPER":
        after.pop("EmailMfaConfiguration", None)
    lost = " and ".join(FACTORS[name] for name in before if name not in after)
    if not after:
        notes.insert(
            0,
            f"MFA is off, but was {mode} in the backup{' by ' + lost if lost else ''}: users sign in with "
            "one factor until there is a way to send messages and MFA is set (SetUserPoolMfaConfig)",
        )
        return None
    if lost:
        left = " and ".join(FACTORS[name] for name in after)
        notes.insert(
            0,
            f"MFA is {mode} by {left} alone, and no longer by {lost}: users who have nothing else must set "
            "up another factor, until there is a way to send messages and MFA is set (SetUserPoolMfaConfig)",
        )
    return {"MfaConfiguration": mode, **after}


def sign_in(document: Document, second_factors: Arguments | None, new: NewPool) -> list[Arguments]:
    """Further calls of SetUserPoolMfaConfig, for the settings of passkeys and of codes by email.

    They stand by themselves, so that what is refused of them takes no second factor with it: passkeys are
    bound to a domain that the new pool may not get.
    """
    base = second_factors or {}
    calls: list[Arguments] = []
    passkeys = dict(document.get("WebAuthnConfiguration") or {})
    if passkeys:
        domain = passkeys.get("RelyingPartyId", "")
        prefix, cognito, _ = domain.partition(".auth.")
        if cognito and domain.endswith(".amazoncognito.com"):
            passkeys["RelyingPartyId"] = f"{prefix}.auth.{new.region}.amazoncognito.com"
        calls.append({"MfaConfiguration": "OFF", **base, "WebAuthnConfiguration": passkeys})
    if document.get("MfaConfiguration", "OFF") == "OFF" and document.get("EmailMfaConfiguration"):
        calls.append({"EmailMfaConfiguration": document["EmailMfaConfiguration"]})
    return calls
