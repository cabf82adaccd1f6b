"""The new pool is made from the captured configuration, once, whatever happens on the way."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest
from botocore.exceptions import ClientError, ReadTimeoutError
from moto.core.models import DEFAULT_ACCOUNT_ID

from lifeboat.aws import clients
from lifeboat.cognito.configuration import Part, part_name
from lifeboat.cognito.configuration_reader import ConfigurationReader
from lifeboat.errors import CognitoRefused, CognitoThrottled, CognitoUnavailable, InvalidInput
from lifeboat.model import PoolConfiguration
from lifeboat.pacing import Deadline
from lifeboat.restore import assembly
from lifeboat.restore.pool.new_pool import IMPORT_TAG, NewPool
from lifeboat.restore.pool.plan import Captured, PoolPlan, plan_pool
from lifeboat.restore.tasks import PoolTask, Run
from lifeboat.store.configurations import configuration_drafts
from lifeboat.store.items import Change
from lifeboat.store.ledger import Ledger
from lifeboat.store.table import BackupTable
from tests.adapters.moto_creation import create_whole_pools
from tests.adapters.pools import UNLIMITED, Pool, failing
from tests.adapters.stack import MakePool, Stack, execution
from tests.unit.examples import OVER, PLENTY

IMPORT_ID = "2026-03-02T12:00:00.000Z-5e6f7a8b"
SECRET = "a" * 40
ROLE = f"arn:aws:iam::{DEFAULT_ACCOUNT_ID}:role/sms"
GROUP = f"arn:aws:logs:us-east-1:{DEFAULT_ACCOUNT_ID}:log-group:messages"
SAML = {"MetadataURL": "https://idp.example.com/metadata"}
SCOPES = [{"ScopeName": "read", "ScopeDescription": "reading"}]
RUN: Run = {
    "ImportId": IMPORT_ID,
    "UserPoolId": "",
    "ExecutionArn": execution("ImportWorkflow", "one"),
    "ExportId": "2026-03-01T12:00:00.000Z-1a2b3c4d",
    "AsOf": "",
    "Buckets": 1,
    "UserLane": "auto",
    "SourceSubAttribute": "custom:source_sub",
    "Warnings": [],
}
TASK: PoolTask = {"Run": RUN, "PoolName": "customers"}

WHOLE: dict[str, dict[str, Any]] = {
    "CONFIG": {
        "Id": "us-east-1_Old",
        "Name": "people",
        "UsernameAttributes": ["email"],
        "AutoVerifiedAttributes": ["email"],
        "UserPoolTags": {"team": "web"},
        "LambdaConfig": {"PreSignUp": f"arn:aws:lambda:us-east-1:{DEFAULT_ACCOUNT_ID}:function:check"},
        "SchemaAttributes": [
            {"Name": "email", "AttributeDataType": "String", "Mutable": True, "Required": True},
            *(
                {"Name": f"custom:a{number}", "AttributeDataType": "String", "Mutable": True}
                for number in range(49)
            ),
        ],
    },
    "MFA": {"MfaConfiguration": "OPTIONAL", "SoftwareTokenMfaConfiguration": {"Enabled": True}},
    "RESOURCE_SERVER#api": {"Identifier": "api", "Name": "API", "Scopes": SCOPES},
    "IDP#okta": {"ProviderName": "okta", "ProviderType": "SAML", "ProviderDetails": SAML},
    "IDP#google": {"ProviderName": "google", "ProviderType": "Google", "ProviderDetails": {"client_id": "a"}},
    "CLIENT#1aaa": {
        "ClientId": "1aaa",
        "ClientName": "web, shop",
        "SupportedIdentityProviders": ["COGNITO", "okta", "google"],
        "SecretsLeftOut": ["ClientSecret"],
    },
    "CLIENT#2bbb": {
        "ClientId": "2bbb",
        "ClientName": "machine",
        "ClientSecret": SECRET,
        "AllowedOAuthFlows": ["client_credentials"],
        "AllowedOAuthScopes": ["api/read"],
    },
    "CLIENT#3ccc": {"ClientId": "3ccc", "ClientName": "machine", "RefreshTokenValidity": 5},
    "DOMAIN#shop": {"Domain": "shop"},
    "UI#ALL": {"CSS": ".a {}"},
    "UI#2bbb": {"CSS": ".b {}"},
    "BRANDING#1aaa": {"Settings": {"colors": {"a": 1}}, "Assets": []},
    "RISK#ALL": {"RiskExceptionConfiguration": {"BlockedIPRangeList": ["192.0.2.0/24"]}},
    "LOGS": {
        "LogConfigurations": [
            {
                "LogLevel": "ERROR",
                "EventSource": "userNotification",
                "CloudWatchLogsConfiguration": {"LogGroupArn": GROUP},
            }
        ]
    },
}
"""A pool with every kind of part."""


@pytest.fixture(autouse=True)
def strict_moto(monkeypatch: pytest.MonkeyPatch) -> None:
    create_whole_pools(monkeypatch)


def capture(table: BackupTable, documents: dict[str, dict[str, Any]]) -> None:
    """Put a configuration into the backup, as an export does."""
    for name, document in documents.items():
        drafts = configuration_drafts(PoolConfiguration(name, document))
        table.put_all(draft.item("2026-03-01T12:00:00.000Z", Change.ADDED) for draft in drafts)


def created(task: PoolTask = TASK, deadline: Deadline = PLENTY) -> PoolTask:
    """Create the pool, calling again until it is finished."""
    for _ in range(100):
        task = assembly.pool_creation(task["Run"]).create(task, deadline)
        if task.get("Finished"):
            return task
    raise AssertionError("never finished")


def pools() -> list[Any]:
    """The pools named as asked for."""
    listed = clients.cognito().list_user_pools(MaxResults=60)["UserPools"]
    return [entry["Id"] for entry in listed if entry["Name"] == "customers"]


def parts(pool_id: str) -> dict[str, dict[str, Any]]:
    """All parts of a pool, as an export with CaptureClientSecrets captures them."""
    reader = ConfigurationReader(clients.cognito(), pool_id, UNLIMITED, with_secrets=True)
    found = (reader.part(name) for name in reader.names()[0])
    return {part.name: dict(part.document) for part in found if part is not None}


def names(found: dict[str, dict[str, Any]], kind: Part) -> list[str]:
    return sorted(name.partition("#")[2] for name in found if name.startswith(f"{kind}#"))


def entry(stack: Stack) -> dict[str, Any]:
    found = Ledger(stack.table, "import").get(IMPORT_ID)
    assert found is not None
    return found


@contextmanager
def refusing(operation: str, containing: str = "") -> Iterator[None]:
    """Let Cognito refuse an operation, or only requests that contain a text."""
    client = clients.careful_cognito()
    event = f"before-call.cognito-identity-provider.{operation}"

    def refuse(params: dict[str, Any], **_: Any) -> None:
        if containing in params["body"].decode():
            raise refusal(operation, "InvalidParameterException")

    client.meta.events.register(event, refuse)
    try:
        yield
    finally:
        client.meta.events.unregister(event, refuse)


def refusal(operation: str, code: str) -> ClientError:
    return ClientError({"Error": {"Code": code, "Message": "It cannot be."}}, operation)


def client_map(stack: Stack) -> dict[str, tuple[str, str]]:
    """The map that the operator gets: from an old id to the client's name and new id."""
    key = f"imports/{IMPORT_ID}/maps/clients.csv"
    text = stack.bucket._client.get_object(Bucket=stack.bucket.name, Key=key)["Body"].read().decode()
    rows = list(csv.DictReader(io.StringIO(text)))
    return {row["client_id"]: (row["client_name"], row["new_client_id"]) for row in rows}


# -- a whole pool --------------------------------------------------------------------------------


def test_a_whole_pool_is_made_again(stack: Stack) -> None:
    # Given a pool with every kind of part, and a map for where its logs go
    capture(stack.table, WHOLE)
    Ledger(stack.table, "import").begin(IMPORT_ID, RUN["ExecutionArn"], "2026-03-02T12:00:00Z", {})
    Ledger(stack.table, "import").update(
        IMPORT_ID, {"arn_map": {GROUP: GROUP.replace("us-east-1", "eu-west-1")}}
    )
    # When it is created
    task = created()
    # Then the run names it, and so does the ledger
    pool_id = task["Run"]["UserPoolId"]
    assert task == {"Run": {**RUN, "UserPoolId": pool_id}, "PoolName": "customers", "Finished": True}
    assert pools() == [pool_id]
    assert entry(stack)["user_pool_id"] == pool_id
    # And it has the same parts
    found = parts(pool_id)
    config = found["CONFIG"]
    assert config["Name"] == "customers"
    assert config["UsernameAttributes"] == config["AutoVerifiedAttributes"] == ["email"]
    assert config["UserPoolTags"] == {"team": "web", IMPORT_TAG: IMPORT_ID}
    schema = {each["Name"]: each for each in config["SchemaAttributes"]}
    assert schema["email"]["Required"] is True
    assert schema["custom:source_sub"]["Mutable"] is False
    assert len([name for name in schema if name.startswith("custom:a")]) == 49
    assert found["MFA"] == WHOLE["MFA"]
    assert found["RESOURCE_SERVER#api"]["Scopes"] == SCOPES
    assert names(found, Part.IDP) == ["okta"]
    assert names(found, Part.DOMAIN) == ["shop"]
    assert found["UI#ALL"]["CSS"] == ".a {}"
    assert found["RISK#ALL"]["RiskExceptionConfiguration"] == WHOLE["RISK#ALL"]["RiskExceptionConfiguration"]
    [logs] = found["LOGS"]["LogConfigurations"]
    assert ":eu-west-1:" in logs["CloudWatchLogsConfiguration"]["LogGroupArn"]
    # And its clients, whose new ids the map gives
    new = {old: new_id for old, (_, new_id) in client_map(stack).items()}
    assert client_map(stack).keys() == {"1aaa", "2bbb", "3ccc"}
    assert sorted(new.values()) == names(found, Part.CLIENT)
    web, machine, other = (found[part_name(Part.CLIENT, new[old])] for old in ("1aaa", "2bbb", "3ccc"))
    assert (web["ClientName"], machine["ClientName"], other["ClientName"]) == (
        "web, shop",
        "machine",
        "machine",
    )
    assert web["SupportedIdentityProviders"] == ["COGNITO", "okta"]
    assert web["ClientSecret"] != SECRET
    assert (machine["ClientSecret"], machine["AllowedOAuthScopes"]) == (SECRET, ["api/read"])
    assert other["RefreshTokenValidity"] == 5
    assert "ClientSecret" not in other
    assert found[f"UI#{new['2bbb']}"]["CSS"] == ".b {}"
    assert found[f"BRANDING#{new['1aaa']}"]["Settings"] == {"colors": {"a": 1}}


def test_what_is_left_out_is_in_the_ledger(stack: Stack) -> None:
    capture(stack.table, WHOLE)
    created()
    noted = "\n".join(entry(stack)["pool_notes"])
    for words in (
        "PreSignUp",
        "the identity provider google (Google) is not there",
        "the identity provider google was taken out of the app clients web, shop",
        "the app clients web, shop have new secrets",
        "logs are not delivered",
        "tell the identity providers okta",
        "3 app clients have new ids",
    ):
        assert words in noted
    assert SECRET not in str(stack.bucket.get_document(f"imports/{IMPORT_ID}/pool.json"))


def test_a_pool_that_was_never_captured_cannot_be_created(stack: Stack) -> None:
    with pytest.raises(InvalidInput, match="CreateUserPool: the backup holds no configuration"):
        created()
    assert pools() == []


# -- refusals ------------------------------------------------------------------------------------


def test_what_cognito_refuses_besides_the_pool_is_noted_and_the_import_goes_on(stack: Stack) -> None:
    # Given a domain that somebody else has taken
    capture(stack.table, WHOLE)
    stack.source.client.create_user_pool_domain(Domain="shop", UserPoolId=stack.source.pool_id)
    pool_id = created()["Run"]["UserPoolId"]
    # Then the pool has none, nor the style sheets that need one, but everything else
    assert names(parts(pool_id), Part.DOMAIN) == []
    noted = entry(stack)["pool_notes"]
    assert [each for each in noted if "the domain shop is not there" in each]
    assert [each for each in noted if "the style sheet of the pool is not there" in each]
    assert len(client_map(stack)) == 3


def test_a_client_that_cognito_refuses_is_noted_and_its_settings_are_dropped(stack: Stack) -> None:
    capture(stack.table, WHOLE)
    with refusing("CreateUserPoolClient", SECRET):
        pool_id = created()["Run"]["UserPoolId"]
    assert client_map(stack).keys() == {"1aaa", "3ccc"}
    noted = entry(stack)["pool_notes"]
    assert [each for each in noted if "the app client machine is not there: Cognito refused it" in each]
    assert names(parts(pool_id), Part.UI) == ["ALL"]


def test_a_scope_whose_resource_server_was_refused_is_taken_out_of_the_clients(stack: Stack) -> None:
    capture(stack.table, WHOLE)
    with refusing("CreateResourceServer"):
        pool_id = created()["Run"]["UserPoolId"]
    machine = parts(pool_id)[part_name(Part.CLIENT, client_map(stack)["2bbb"][1])]
    assert machine["AllowedOAuthScopes"] == []
    assert [each for each in entry(stack)["pool_notes"] if "the scope api/read was taken out" in each]


def test_developer_only_attributes_may_be_refused(stack: Stack) -> None:
    attribute = {"Name": "dev:custom:rank", "AttributeDataType": "String", "Mutable": True}
    capture(stack.table, {"CONFIG": {"Id": "us-east-1_Old", "SchemaAttributes": [attribute]}})
    with refusing("AddCustomAttributes", "DeveloperOnly"):
        created()
    [noted] = entry(stack)["pool_notes"]
    assert "developer-only attributes rank" in noted


def test_a_refused_pool_fails_the_import_with_the_remedy(stack: Stack) -> None:
    capture(stack.table, WHOLE)
    remedy = "correct ArnMap if it is about one, or create the pool by hand"
    with refusing("CreateUserPool"), pytest.raises(CognitoRefused, match=remedy):
        created()
    assert "user_pool_id" not in (Ledger(stack.table, "import").get(IMPORT_ID) or {})


@pytest.mark.parametrize("operation", ["SetUserPoolMfaConfig", "AddCustomAttributes"])
def test_without_factors_or_attributes_the_import_fails_and_goes_on_when_resumed(
    stack: Stack, operation: str
) -> None:
    # A pool that is less safe than it was, or that cannot hold its users, must not come into use unnoticed.
    capture(stack.table, {**WHOLE, "CONFIG": {**WHOLE["CONFIG"], "Name": "people"}})
    with refusing(operation), pytest.raises(CognitoRefused, match="correct ArnMap and resume"):
        created()
    pool_id = entry(stack)["user_pool_id"]
    assert created()["Run"]["UserPoolId"] == pool_id
    assert parts(pool_id)["MFA"]["MfaConfiguration"] == "OPTIONAL"
    assert pools() == [pool_id]


# -- lost answers, little time -------------------------------------------------------------------


@contextmanager
def losing_every_answer_once() -> Iterator[set[str]]:
    """Carry out every request that creates or sets something, and lose the answer the first time."""
    client = clients.careful_cognito()
    lost: set[str] = set()
    sent = ""

    def remember(params: dict[str, Any], model: Any, **_: Any) -> None:
        nonlocal sent
        sent = f"{model.name} {params['body'].decode()}"

    def lose(model: Any, **_: Any) -> None:
        if model.name.startswith(("Create", "Set", "Add")) and sent not in lost:
            lost.add(sent)
            raise ReadTimeoutError(endpoint_url="cognito")

    client.meta.events.register("before-call.cognito-identity-provider", remember)
    client.meta.events.register("after-call.cognito-identity-provider", lose)
    try:
        yield lost
    finally:
        client.meta.events.unregister("before-call.cognito-identity-provider", remember)
        client.meta.events.unregister("after-call.cognito-identity-provider", lose)


def test_nothing_is_made_twice_when_every_answer_is_lost(stack: Stack) -> None:
    # Given that each call's answer is lost once, so that the workflow has to try again
    capture(stack.table, WHOLE)
    with losing_every_answer_once() as lost:
        for _ in range(100):
            try:
                task = created()
                break
            except CognitoUnavailable:
                continue
    # Then there is one pool, with each part once, and nothing seems refused
    assert len(lost) > 12
    pool_id = task["Run"]["UserPoolId"]
    assert pools() == [pool_id]
    found = parts(pool_id)
    assert len(names(found, Part.CLIENT)) == len(client_map(stack)) == 3
    assert {name: names(found, name) for name in (Part.IDP, Part.RESOURCE_SERVER, Part.DOMAIN)} == {
        Part.IDP: ["okta"],
        Part.RESOURCE_SERVER: ["api"],
        Part.DOMAIN: ["shop"],
    }
    secrets = {
        old: found[part_name(Part.CLIENT, new)].get("ClientSecret")
        for old, (_, new) in client_map(stack).items()
    }
    assert secrets["2bbb"] == SECRET
    assert secrets["3ccc"] is None
    assert not [each for each in entry(stack)["pool_notes"] if "Cognito refused" in each]


def test_a_pool_of_the_same_name_is_not_taken_for_the_imports_own(stack: Stack) -> None:
    capture(stack.table, WHOLE)
    other = stack.source.client.create_user_pool(PoolName="customers", UserPoolTags={IMPORT_TAG: "another"})
    created()
    assert len(pools()) == 2
    assert entry(stack)["user_pool_id"] != other["UserPool"]["Id"]


def test_with_little_time_each_call_takes_one_step(stack: Stack) -> None:
    capture(stack.table, WHOLE)
    first = assembly.pool_creation(RUN).create(TASK, OVER)
    assert (first["Finished"], bool(first["Run"]["UserPoolId"])) == (False, True)
    finished = created(first, OVER)
    assert pools() == [finished["Run"]["UserPoolId"]]
    assert len(client_map(stack)) == 3


def test_a_finished_creation_changes_nothing_when_it_is_repeated(stack: Stack) -> None:
    capture(stack.table, WHOLE)
    task = created()
    before = (parts(task["Run"]["UserPoolId"]), client_map(stack), entry(stack))
    assert created() == task
    assert (parts(task["Run"]["UserPoolId"]), client_map(stack), entry(stack)) == before


def test_throttling_is_raised_only_where_nothing_was_done_before(stack: Stack) -> None:
    capture(stack.table, WHOLE)
    throttled = refusal("CreateUserPoolClient", "TooManyRequestsException")
    with failing(clients.careful_cognito(), "CreateUserPoolClient", throttled, call=2):
        task = assembly.pool_creation(RUN).create(TASK, PLENTY)
        assert task["Finished"] is False
        with pytest.raises(CognitoThrottled):
            assembly.pool_creation(RUN).create(task, PLENTY)
    assert created(task)["Finished"] is True


# -- round trip ----------------------------------------------------------------------------------

SMS_SENDER = {"SnsCallerArn": ROLE, "ExternalId": "external"}
BOTH = [{"Priority": 1, "Name": "verified_email"}, {"Priority": 2, "Name": "verified_phone_number"}]
KINDS: dict[str, tuple[dict[str, Any], dict[str, Any]]] = {
    "plain": ({}, {}),
    "email": (
        {
            "UsernameAttributes": ["email"],
            "AutoVerifiedAttributes": ["email"],
            "DeletionProtection": "ACTIVE",
        },
        {},
    ),
    "phone": (
        {
            "UsernameAttributes": ["phone_number"],
            "AutoVerifiedAttributes": ["phone_number"],
            "SmsConfiguration": SMS_SENDER,
            "SmsAuthenticationMessage": "Your code is {####}",
        },
        {"MfaConfiguration": "ON", "SmsMfaConfiguration": {"SmsConfiguration": SMS_SENDER}},
    ),
    "aliases": (
        {
            "AliasAttributes": ["email", "phone_number", "preferred_username"],
            "UsernameConfiguration": {"CaseSensitive": False},
            "AccountRecoverySetting": {"RecoveryMechanisms": BOTH},
        },
        {"MfaConfiguration": "OPTIONAL", "SoftwareTokenMfaConfiguration": {"Enabled": True}},
    ),
    "attributes": (
        {
            "Schema": [
                {"Name": "family_name", "AttributeDataType": "String", "Mutable": True, "Required": True},
                {"Name": "team", "AttributeDataType": "String", "Mutable": False},
                {
                    "Name": "age",
                    "AttributeDataType": "Number",
                    "Mutable": True,
                    "NumberAttributeConstraints": {"MinValue": "0", "MaxValue": "150"},
                },
                {"Name": "member", "AttributeDataType": "Boolean", "Mutable": True},
                {"Name": "joined", "AttributeDataType": "DateTime", "Mutable": True},
            ]
        },
        {},
    ),
    "passwordless": (
        {
            "UserPoolTier": "ESSENTIALS",
            "Policies": {
                "PasswordPolicy": {"MinimumLength": 12, "TemporaryPasswordValidityDays": 3},
                "SignInPolicy": {"AllowedFirstAuthFactors": ["PASSWORD", "EMAIL_OTP", "WEB_AUTHN"]},
            },
        },
        {"MfaConfiguration": "OFF", "WebAuthnConfiguration": {"RelyingPartyId": "auth.example.com"}},
    ),
    "plus": (
        {
            "UserPoolTier": "PLUS",
            "UserPoolAddOns": {"AdvancedSecurityMode": "ENFORCED"},
            "DeviceConfiguration": {"ChallengeRequiredOnNewDevice": True},
            "UserAttributeUpdateSettings": {"AttributesRequireVerificationBeforeUpdate": ["email"]},
            "AutoVerifiedAttributes": ["email"],
        },
        {},
    ),
}


def plan_of(pool: Pool) -> PoolPlan:
    captured = {name: PoolConfiguration(name, document) for name, document in parts(pool.pool_id).items()}
    return plan_pool(Captured(captured), NewPool("customers", "eu-west-1", IMPORT_ID, {ROLE: ROLE}, ""))


@pytest.mark.parametrize("kind", KINDS)
def test_a_pool_made_from_a_plan_gives_the_same_plan(stack: Stack, make_pool: MakePool, kind: str) -> None:
    # Given a pool of some kind
    arguments, mfa = KINDS[kind]
    source = make_pool(**arguments)
    if mfa:
        source.client.set_user_pool_mfa_config(UserPoolId=source.pool_id, **mfa)
    # When it is captured and created anew
    capture(stack.table, parts(source.pool_id))
    Ledger(stack.table, "import").update(IMPORT_ID, {"arn_map": {ROLE: ROLE}})
    task = created({"Run": {**RUN, "SourceSubAttribute": ""}, "PoolName": "customers"})
    # Then nothing is left to say, and a plan from the new pool is the same as that from the old one
    assert entry(stack)["pool_notes"] == []
    assert plan_of(Pool(source.client, task["Run"]["UserPoolId"])) == plan_of(source)
