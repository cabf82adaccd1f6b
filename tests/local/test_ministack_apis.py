"""What AWS::Serverless::Api says about requests holds: models, validators, gateway responses."""

from __future__ import annotations

import asyncio
import functools
import json
from typing import TYPE_CHECKING, Any

import pytest
from ministack.core.responses import request_scope
from ministack.services import apigateway_v1 as gateway

from local import ministack_apis

if TYPE_CHECKING:
    from collections.abc import Callable

REGION = "eu-west-1"
ACCOUNT = "000000000000"
USER = {
    "type": "object",
    "required": ["email"],
    "additionalProperties": False,
    "properties": {"email": {"type": "string"}, "age": {"type": "integer"}},
}
OPERATION = {
    "x-amazon-apigateway-request-validator": "all",
    "parameters": [
        {"in": "body", "name": "User", "required": True, "schema": {"$ref": "#/definitions/User"}},
        {"in": "header", "name": "X-Reason", "required": True, "type": "string"},
    ],
    "x-amazon-apigateway-integration": {"type": "mock", "uri": "mock", "httpMethod": "POST"},
}
BODY = {
    "info": {"title": "people"},
    "definitions": {"User": USER},
    "x-amazon-apigateway-request-validators": {
        "all": {"validateRequestBody": True, "validateRequestParameters": True}
    },
    "x-amazon-apigateway-gateway-responses": {
        "BAD_REQUEST_BODY": {
            "statusCode": 422,
            "responseTemplates": {"application/json": '{"wrong": "$context.error.validationErrorString"}'},
        }
    },
    "paths": {"/users/{userId}": {"put": OPERATION}},
}


@pytest.fixture
def put(monkeypatch: pytest.MonkeyPatch) -> Callable[..., tuple[int, Any]]:
    """Import the API into ministack's code in this process; return what sends a body to it."""
    for patch in ministack_apis.patches:
        assert patch.mismatch() is None
        original = patch.original()
        assert not isinstance(patch.owner, dict)
        monkeypatch.setattr(patch.owner, patch.name, functools.partial(patch.replacement, original))
    with request_scope(ACCOUNT, REGION):
        api = gateway._import_rest_api(BODY)
        gateway._create_deployment(api, {"stageName": "v1"})

    def send(body: Any, **headers: str) -> tuple[int, Any]:
        content = body if isinstance(body, str) else json.dumps(body)
        request: tuple[Any, ...] = (
            api,
            "v1",
            "PUT",
            "/users/1",
            headers,
            content.encode(),
            {},
            ACCOUNT,
            REGION,
        )
        with request_scope(ACCOUNT, REGION):
            status, _, answer = asyncio.run(gateway._handle_execute_in_scope(*request))
        return status, json.loads(answer)

    return send


@pytest.mark.parametrize(
    ("body", "wrong"),
    [
        ({"age": 1}, '[object has missing required properties (["email"])]'),
        (
            {"email": "a", "sub": "x"},
            '[object instance has properties which are not allowed by the schema: ["sub"]]',
        ),
        (
            {"email": 7},
            '[instance type (integer) does not match any allowed primitive type (allowed: ["string"])]',
        ),
        ([], '[instance type (array) does not match any allowed primitive type (allowed: ["object"])]'),
        ("{", "Invalid JSON"),
    ],
)
def test_a_body_that_the_model_does_not_allow_is_refused(
    put: Callable[..., tuple[int, Any]], body: Any, wrong: str
) -> None:
    assert put(body, **{"X-Reason": "test"}) == (422, {"wrong": wrong})


def test_other_requests_pass_or_lack_a_parameter(put: Callable[..., tuple[int, Any]]) -> None:
    assert put({"email": "a"}, **{"X-Reason": "test"}) == (200, {})
    status, answer = put({"email": "a"})
    assert (status, "X-Reason" in answer["message"]) == (400, True)
