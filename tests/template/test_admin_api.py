"""The admin API: who is let in, what is logged, how much is taken, and what its functions may do."""

from __future__ import annotations

import json
import re
from typing import Any

import pytest

from lifeboat.sync.admin.changes import PROMISE_SECONDS
from tests.template.policies import granted, role_statements
from tests.template.reading import (
    EXAMPLES,
    KEY_ARN,
    REGIONS,
    WITH_ADMIN_API,
    Resolver,
    broken_rules,
    parameter_problem,
    resources_of_type,
    source,
    stack,
)

POOL = "arn:aws:cognito-idp:us-east-1:111122223333:userpool/us-east-1_AbCdEf123"
STANDBY = "arn:aws:cognito-idp:eu-west-1:111122223333:userpool/eu-west-1_Standby12"
FUNCTIONS = {"PutUserFunction", "DeleteUserFunction", "GetUserHistoryFunction"}
KEY = KEY_ARN.format(region=REGIONS["primary"])
PERSONAL = (
    "sourceIp",
    "userAgent",
    "$context.path",
    "caller",
    "username",
    "email",
    "validationError",
    "input",
)


def resolved(**parameters: str) -> dict[str, Any]:
    """The API as written, with its functions carried out."""
    names = EXAMPLES["primary"] | WITH_ADMIN_API | parameters
    return Resolver(REGIONS["primary"], "lifeboat", names).value(  # type: ignore[no-any-return]
        resources_of_type("AWS::Serverless::Api")["AdminRestApi"]["Properties"]
    )


def api() -> dict[str, Any]:
    return stack("primary", **WITH_ADMIN_API).resources["AdminRestApi"]["Properties"]["Body"]  # type: ignore[no-any-return]


def stage() -> dict[str, Any]:
    [found] = stack("primary", **WITH_ADMIN_API).of_type("AWS::ApiGateway::Stage").values()
    return found  # type: ignore[no-any-return]


@pytest.mark.parametrize(
    ("role", "parameters"),
    [
        ("primary", {}),
        ("primary", {"AdminApi": "ON"}),
        ("primary", {"LiveSync": "CAPTURE"}),
        ("backup", WITH_ADMIN_API),
    ],
)
def test_without_being_asked_for_there_is_none(role: str, parameters: dict[str, str]) -> None:
    this = stack(role, **parameters)
    assert not [name for name, each in this.resources.items() if "ApiGateway" in each["Type"]]
    assert not FUNCTIONS & this.resources.keys()
    assert "AdminApiUrl" not in this.outputs


@pytest.mark.parametrize(
    ("role", "change"), [("primary", {"LiveSync": "OFF"}), ("backup", {"LiveSync": "CAPTURE"})]
)
def test_a_stack_that_cannot_have_it_says_so(role: str, change: dict[str, str]) -> None:
    [problem] = broken_rules(REGIONS[role], EXAMPLES[role] | {"AdminApi": "ON"} | change)
    assert problem.startswith("AdminApi: ")


def test_the_right_stack_passes() -> None:
    assert broken_rules(REGIONS["primary"], EXAMPLES["primary"] | WITH_ADMIN_API) == []


def test_tokens_of_both_pools_are_accepted() -> None:
    def accepted(**parameters: str) -> Any:
        return resolved(**parameters)["Auth"]["Authorizers"]["Pools"]["UserPoolArn"]

    assert accepted() == [POOL]
    assert accepted(StandbyUserPoolId="eu-west-1_Standby12") == [POOL, STANDBY]


def test_every_route_asks_for_a_token() -> None:
    routes = {
        (method, path): route for path, methods in api()["paths"].items() for method, route in methods.items()
    }
    assert routes.keys() == {
        ("put", "/users/{userId}"),
        ("delete", "/users/{userId}"),
        ("get", "/users/{userId}/history"),
    }
    for route in routes.values():
        assert route["security"] == [{"Pools": []}]
        assert route["x-amazon-apigateway-integration"]["type"] == "aws_proxy"
    [authorizer] = api()["securityDefinitions"].values()
    assert authorizer["name"] == "Authorization"
    assert authorizer["x-amazon-apigateway-authorizer"]["type"] == "cognito_user_pools"


def test_a_put_without_an_object_does_not_reach_the_function() -> None:
    put = api()["paths"]["/users/{userId}"]["put"]
    validator = api()["x-amazon-apigateway-request-validators"][put["x-amazon-apigateway-request-validator"]]
    assert validator["validateRequestBody"] is True
    [body] = [each for each in put["parameters"] if each["in"] == "body"]
    assert (body["required"], body["schema"]) == (True, {"$ref": "#/definitions/userchange"})
    # Types are left to the function: the gateway's refusals name no field.
    assert api()["definitions"] == {"userchange": {"type": "object", "minProperties": 1}}


def test_the_gateways_own_refusals_are_json_like_the_functions() -> None:
    refusals = api()["x-amazon-apigateway-gateway-responses"]
    assert refusals.keys() == {"BAD_REQUEST_BODY", "UNAUTHORIZED", "THROTTLED"}
    for refusal in refusals.values():
        said = json.loads(refusal["responseTemplates"]["application/json"])
        assert {"error", "message"} <= said.keys()
    assert (
        json.loads(refusals["BAD_REQUEST_BODY"]["responseTemplates"]["application/json"])["field"] == "body"
    )


def test_it_is_regional_traced_and_throttled() -> None:
    rest = stack("primary", **WITH_ADMIN_API).resources["AdminRestApi"]["Properties"]
    assert rest["EndpointConfiguration"]["Types"] == ["REGIONAL"]
    assert stage()["TracingEnabled"] is True
    [settings] = stage()["MethodSettings"]
    assert (settings["ResourcePath"], settings["HttpMethod"]) == ("/*", "*")
    assert settings["ThrottlingRateLimit"] <= 25 / 5  # UserUpdate, and five changes of it a request
    assert 0 < settings["ThrottlingBurstLimit"] <= 10
    # Its own log would hold what is sent.
    assert (settings["LoggingLevel"], settings["DataTraceEnabled"]) == ("OFF", False)


def test_the_access_log_is_json_about_nobody() -> None:
    written = stage()["AccessLogSetting"]
    assert written["DestinationArn"] == "<AdminAccessLogGroup.Arn>"
    assert {"requestId", "method", "resource", "status", "by"} <= json.loads(written["Format"]).keys()
    assert not [name for name in PERSONAL if re.search(rf"{re.escape(name)}\b", written["Format"], re.I)]


def test_functions_end_when_the_gateway_stops_waiting_and_before_the_promise_is_seen() -> None:
    functions = stack("primary", **WITH_ADMIN_API).of_type("AWS::Lambda::Function")
    # docs.aws.amazon.com/apigateway/latest/developerguide/api-gateway-execution-service-limits-table.html
    assert {functions[name]["Timeout"] for name in FUNCTIONS} == {29}
    assert PROMISE_SECONDS > 29


def test_functions_are_called_by_their_route_only() -> None:
    this = stack("primary", **WITH_ADMIN_API)
    permissions = {
        each["FunctionName"].strip("<>"): (each["Principal"], each["SourceArn"].split("/", 1)[1])
        for each in this.of_type("AWS::Lambda::Permission").values()
        if each["Principal"] == "apigateway.amazonaws.com"
    }
    assert permissions == {
        "PutUserFunction": ("apigateway.amazonaws.com", "*/PUT/users/*"),
        "DeleteUserFunction": ("apigateway.amazonaws.com", "*/DELETE/users/*"),
        "GetUserHistoryFunction": ("apigateway.amazonaws.com", "*/GET/users/*/history"),
    }


def test_each_function_changes_the_pool_as_its_route_says_and_no_other_pool() -> None:
    rights = role_statements(stack("primary", KmsKeyArn=KEY, **WITH_ADMIN_API))
    may = {name: granted(rights[f"{name.removesuffix('Function')}Role"]) for name in FUNCTIONS}
    changing = {
        name: {action for action in found if re.match(r"cognito-idp:(?!List|Get|Describe|AdminList)", action)}
        for name, found in may.items()
    }
    assert changing["DeleteUserFunction"] == {"cognito-idp:AdminDeleteUser"}
    assert changing["GetUserHistoryFunction"] == set()
    assert changing["PutUserFunction"] == {
        f"cognito-idp:Admin{action}"
        for action in (
            "AddUserToGroup",
            "DeleteUserAttributes",
            "DisableUser",
            "EnableUser",
            "RemoveUserFromGroup",
            "UpdateUserAttributes",
        )
    }
    for found in may.values():
        assert {arn for action, where in found.items() if "cognito" in action for arn in where} <= {POOL}
        assert {action: where for action, where in found.items() if action.startswith("logs:")} == {
            "logs:CreateLogStream": {"<AdminLogGroup.Arn>"},
            "logs:PutLogEvents": {"<AdminLogGroup.Arn>"},
        }
        assert found["kms:Decrypt"] == {KEY}


def test_the_history_is_read_from_the_users_partitions_only() -> None:
    found = role_statements(stack("primary", **WITH_ADMIN_API))["GetUserHistoryRole"]
    [table] = [each for each in found if any("dynamodb" in action for action in each.actions)]
    assert table.actions == ("dynamodb:Query",)
    assert table.resources == ("arn:aws:dynamodb:us-east-1:111122223333:table/backup-table",)
    assert table.condition == {
        "ForAllValues:StringLike": {"dynamodb:LeadingKeys": ["USER#*", "HISTORY#USER#*"]},
    }


def test_failures_raise_an_alarm() -> None:
    [alarm] = [
        each
        for each in stack("primary", **WITH_ADMIN_API).of_type("AWS::CloudWatch::Alarm").values()
        if each["Namespace"] == "AWS/ApiGateway"
    ]
    dimensions = {each["Name"]: each["Value"] for each in alarm["Dimensions"]}
    assert dimensions == {"ApiName": "lifeboat-AdminApi", "Stage": stage()["StageName"]}
    assert resolved()["Name"] == "lifeboat-AdminApi"


def test_its_logs_are_kept_and_encrypted_like_the_others() -> None:
    groups = stack("primary", KmsKeyArn=KEY, LogRetentionDays="90", **WITH_ADMIN_API).of_type(
        "AWS::Logs::LogGroup"
    )
    for name in ("AdminLogGroup", "AdminAccessLogGroup"):
        assert groups[name]["RetentionInDays"] == "90"
        assert groups[name]["KmsKeyId"] == KEY


@pytest.mark.parametrize(
    ("name", "value", "taken"),
    [
        ("AdminApi", "ON", True),
        ("AdminApi", "on", False),
        ("AdminGroup", "the-admins", True),
        ("AdminGroup", "a,admins", False),  # the claim is a list as text
        ("AdminGroup", "[admins]", False),
        ("AdminGroup", "", False),
    ],
)
def test_parameters_take_what_can_be_used(name: str, value: str, taken: bool) -> None:
    assert (parameter_problem(name, value) is None) == taken


def test_the_address_is_an_output() -> None:
    url = source()["Outputs"]["AdminApiUrl"]["Value"]["Fn::Sub"]
    assert url.startswith("https://${AdminRestApi}.execute-api.${AWS::Region}")
    assert url.endswith(f"/{stage()['StageName']}")
