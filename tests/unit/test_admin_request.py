"""What the admin API takes, and how it names what it does not take."""

from __future__ import annotations

import base64
import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lifeboat.errors import (
    AliasExists,
    CognitoRefused,
    CognitoThrottled,
    CognitoUnavailable,
    LifeboatError,
    ResourceNotFound,
    StoreUnavailable,
)
from lifeboat.sync.admin.answer import ApiResponse, answer, refused, response
from lifeboat.sync.admin.request import ApiRequest, InvalidRequest, before_of, change_of, user_of
from tests.unit.test_events import event_of


def request(body: Any = None, **more: Any) -> ApiRequest:
    """The sample request, with another body."""
    sample: ApiRequest = event_of("put_user")
    return {**sample, "body": body if isinstance(body, str) else json.dumps(body), **more}  # type: ignore[typeddict-item]


def claiming(**claims: Any) -> ApiRequest:
    sample = request({})
    own = {**sample["requestContext"]["authorizer"]["claims"], **claims}
    return {**sample, "requestContext": {"authorizer": {"claims": own}}}


def document(found: ApiResponse) -> dict[str, Any]:
    return json.loads(found["body"])  # type: ignore[no-any-return]


def done(*_: Any) -> ApiResponse:
    return response(200, {})


def test_the_sample_is_understood() -> None:
    wanted = change_of(event_of("put_user"))
    assert wanted.asked == {"attributes", "enabled", "groups"}
    assert wanted.attributes["nickname"] is None
    assert user_of(event_of("put_user")) == "8c2d4b6a-0e1f-4a3b-9c5d-7e8f9a0b1c2d"
    assert before_of(event_of("get_user_history")) == "2026-11-21T08:00:00.000Z"


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ("", "body"),
        ("{", "body"),
        ("[]", "body"),
        ("{}", "body"),
        ("[" * 100_000, "body"),
        ({"Enabled": True}, "Enabled"),
        ({"enabled": "yes"}, "enabled"),
        ({"enabled": None}, "enabled"),
        ({"enabled": 1}, "enabled"),
        ({"attributes": {}}, "attributes"),
        ({"attributes": ["email"]}, "attributes"),
        ({"attributes": None}, "attributes"),
        ({"attributes": {"email": 7}}, "attributes.email"),
        ({"attributes": {"nickname": "a" * 2049}}, "attributes.nickname"),
        ({"attributes": {"sub": "a"}}, "attributes.sub"),
        ({"attributes": {"identities": "[]"}}, "attributes.identities"),
        ({"attributes": {"cognito:user_status": "CONFIRMED"}}, "attributes.cognito:user_status"),
        ({"attributes": {"a" * 33: "a"}}, "attributes." + "a" * 33),
        ({"groups": "admins"}, "groups"),
        ({"groups": ["admins", 7]}, "groups.1"),
        ({"groups": ["two words"]}, "groups.0"),
        ({"groups": [f"group-{number}" for number in range(101)]}, "groups"),
    ],
)
def test_what_is_wrong_is_named(body: Any, field: str) -> None:
    with pytest.raises(InvalidRequest) as caught:
        change_of(request(body))
    assert caught.value.field == field
    assert caught.value.problem


FIELDS = st.sampled_from(["attributes", "enabled", "groups", "email"])
JSON = st.recursive(
    st.none() | st.booleans() | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=2) | st.dictionaries(FIELDS, inner, max_size=3),
    max_leaves=5,
)


def misunderstood(body: Any) -> InvalidRequest | None:
    """What a body is refused with; None if it is understood."""
    try:
        change_of(request(body))
    except InvalidRequest as error:
        return error
    return None


@given(JSON)
def test_any_json_is_understood_or_refused_with_a_field(body: Any) -> None:
    error = misunderstood(json.dumps(body))
    assert error is None or (error.field and error.problem)


@given(st.text("qxz", min_size=4, max_size=12))
def test_a_refusal_repeats_no_value(secret: str) -> None:
    for body in (
        {"attributes": {"email": [secret]}},
        {"enabled": secret},
        {"groups": {secret: secret}},
        secret,
    ):
        with pytest.raises(InvalidRequest) as caught:
            change_of(request(json.dumps(body)))
        assert secret not in str(caught.value)


def test_a_body_may_be_encoded() -> None:
    text = base64.b64encode(b'{"enabled": false}').decode()
    assert change_of(request(text, isBase64Encoded=True)).enabled is False
    with pytest.raises(InvalidRequest):
        change_of(request("no base 64!", isBase64Encoded=True))


@pytest.mark.parametrize("sub", ["", "a" * 129, "a\nb"])
def test_a_path_without_a_sub_is_refused(sub: str) -> None:
    with pytest.raises(InvalidRequest, match="userId"):
        user_of(request(pathParameters={"userId": sub}))


@pytest.mark.parametrize("text", ["yesterday", "2026-11-21T08:00:00"])
def test_a_moment_needs_its_zone(text: str) -> None:
    with pytest.raises(InvalidRequest, match="before"):
        before_of(request(queryStringParameters={"before": text}))


@pytest.mark.parametrize("groups", ["admins", "support,admins", "[admins support]", ["support", "admins"]])
def test_members_of_the_group_are_let_in(groups: Any) -> None:
    assert answer(claiming(**{"cognito:groups": groups}), "admins", done)["statusCode"] == 200


@pytest.mark.parametrize(
    "claims",
    [
        {"cognito:groups": ""},
        {"cognito:groups": None},
        {"cognito:groups": "administrators,Admins"},
        {"cognito:groups": []},
        {"cognito:groups": "admins", "token_use": "access"},
    ],
)
def test_others_are_not(claims: dict[str, Any]) -> None:
    found = answer(claiming(**claims), "admins", done)
    assert (found["statusCode"], document(found)["error"]) == (403, "NotAdministrator")


@pytest.mark.parametrize("context", [{}, {"authorizer": None}, {"authorizer": {"claims": {}}}])
def test_a_request_without_claims_is_refused(context: dict[str, Any]) -> None:
    assert answer(request({}, requestContext=context), "admins", done)["statusCode"] == 403


@pytest.mark.parametrize(
    ("error", "status", "name", "field"),
    [
        (CognitoThrottled("A", "TooManyRequestsException"), 429, "Throttled", None),
        (CognitoUnavailable("A", "InternalErrorException"), 503, "Unavailable", None),
        (StoreUnavailable("SQS"), 503, "Unavailable", None),
        (AliasExists("A", "AliasExistsException"), 409, "AliasExists", "groups"),
        (ResourceNotFound("A", "UserNotFoundException"), 404, "UserNotFound", None),
        (ResourceNotFound("A", "ResourceNotFoundException"), 400, "InvalidRequest", "groups"),
        (CognitoRefused("A", "InvalidParameterException", "no"), 400, "InvalidRequest", "groups"),
        (CognitoRefused("A", "AccessDeniedException", "x"), 500, "AccessDeniedException", None),
    ],
)
def test_each_failure_has_its_status(error: LifeboatError, status: int, name: str, field: str | None) -> None:
    found = refused(error, "groups", backup="WRITTEN")
    assert (found["statusCode"], document(found)["error"], document(found).get("field")) == (
        status,
        name,
        field,
    )
    assert document(found)["backup"] == "WRITTEN"
    assert ("Retry-After" in found["headers"]) == (status in (429, 503))


@pytest.mark.parametrize(
    ("error", "status"), [(StoreUnavailable("DynamoDB"), 503), (KeyError("ann@example.com"), 500)]
)
def test_whatever_happens_there_is_an_answer_without_values(
    error: Exception, status: int, capsys: pytest.CaptureFixture[str]
) -> None:
    def fail(*_: Any) -> ApiResponse:
        raise error

    found = answer(claiming(), "admins", fail)
    assert found["statusCode"] == status
    assert "ann" not in found["body"] + capsys.readouterr().out
