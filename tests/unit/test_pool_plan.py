"""From the captured configuration to the calls that make the pool anew: what is kept, adapted, left out."""

from __future__ import annotations

from typing import Any

import pytest

from lifeboat.cognito.configuration import BASE64
from lifeboat.model import PoolConfiguration
from lifeboat.restore.pool.new_pool import IMPORT_TAG, NewPool
from lifeboat.restore.pool.plan import Captured, PoolPlan, plan_pool

IMPORT_ID = "2026-03-01T09:30:12.873Z-9c29014e"
HERE = "eu-west-1"
FUNCTION = "arn:aws:lambda:us-east-1:111122223333:function:greet"
SENDER = "arn:aws:ses:us-east-1:111122223333:identity/example.com"
ROLE = "arn:aws:iam::111122223333:role/sms"
KEY = "arn:aws:kms:us-east-1:111122223333:key/1234"
NEW = {
    FUNCTION: FUNCTION.replace("us-east-1", HERE),
    SENDER: SENDER.replace("us-east-1", HERE),
    ROLE: ROLE,
    KEY: KEY.replace("us-east-1", HERE),
}
CODE = "Your code is {####}"
SMS = {"SnsCallerArn": ROLE, "ExternalId": "external", "SnsRegion": "us-east-1"}
SES = {"EmailSendingAccount": "DEVELOPER", "SourceArn": SENDER, "From": "Us <us@example.com>"}

EMAIL_ENTRY = {
    "Name": "email",
    "AttributeDataType": "String",
    "DeveloperOnlyAttribute": False,
    "Mutable": True,
    "Required": False,
    "StringAttributeConstraints": {"MinLength": "0", "MaxLength": "2048"},
}
SUB_ENTRY = {
    "Name": "sub",
    "AttributeDataType": "String",
    "Mutable": False,
    "Required": True,
    "StringAttributeConstraints": {"MinLength": "1", "MaxLength": "2048"},
}
IDENTITIES_ENTRY = {"Name": "identities", "AttributeDataType": "String", "StringAttributeConstraints": {}}
BIRTHDATE_ENTRY = {
    **EMAIL_ENTRY,
    "Name": "birthdate",
    "StringAttributeConstraints": {"MinLength": "10", "MaxLength": "10"},
}


def planned(
    pool: dict[str, Any] | None = None,
    *,
    arn_map: dict[str, str] | None = None,
    source_sub: str = "",
    **parts: Any,
) -> PoolPlan:
    """The plan for a pool with these settings; other parts by their names, `#` written as two underscores."""
    documents = {"CONFIG": {"Id": "us-east-1_Old", "Name": "people", **(pool or {})}, **parts}
    named = {name.replace("__", "#"): document for name, document in documents.items()}
    captured = Captured({name: PoolConfiguration(name, document) for name, document in named.items()})
    return plan_pool(captured, NewPool("customers", HERE, IMPORT_ID, arn_map or {}, source_sub))


def notes(plan: PoolPlan, *words: str) -> list[str]:
    """The notes that hold all these words."""
    return [note for note in plan.left_out if all(word in note for word in words)]


def custom(name: str, **changes: Any) -> dict[str, Any]:
    return {**EMAIL_ENTRY, "Name": f"custom:{name}", **changes}


def app(name: str = "web", **settings: Any) -> dict[str, Any]:
    return {"UserPoolId": "us-east-1_Old", "ClientId": name * 5, "ClientName": name, **settings}


# -- the pool ------------------------------------------------------------------------------------


def test_a_plain_pool_gets_its_name_and_the_imports_tag_and_nothing_is_noted() -> None:
    plan = planned({"MfaConfiguration": "OFF", "Arn": "arn:aws:cognito-idp:…", "Domain": "d"})
    assert plan == PoolPlan(pool={"PoolName": "customers", "UserPoolTags": {IMPORT_TAG: IMPORT_ID}})


@pytest.mark.parametrize(
    ("setting", "value"),
    [
        ("AccountRecoverySetting", {"RecoveryMechanisms": [{"Priority": 1, "Name": "verified_email"}]}),
        ("AliasAttributes", ["email", "preferred_username"]),
        ("AutoVerifiedAttributes", ["email"]),
        ("DeletionProtection", "ACTIVE"),
        ("DeviceConfiguration", {"ChallengeRequiredOnNewDevice": True}),
        ("IssuerConfiguration", {"Type": "UPDATED"}),
        ("SmsAuthenticationMessage", CODE),
        ("UserAttributeUpdateSettings", {"AttributesRequireVerificationBeforeUpdate": ["email"]}),
        ("UserPoolAddOns", {"AdvancedSecurityMode": "AUDIT"}),
        ("UserPoolTier", "PLUS"),
        ("UsernameAttributes", ["email"]),
        ("UsernameConfiguration", {"CaseSensitive": False}),
        ("VerificationMessageTemplate", {"EmailMessage": CODE, "DefaultEmailOption": "CONFIRM_WITH_LINK"}),
        ("Policies", {"PasswordPolicy": {"MinimumLength": 12}}),
        ("Policies", {"SignInPolicy": {"AllowedFirstAuthFactors": ["PASSWORD", "EMAIL_OTP"]}}),
        ("AdminCreateUserConfig", {"AllowAdminCreateUserOnly": True}),
        ("EmailConfiguration", {"EmailSendingAccount": "COGNITO_DEFAULT"}),
        ("EmailVerificationMessage", CODE),
    ],
)
def test_what_holds_in_every_region_is_kept(setting: str, value: Any) -> None:
    plan = planned({setting: value})
    assert plan.pool[setting] == value
    assert plan.left_out == []


@pytest.mark.parametrize("nothing", ["", [], {}, None])
def test_empty_settings_are_not_sent(nothing: Any) -> None:
    plan = planned({"SmsVerificationMessage": nothing, "AliasAttributes": nothing, "LambdaConfig": nothing})
    assert plan.pool.keys() == {"PoolName", "UserPoolTags"}


def test_what_the_message_template_says_is_said_once() -> None:
    template = {"EmailMessage": CODE, "EmailSubject": "Code"}
    texts = {"EmailVerificationMessage": CODE, "SmsVerificationMessage": CODE}
    plan = planned({"VerificationMessageTemplate": template, **texts})
    assert "EmailVerificationMessage" not in plan.pool
    assert plan.pool["SmsVerificationMessage"] == CODE


def test_the_validity_of_invitations_moves_to_the_password_policy() -> None:
    invitations = {"AllowAdminCreateUserOnly": False, "UnusedAccountValidityDays": 3}
    policy = {"MinimumLength": 8, "TemporaryPasswordValidityDays": 5}
    plan = planned({"AdminCreateUserConfig": invitations, "Policies": {"PasswordPolicy": policy}})
    assert plan.pool["Policies"]["PasswordPolicy"]["TemporaryPasswordValidityDays"] == 5
    plan = planned(
        {"AdminCreateUserConfig": invitations, "Policies": {"PasswordPolicy": {"MinimumLength": 8}}}
    )
    assert plan.pool["Policies"]["PasswordPolicy"]["TemporaryPasswordValidityDays"] == 3
    assert plan.pool["AdminCreateUserConfig"] == {"AllowAdminCreateUserOnly": False}


def test_a_sign_in_policy_of_passwords_alone_is_not_sent() -> None:
    policies = {
        "PasswordPolicy": {"MinimumLength": 8},
        "SignInPolicy": {"AllowedFirstAuthFactors": ["PASSWORD"]},
    }
    assert planned({"Policies": policies}).pool["Policies"].keys() == {"PasswordPolicy"}


def test_tags_are_kept_but_for_those_that_only_aws_may_set() -> None:
    tags = {"team": "web", "aws:cloudformation:stack-name": "stack", IMPORT_TAG: "an earlier import"}
    assert planned({"UserPoolTags": tags}).pool["UserPoolTags"] == {"team": "web", IMPORT_TAG: IMPORT_ID}


def test_the_imports_tag_takes_the_place_of_the_fiftieth() -> None:
    plan = planned({"UserPoolTags": {f"tag{number:02}": "x" for number in range(50)}})
    assert len(plan.pool["UserPoolTags"]) == 50
    assert plan.pool["UserPoolTags"][IMPORT_TAG] == IMPORT_ID
    assert notes(plan, "tag49", IMPORT_TAG)


def test_settings_of_a_later_time_are_noted() -> None:
    [note] = planned({"QuantumConfiguration": {"On": True}}).left_out
    assert "QuantumConfiguration" in note


# -- attributes ----------------------------------------------------------------------------------


def test_custom_attributes_lose_their_prefix_and_keep_everything_else() -> None:
    number = {
        "Name": "custom:age",
        "AttributeDataType": "Number",
        "Mutable": False,
        "Required": False,
        "NumberAttributeConstraints": {"MinValue": "0", "MaxValue": "150"},
    }
    flag = {"Name": "custom:flag", "AttributeDataType": "Boolean", "Mutable": True, "Required": False}
    plan = planned({"SchemaAttributes": [number, flag, custom("note", StringAttributeConstraints={})]})
    assert plan.pool["Schema"] == [
        {**number, "Name": "age"},
        {**flag, "Name": "flag"},
        {"Name": "note", "AttributeDataType": "String", "Mutable": True, "Required": False},
    ]


def test_standard_attributes_are_sent_only_where_they_were_changed() -> None:
    required = {**EMAIL_ENTRY, "Required": True}
    fixed = {**EMAIL_ENTRY, "Name": "name", "Mutable": False}
    short = {**EMAIL_ENTRY, "Name": "locale", "StringAttributeConstraints": {"MaxLength": "10"}}
    unlimited = {**EMAIL_ENTRY, "Name": "nickname", "StringAttributeConstraints": {}}
    plain = [SUB_ENTRY, IDENTITIES_ENTRY, BIRTHDATE_ENTRY, {**EMAIL_ENTRY, "Name": "picture"}, unlimited]
    plan = planned({"SchemaAttributes": [*plain, required, fixed, short]})
    sent = {entry["Name"]: entry for entry in plan.pool["Schema"]}
    assert sent.keys() == {"email", "name", "locale"}
    assert sent["email"]["Required"] is True
    assert sent["name"]["Mutable"] is False
    assert sent["locale"]["StringAttributeConstraints"] == {"MaxLength": "10"}
    assert "DeveloperOnlyAttribute" not in sent["email"]


def test_what_does_not_fit_into_one_request_is_added_afterwards() -> None:
    attributes = [{**EMAIL_ENTRY, "Required": True}, *(custom(f"a{number}") for number in range(50))]
    plan = planned({"SchemaAttributes": attributes})
    assert len(plan.pool["Schema"]) == 50
    assert plan.pool["Schema"][0]["Name"] == "email"
    assert [[entry["Name"] for entry in call["CustomAttributes"]] for call in plan.attributes] == [["a49"]]


def test_developer_only_attributes_are_added_one_by_one_and_may_be_refused() -> None:
    plan = planned({"SchemaAttributes": [{**EMAIL_ENTRY, "Name": "dev:custom:rank"}]})
    assert "Schema" not in plan.pool
    [call] = plan.developer_attributes
    [entry] = call["CustomAttributes"]
    assert (entry["Name"], entry["DeveloperOnlyAttribute"]) == ("rank", True)


def test_the_old_sub_gets_an_attribute_that_no_user_can_write() -> None:
    [entry] = planned(source_sub="custom:source_sub").pool["Schema"]
    assert entry == {
        "Name": "source_sub",
        "AttributeDataType": "String",
        "Mutable": False,
        "Required": False,
        "StringAttributeConstraints": {"MinLength": "0", "MaxLength": "64"},
    }
    there = planned({"SchemaAttributes": [custom("source_sub")]}, source_sub="custom:source_sub")
    assert [entry["Mutable"] for entry in there.pool["Schema"]] == [True]


# -- what belongs to the lost Region -------------------------------------------------------------


def test_triggers_are_left_out_unless_mapped() -> None:
    other = FUNCTION.replace("greet", "check")
    config = {
        "PostConfirmation": FUNCTION,
        "PreSignUp": other,
        "PreTokenGeneration": FUNCTION,
        "PreTokenGenerationConfig": {"LambdaVersion": "V2_0", "LambdaArn": FUNCTION},
    }
    plan = planned({"LambdaConfig": config})
    assert "LambdaConfig" not in plan.pool
    [note] = plan.left_out
    assert all(word in note for word in (*config, FUNCTION, other, HERE, "ArnMap"))
    plan = planned({"LambdaConfig": config}, arn_map=NEW)
    assert plan.pool["LambdaConfig"] == {
        "PostConfirmation": NEW[FUNCTION],
        "PreTokenGeneration": NEW[FUNCTION],
        "PreTokenGenerationConfig": {"LambdaVersion": "V2_0", "LambdaArn": NEW[FUNCTION]},
    }
    assert notes(plan, "PreSignUp")


def test_custom_senders_need_their_key() -> None:
    sender = {"LambdaVersion": "V1_0", "LambdaArn": FUNCTION}
    config = {"CustomEmailSender": sender, "KMSKeyID": KEY}
    mapped = planned({"LambdaConfig": config}, arn_map=NEW)
    assert mapped.pool["LambdaConfig"] == {
        "CustomEmailSender": {**sender, "LambdaArn": NEW[FUNCTION]},
        "KMSKeyID": NEW[KEY],
    }
    without_key = planned({"LambdaConfig": config}, arn_map={FUNCTION: NEW[FUNCTION]})
    assert "LambdaConfig" not in without_key.pool
    assert notes(without_key, "CustomEmailSender", KEY)


def test_a_key_without_a_sender_is_dropped_in_silence() -> None:
    plan = planned({"LambdaConfig": {"KMSKeyID": KEY}}, arn_map=NEW)
    assert "LambdaConfig" not in plan.pool
    assert plan.left_out == []


def test_without_a_sender_of_its_own_the_pool_sends_email_by_cognitos() -> None:
    config = {**SES, "ReplyToEmailAddress": "help@example.com", "ConfigurationSet": "tracked"}
    plan = planned({"EmailConfiguration": config})
    assert plan.pool["EmailConfiguration"] == {
        "EmailSendingAccount": "COGNITO_DEFAULT",
        "ReplyToEmailAddress": "help@example.com",
    }
    assert notes(plan, "50 by default", SENDER, "ArnMap")


def test_a_note_never_shows_an_email_address() -> None:
    plan = planned(
        {"EmailConfiguration": {**SES, "SourceArn": f"{SENDER.rsplit('/', 1)[0]}/ann@example.com"}}
    )
    assert "@" not in " ".join(plan.left_out)


def test_a_mapped_sender_is_used_and_its_configuration_set_if_that_is_mapped() -> None:
    config = {**SES, "ConfigurationSet": "tracked"}
    plan = planned({"EmailConfiguration": config}, arn_map=NEW)
    assert plan.pool["EmailConfiguration"] == {**SES, "SourceArn": NEW[SENDER]}
    assert notes(plan, "configuration set tracked")
    collection = "arn:aws:ses:us-east-1:111122223333:configuration-set/tracked"
    plan = planned(
        {"EmailConfiguration": config}, arn_map={**NEW, collection: collection.replace("tracked", "new")}
    )
    assert plan.pool["EmailConfiguration"]["ConfigurationSet"] == "new"
    assert plan.left_out == []


def test_without_its_role_the_pool_sends_no_sms_and_what_needs_them_goes_too() -> None:
    plan = planned(
        {
            "SmsConfiguration": SMS,
            "AutoVerifiedAttributes": ["email", "phone_number"],
            "UserAttributeUpdateSettings": {"AttributesRequireVerificationBeforeUpdate": ["phone_number"]},
            "Policies": {"SignInPolicy": {"AllowedFirstAuthFactors": ["PASSWORD", "SMS_OTP"]}},
            "AccountRecoverySetting": {
                "RecoveryMechanisms": [{"Priority": 1, "Name": "verified_phone_number"}]
            },
            "UsernameAttributes": ["phone_number"],
        }
    )
    assert plan.pool["AutoVerifiedAttributes"] == ["email"]
    assert plan.pool["UsernameAttributes"] == ["phone_number"]  # never to be changed later
    assert not {"SmsConfiguration", "UserAttributeUpdateSettings", "Policies"} & plan.pool.keys()
    assert notes(plan, ROLE, "ArnMap")
    assert notes(plan, "phone numbers are not verified", "API lane")
    assert notes(plan, "SMS_OTP")
    assert notes(plan, '"Forgot password" works for nobody')


def test_a_mapped_role_keeps_all_that_needs_sms() -> None:
    config = {
        "SmsConfiguration": SMS,
        "AutoVerifiedAttributes": ["phone_number"],
        "Policies": {"SignInPolicy": {"AllowedFirstAuthFactors": ["PASSWORD", "SMS_OTP"]}},
    }
    plan = planned(config, arn_map=NEW)
    assert plan.pool["SmsConfiguration"] == {"SnsCallerArn": ROLE, "ExternalId": "external"}
    assert plan.pool["AutoVerifiedAttributes"] == ["phone_number"]
    assert plan.pool["Policies"] == config["Policies"]
    [note] = plan.left_out
    assert note.startswith("SMS messages are sent through Amazon SNS in eu-west-1, no longer in us-east-1")


def test_phone_numbers_stay_verified_in_a_pool_that_never_sent_sms() -> None:
    assert planned({"AutoVerifiedAttributes": ["phone_number"]}).left_out == []


def test_end_user_messaging_is_mapped_piece_by_piece() -> None:
    origin = "arn:aws:sms-voice:us-east-1:111122223333:phone-number/1"
    messaging = {
        "CallerArn": ROLE,
        "Region": "us-east-1",
        "OriginationIdentity": origin,
        "ConfigurationSetName": "set",
        "InEntityId": "1",
    }
    plan = planned({"SmsConfiguration": {"EumsSms": messaging}}, arn_map={**NEW, origin: "new-number"})
    assert plan.pool["SmsConfiguration"] == {
        "EumsSms": {"CallerArn": ROLE, "OriginationIdentity": "new-number", "InEntityId": "1"}
    }
    assert notes(plan, "ConfigurationSetName")


def test_the_pools_own_key_is_kept_only_if_mapped() -> None:
    config = {"KeyConfiguration": {"KeyType": "CUSTOMER_MANAGED_KEY", "KmsKeyArn": KEY}}
    assert "KeyConfiguration" not in planned(config).pool
    assert notes(planned(config), KEY)
    assert planned(config, arn_map=NEW).pool["KeyConfiguration"]["KmsKeyArn"] == NEW[KEY]
    assert planned({"KeyConfiguration": {"KeyType": "AWS_OWNED_KEY"}}).left_out == []


# -- second factors ------------------------------------------------------------------------------

ALL_FACTORS = {
    "MfaConfiguration": "ON",
    "SmsMfaConfiguration": {"SmsAuthenticationMessage": CODE, "SmsConfiguration": SMS},
    "SoftwareTokenMfaConfiguration": {"Enabled": True},
    "EmailMfaConfiguration": {"Message": CODE, "Subject": "Code"},
}
SENDING = {"MfaConfiguration": "ON", "SmsConfiguration": SMS, "EmailConfiguration": SES}


def test_second_factors_are_set_after_the_pool_is_made() -> None:
    plan = planned(SENDING, arn_map=NEW, MFA=ALL_FACTORS)
    assert "MfaConfiguration" not in plan.pool
    sender = {"SnsCallerArn": ROLE, "ExternalId": "external"}
    assert plan.mfa == {
        **ALL_FACTORS,
        "SmsMfaConfiguration": {"SmsAuthenticationMessage": CODE, "SmsConfiguration": sender},
    }
    assert [note.partition(":")[0] for note in plan.left_out] == [
        "SMS messages are sent through Amazon SNS in eu-west-1, no longer in us-east-1"
    ]


def test_factors_that_need_a_message_nobody_can_send_are_left_out() -> None:
    plan = planned(SENDING, MFA=ALL_FACTORS)
    assert plan.mfa == {"MfaConfiguration": "ON", "SoftwareTokenMfaConfiguration": {"Enabled": True}}
    assert "no longer by SMS messages and email messages" in plan.left_out[0]  # the first thing to know


def test_without_any_factor_left_mfa_is_off_and_that_is_said_first() -> None:
    document = {"MfaConfiguration": "OPTIONAL", "SmsMfaConfiguration": {"SmsConfiguration": SMS}}
    plan = planned({**SENDING, "MfaConfiguration": "OPTIONAL"}, MFA=document)
    assert plan.mfa is None
    assert plan.left_out[0].startswith("MFA is off, but was OPTIONAL in the backup by SMS messages")


def test_mfa_whose_factors_were_not_captured_is_off_and_said_so() -> None:
    plan = planned({"MfaConfiguration": "ON"})
    assert plan.mfa is None
    assert plan.left_out[0].startswith("MFA is off, but was ON")


def test_an_authenticator_that_is_not_enabled_is_no_factor() -> None:
    document = {"MfaConfiguration": "OFF", "SoftwareTokenMfaConfiguration": {"Enabled": False}}
    assert planned(MFA=document).mfa is None
    assert planned(MFA=document).left_out == []


def test_passkeys_move_to_the_new_regions_domain_in_a_call_of_their_own() -> None:
    passkeys = {"RelyingPartyId": "shop.auth.us-east-1.amazoncognito.com", "UserVerification": "required"}
    factors = {"MfaConfiguration": "ON", "SoftwareTokenMfaConfiguration": {"Enabled": True}}
    plan = planned(MFA={**factors, "WebAuthnConfiguration": passkeys})
    assert plan.mfa == factors
    moved = {**passkeys, "RelyingPartyId": f"shop.auth.{HERE}.amazoncognito.com"}
    assert plan.sign_in == [{**factors, "WebAuthnConfiguration": moved}]
    own = {"RelyingPartyId": "auth.example.com"}
    plan = planned(MFA={"MfaConfiguration": "OFF", "WebAuthnConfiguration": own})
    assert plan.sign_in == [{"MfaConfiguration": "OFF", "WebAuthnConfiguration": own}]


def test_the_text_of_codes_is_kept_in_a_pool_without_mfa() -> None:
    codes = {"Message": CODE, "Subject": "Code"}
    plan = planned(MFA={"MfaConfiguration": "OFF", "EmailMfaConfiguration": codes})
    assert (plan.mfa, plan.sign_in) == (None, [{"EmailMfaConfiguration": codes}])


# -- other parts ---------------------------------------------------------------------------------


def test_resource_servers_are_made_as_they_were() -> None:
    server = {"Identifier": "api", "Name": "API", "Scopes": [{"ScopeName": "read", "ScopeDescription": "r"}]}
    assert planned(RESOURCE_SERVER__api={**server, "UserPoolId": "old"}).resource_servers == [server]


PROVIDERS = {
    "OIDC": ({"client_id": "a", "client_secret": "s", "oidc_issuer": "i"}, {"attributes_url_add_attributes"}),
    "Google": (
        {"client_id": "a", "client_secret": "s", "authorize_scopes": "x"},
        {"token_url", "oidc_issuer"},
    ),
    "Facebook": ({"client_id": "a", "client_secret": "s", "api_version": "v17.0"}, {"token_request_method"}),
    "LoginWithAmazon": ({"client_id": "a", "client_secret": "s"}, {"authorize_url"}),
    "SignInWithApple": ({"client_id": "a", "private_key": "s", "team_id": "t", "key_id": "k"}, {"token_url"}),
    "SAML": (
        {"MetadataURL": "https://idp.example.com", "IDPSignout": "true"},
        {"ActiveEncryptionCertificate"},
    ),
}


@pytest.mark.parametrize("kind", PROVIDERS)
def test_a_provider_is_made_with_what_its_type_takes(kind: str) -> None:
    details, found_out = PROVIDERS[kind]
    document = {
        "UserPoolId": "old",
        "ProviderName": "them",
        "ProviderType": kind,
        "ProviderDetails": {**details, **dict.fromkeys(found_out, "found out by Cognito")},
        "AttributeMapping": {"email": "mail"},
        "IdpIdentifiers": ["example.com"],
    }
    plan = planned(IDP__them=document)
    [provider] = plan.providers
    assert provider == {
        "ProviderName": "them",
        "ProviderType": kind,
        "ProviderDetails": details,
        "AttributeMapping": {"email": "mail"},
        "IdpIdentifiers": ["example.com"],
    }
    [note] = plan.left_out
    assert "tell the identity providers them" in note


@pytest.mark.parametrize("kind", sorted(PROVIDERS.keys() - {"SAML"}))
def test_a_provider_whose_secret_was_not_captured_cannot_be_made(kind: str) -> None:
    details = {name: value for name, value in PROVIDERS[kind][0].items() if value != "s"}
    document = {"ProviderName": "them", "ProviderType": kind, "ProviderDetails": details}
    plan = planned(IDP__them=document)
    assert plan.providers == []
    assert notes(plan, "identity provider them", "CaptureClientSecrets=true")


def test_saml_metadata_is_sent_by_its_address_or_as_a_file_not_both() -> None:
    details = {"MetadataURL": "https://idp.example.com", "MetadataFile": "<xml/>"}
    document = {"ProviderName": "them", "ProviderType": "SAML", "ProviderDetails": details}
    [provider] = planned(IDP__them=document).providers
    assert provider["ProviderDetails"].keys() == {"MetadataURL"}


def test_a_client_keeps_its_settings_and_its_secret() -> None:
    settings: Any = {
        "ClientSecret": "x" * 30,
        "RefreshTokenValidity": 5,
        "ExplicitAuthFlows": ["ALLOW_USER_SRP_AUTH"],
        "CallbackURLs": ["https://app.example.com"],
        "AllowedOAuthFlows": ["client_credentials"],
        "AllowedOAuthFlowsUserPoolClient": True,
        "EnableTokenRevocation": False,
        "SupportedIdentityProviders": [],
        "WriteAttributes": ["email", "dev:custom:rank"],
    }
    document = app(**settings, LastModifiedDate="then", TokenValidityUnits={}, DefaultRedirectURI="")
    plan = planned(CLIENT__old=document)
    [client] = plan.clients
    assert client.old_id == "old"
    assert client.arguments == {"ClientName": "web", **settings, "WriteAttributes": ["email"]}
    assert notes(plan, "1 app clients have new ids", "maps/clients.csv")
    assert not notes(plan, "new secrets")


def test_a_client_whose_secret_was_not_captured_gets_a_new_one() -> None:
    plan = planned(CLIENT__old=app(SecretsLeftOut=["ClientSecret"]))
    [client] = plan.clients
    assert client.arguments == {"ClientName": "web", "GenerateSecret": True}
    assert notes(plan, "web have new secrets")


def test_of_many_clients_a_note_names_a_few() -> None:
    documents: Any = {f"CLIENT__{n:03}": app(f"app{n}", SecretsLeftOut=["ClientSecret"]) for n in range(30)}
    plan = planned(None, **documents)
    [note] = notes(plan, "new secrets")
    assert "app19 and 10 more" in note


def test_a_client_names_only_the_providers_and_scopes_that_are_there() -> None:
    document = app(
        SupportedIdentityProviders=["COGNITO", "okta", "google"],
        AllowedOAuthScopes=["openid", "api/read", "api/write"],
    )
    [client] = planned(CLIENT__old=document).clients
    arguments, absent = client.fitted(["okta"], ["api/read"])
    assert arguments["SupportedIdentityProviders"] == ["COGNITO", "okta"]
    assert arguments["AllowedOAuthScopes"] == ["openid", "api/read"]
    assert absent == ["the identity provider google", "the scope api/write"]
    assert client.fitted(["okta", "google"], ["api/read", "api/write"]) == (client.arguments, [])


def test_analytics_are_kept_only_if_mapped() -> None:
    application = "arn:aws:mobiletargeting:us-east-1:111122223333:apps/1"
    analytics = {"ApplicationArn": application, "RoleArn": ROLE, "UserDataShared": True}
    plan = planned(CLIENT__old=app(AnalyticsConfiguration=analytics))
    assert "AnalyticsConfiguration" not in plan.clients[0].arguments
    assert notes(plan, "sends no analytics")
    plan = planned(CLIENT__old=app(AnalyticsConfiguration=analytics), arn_map={**NEW, application: "arn:new"})
    assert plan.clients[0].arguments["AnalyticsConfiguration"] == {**analytics, "ApplicationArn": "arn:new"}


def test_a_prefix_domain_is_asked_for_again_and_a_custom_one_if_its_certificate_is_mapped() -> None:
    prefix = {"Domain": "shop", "ManagedLoginVersion": 2, "UserPoolId": "old", "AWSAccountId": "1"}
    certificate = "arn:aws:acm:us-east-1:111122223333:certificate/1"
    custom_config = {"CertificateArn": certificate, "SecurityPolicy": "TLS_V1_2_2021"}
    own: Any = {"Domain": "auth.example.com", "CustomDomainConfig": custom_config}
    plan = planned(DOMAIN__shop=prefix, **{"DOMAIN__auth.example.com": own})
    assert plan.domains == [{"Domain": "shop", "ManagedLoginVersion": 2}]
    assert notes(plan, "auth.example.com", certificate)
    plan = planned(arn_map={certificate: "arn:new"}, **{"DOMAIN__auth.example.com": own})
    [made] = plan.domains
    assert made["CustomDomainConfig"] == {**custom_config, "CertificateArn": "arn:new"}
    assert notes(plan, "auth.example.com", "DNS")


def test_style_sheets_are_kept_and_logos_are_not() -> None:
    everywhere = {"ClientId": "ALL", "CSS": "a", "ImageUrl": "https://cdn.example.com/logo"}
    plan = planned(UI__ALL=everywhere, UI__old={"ClientId": "old", "CSS": "b"}, CLIENT__old=app())
    assert plan.pages == {"ALL": {"CSS": "a"}, "old": {"CSS": "b"}}
    assert notes(plan, "logo", "the pool")


def test_branding_comes_back_with_its_images() -> None:
    asset = {"Category": "FORM_LOGO", "ColorMode": "LIGHT", "Extension": "PNG", "Bytes": {BASE64: "aGk="}}
    style = {"ManagedLoginBrandingId": "1", "Settings": {"a": {"b": 1}}, "Assets": [asset]}
    plan = planned(BRANDING__old=style, CLIENT__old=app())
    assert plan.brandings == {"old": {"Settings": {"a": {"b": 1}}, "Assets": [{**asset, "Bytes": b"hi"}]}}
    plan = planned(BRANDING__old={"UseCognitoProvidedValues": True, "Settings": {}}, CLIENT__old=app())
    assert plan.brandings == {"old": {"UseCognitoProvidedValues": True}}


def test_settings_of_a_client_that_was_not_captured_are_dropped() -> None:
    plan = planned(BRANDING__gone={"Settings": {"a": 1}}, UI__gone={"CSS": "a"}, RISK__gone={})
    assert (plan.brandings, plan.pages, plan.risks) == ({}, {}, {})


def test_without_a_sender_risky_sign_ins_are_acted_on_but_nobody_is_told() -> None:
    action = {"Notify": True, "EventAction": "BLOCK"}
    takeover = {"NotifyConfiguration": {"SourceArn": SENDER, "From": "us"}, "Actions": {"HighAction": action}}
    document = {
        "UserPoolId": "old",
        "AccountTakeoverRiskConfiguration": takeover,
        "RiskExceptionConfiguration": {"BlockedIPRangeList": ["192.0.2.0/24"]},
    }
    plan = planned(RISK__ALL=document)
    assert plan.risks["ALL"] == {
        "AccountTakeoverRiskConfiguration": {"Actions": {"HighAction": {**action, "Notify": False}}},
        "RiskExceptionConfiguration": document["RiskExceptionConfiguration"],
    }
    assert notes(plan, "not told of risky sign-ins")
    mapped = planned(RISK__ALL=document, arn_map=NEW).risks["ALL"]["AccountTakeoverRiskConfiguration"]
    assert mapped["Actions"] == takeover["Actions"]
    assert mapped["NotifyConfiguration"] == {"SourceArn": NEW[SENDER], "From": "us"}


def test_logs_are_delivered_to_mapped_destinations_only() -> None:
    group = "arn:aws:logs:us-east-1:111122223333:log-group:messages"
    bucket = "arn:aws:s3:::sign-ins"
    messages = {
        "LogLevel": "ERROR",
        "EventSource": "userNotification",
        "CloudWatchLogsConfiguration": {"LogGroupArn": group},
    }
    events = {"LogLevel": "INFO", "EventSource": "userAuthEvents", "S3Configuration": {"BucketArn": bucket}}
    document = {"UserPoolId": "old", "LogConfigurations": [messages, events]}
    plan = planned(LOGS=document)
    assert plan.logs is None
    assert notes(plan, group, bucket)
    plan = planned(LOGS=document, arn_map={group: "arn:new"})
    assert plan.logs == {
        "LogConfigurations": [{**messages, "CloudWatchLogsConfiguration": {"LogGroupArn": "arn:new"}}]
    }
    assert notes(plan, "userAuthEvents")
    assert not notes(plan, "userNotification")


def test_the_order_of_the_parts_is_that_of_their_names() -> None:
    plan = planned(CLIENT__b=app("second"), CLIENT__a=app("first"))
    assert [client.old_id for client in plan.clients] == ["a", "b"]
