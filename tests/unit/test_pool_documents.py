"""What is kept of the API's answers about a pool: nothing that changes by itself, and no secret unasked."""

import json
from datetime import UTC, datetime
from typing import Any

import pytest
from botocore.loaders import Loader
from botocore.model import OperationModel, ServiceModel
from hypothesis import given
from hypothesis import strategies as st

from lifeboat.cognito.configuration import (
    BASE64,
    LEFT_OUT,
    VOLATILE,
    Part,
    document_of,
    part_name,
    same_risk,
    says_nothing,
    split_name,
    with_bytes,
)
from tests.unit.examples import JSON, NAMES, TEXT

NOW = datetime(2026, 3, 1, tzinfo=UTC)
SECRET = "a-secret-that-nobody-may-read"

OPERATIONS = {
    Part.CONFIG: ("DescribeUserPool", "UserPool"),
    Part.MFA: ("GetUserPoolMfaConfig", None),
    Part.CLIENT: ("DescribeUserPoolClient", "UserPoolClient"),
    Part.IDP: ("DescribeIdentityProvider", "IdentityProvider"),
    Part.RESOURCE_SERVER: ("DescribeResourceServer", "ResourceServer"),
    Part.DOMAIN: ("DescribeUserPoolDomain", "DomainDescription"),
    Part.UI: ("GetUICustomization", "UICustomization"),
    Part.BRANDING: ("DescribeManagedLoginBrandingByClient", "ManagedLoginBranding"),
    Part.RISK: ("DescribeRiskConfiguration", "RiskConfiguration"),
    Part.LOGS: ("GetLogDeliveryConfiguration", "LogDeliveryConfiguration"),
}
SERVICE = ServiceModel(Loader().load_service_model("cognito-idp", "service-2"))


def shape_of(kind: Part) -> Any:
    """The SDK's model of the answer that a part is read from."""
    operation, field = OPERATIONS[kind]
    model: OperationModel = SERVICE.operation_model(operation)
    shape: Any = model.output_shape
    return shape if field is None else shape.members[field]


def example(shape: Any) -> Any:
    """A value with every field that a shape can have."""
    if shape.type_name == "structure":
        return {name: example(member) for name, member in shape.members.items()} or {"any": ["json", 0.5]}
    if shape.type_name == "list":
        return [example(shape.member)]
    if shape.type_name == "map":
        return {"key": example(shape.value)}
    values: dict[str, Any] = {"timestamp": NOW, "blob": b"\x00\xff", "boolean": True}
    return values.get(shape.type_name, 7 if shape.type_name in ("integer", "long") else "text")


@pytest.mark.parametrize("kind", Part)
def test_a_whole_answer_becomes_json_without_what_changes_by_itself(kind: Part) -> None:
    answer = example(shape_of(kind))
    document = document_of(kind, answer, with_secrets=True)
    assert json.loads(json.dumps(document)) == document
    volatile = VOLATILE.get(kind, frozenset())
    dates = {name for name, value in answer.items() if isinstance(value, datetime)}
    assert document.keys() == answer.keys() - volatile - dates


@pytest.mark.parametrize("kind", sorted(VOLATILE.keys() - {Part.MFA}))
def test_what_is_left_out_are_fields_of_the_api(kind: Part) -> None:
    assert VOLATILE[kind] <= shape_of(kind).members.keys()


def test_only_the_pool_and_the_time_of_an_answer_differ_from_one_to_the_next() -> None:
    answer = {"Id": "x", "LastModifiedDate": NOW, "EstimatedNumberOfUsers": 1, "UserPoolTags": {"a": "b"}}
    later = {**answer, "LastModifiedDate": NOW.replace(year=2027), "EstimatedNumberOfUsers": 2}
    assert document_of(Part.CONFIG, answer) == document_of(Part.CONFIG, later)
    assert document_of(Part.CONFIG, answer) == {"Id": "x", "UserPoolTags": {"a": "b"}}


# -- secrets ------------------------------------------------------------------------------------


def test_no_secret_is_in_a_document_without_the_switch() -> None:
    client = {"ClientId": "c", "ClientSecret": SECRET}
    assert document_of(Part.CLIENT, client) == {"ClientId": "c", LEFT_OUT: ["ClientSecret"]}
    details = {"client_id": "i", "client_secret": SECRET, "private_key": SECRET, "new_ClientSecret": SECRET}
    document = document_of(Part.IDP, {"ProviderName": "p", "ProviderDetails": details})
    assert SECRET not in json.dumps(document)
    assert document["ProviderDetails"] == {"client_id": "i"}
    assert document[LEFT_OUT] == ["client_secret", "new_ClientSecret", "private_key"]


def test_with_the_switch_secrets_are_kept() -> None:
    client = {"ClientId": "c", "ClientSecret": SECRET}
    assert document_of(Part.CLIENT, client, with_secrets=True) == client
    provider = {"ProviderName": "p", "ProviderDetails": {"client_secret": SECRET}}
    assert document_of(Part.IDP, provider, with_secrets=True) == provider


@pytest.mark.parametrize("with_secrets", [True, False])
def test_where_there_is_no_secret_none_is_said_to_be_left_out(with_secrets: bool) -> None:
    answers: list[tuple[Part, dict[str, Any]]] = [
        (Part.CLIENT, {"ClientId": "c"}),
        (Part.IDP, {"ProviderName": "p", "ProviderDetails": {"MetadataURL": "https://example.com"}}),
        (Part.IDP, {"ProviderName": "p"}),
    ]
    for kind, answer in answers:
        assert document_of(kind, answer, with_secrets) == answer


def test_what_the_api_marks_as_secret_is_known() -> None:
    # The model marks client ids too, which are none; anything else that it marks must be left out.
    marked = {
        name
        for kind in Part
        for name, member in shape_of(kind).members.items()
        if member.metadata.get("sensitive") and name != "ClientId"
    }
    assert marked == {"ClientSecret"}


# -- bytes --------------------------------------------------------------------------------------


@given(st.lists(st.binary()), JSON.filter(lambda value: BASE64 not in repr(value)))
def test_images_survive_json(images: list[bytes], settings: Any) -> None:
    answer = {"Settings": settings, "Assets": [{"Bytes": image, "ColorMode": "DARK"} for image in images]}
    document = document_of(Part.BRANDING, answer)
    assert with_bytes(json.loads(json.dumps(document))) == answer


# -- names --------------------------------------------------------------------------------------


@given(st.sampled_from(Part), st.just("") | NAMES | TEXT)
def test_a_name_tells_kind_and_identifier(kind: Part, identifier: str) -> None:
    assert split_name(part_name(kind, identifier)) == (kind, identifier)


# -- answers that say nothing --------------------------------------------------------------------


@pytest.mark.parametrize(
    ("kind", "document"),
    [
        (Part.UI, {}),
        (Part.UI, {"UserPoolId": "x", "ClientId": "ALL", "CSS": ""}),
        (Part.RISK, {"UserPoolId": "x", "ClientId": "c", "RiskExceptionConfiguration": {}}),
        (Part.LOGS, {"UserPoolId": "x", "LogConfigurations": []}),
        (Part.DOMAIN, {}),
        (Part.BRANDING, {}),
    ],
)
def test_nothing_is_configured(kind: Part, document: dict[str, Any]) -> None:
    assert says_nothing(kind, document)


@pytest.mark.parametrize(
    ("kind", "document"),
    [
        (Part.UI, {"CSS": ".logo {}"}),
        (Part.UI, {"ImageUrl": "https://example.com/logo.png"}),
        (Part.RISK, {"RiskExceptionConfiguration": {"BlockedIPRangeList": ["192.0.2.0/24"]}}),
        (Part.LOGS, {"LogConfigurations": [{"LogLevel": "ERROR"}]}),
        (Part.BRANDING, {"UseCognitoProvidedValues": True}),
        (Part.MFA, {"MfaConfiguration": "OFF"}),
    ],
)
def test_something_is_configured(kind: Part, document: dict[str, Any]) -> None:
    assert not says_nothing(kind, document)


def test_risks_are_compared_by_their_settings() -> None:
    blocked = {"RiskExceptionConfiguration": {"BlockedIPRangeList": ["192.0.2.0/24"]}}
    assert same_risk({**blocked, "ClientId": "c"}, blocked)
    assert not same_risk(blocked, {"RiskExceptionConfiguration": {}})
