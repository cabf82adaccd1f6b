"""The front over HTTP: what a client of Cognito and a user of the control API see."""

from __future__ import annotations

import json
import signal
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING

import pytest
from botocore.exceptions import ClientError, ConnectionClosedError

from local.front import BackgroundFront, FrontOptions

if TYPE_CHECKING:
    from tests.local.front_stack import FrontStack

pytest_plugins = ["tests.local.front_stack"]

TARGET = "AWSCognitoIdentityProviderService."


def code(caught: pytest.ExceptionInfo[ClientError]) -> str:
    return caught.value.response["Error"]["Code"]


def test_health_names_the_upstream(front: FrontStack) -> None:
    health = front.control("GET", "health")
    assert health == {"status": "ok", "upstream": front.upstream_url, "upstream_available": True}


def test_health_says_when_the_upstream_is_away(front: FrontStack) -> None:
    nobody = "http://127.0.0.1:1"
    with BackgroundFront(FrontOptions(nobody)) as lonely:
        stack = front.at(lonely.url)
        assert stack.control("GET", "health")["upstream_available"] is False
        with pytest.raises(ClientError) as caught:
            stack.client().list_user_pools(MaxResults=1)
        stack.close()
    assert caught.value.response["ResponseMetadata"]["HTTPStatusCode"] == 503


def test_users_written_through_the_front_are_upstream(front: FrontStack) -> None:
    pool = front.pool()
    name, nickname = "zoë-#/,日本", 'line 1\nline 2, "quoted"'
    front.user(pool, name, nickname=nickname)
    direct = front.client(endpoint=front.upstream_url)
    (user,) = direct.list_users(UserPoolId=pool)["Users"]
    assert user["Username"] == name
    assert {"Name": "nickname", "Value": nickname} in user["Attributes"]


def test_calls_are_counted_by_region_and_outcome(front: FrontStack) -> None:
    pool = front.pool()
    front.control("DELETE", "calls")
    front.client().list_users(UserPoolId=pool)
    front.client().list_users(UserPoolId=pool)
    with pytest.raises(ClientError):
        front.client("eu-west-1").list_users(UserPoolId=pool)
    assert front.control("GET", "calls") == {
        "eu-west-1": {"ListUsers": {"calls": 1, "throttled": 0, "failed": 1}},
        "us-east-1": {"ListUsers": {"calls": 2, "throttled": 0, "failed": 0}},
    }
    timeline = front.control("GET", "timeline")
    assert sum(timeline["us-east-1"]["ListUsers"]) == 2
    assert timeline["eu-west-1"] == {"ListUsers": []}
    front.control("DELETE", "calls")
    assert front.control("GET", "calls") == front.control("GET", "timeline") == {}


def test_unsigned_calls_reach_the_region_of_their_app_client(front: FrontStack) -> None:
    pool = front.pool("eu-west-1")
    app = front.app_client(pool, "eu-west-1", ExplicitAuthFlows=["ALLOW_USER_PASSWORD_AUTH"])
    front.user(pool, "ana", "eu-west-1")
    front.confirm(pool, "ana", "eu-west-1")
    front.control("DELETE", "calls")
    # The client's own Region says nothing: InitiateAuth is not signed.
    tokens = front.client("us-east-1").initiate_auth(
        ClientId=app,
        AuthFlow="USER_PASSWORD_AUTH",
        AuthParameters={"USERNAME": "ana", "PASSWORD": "Correct-horse-1"},
    )["AuthenticationResult"]
    user = front.client("us-east-1").get_user(AccessToken=tokens["AccessToken"])
    assert user["Username"] == "ana"
    assert {region: set(calls) for region, calls in front.control("GET", "calls").items()} == {
        "eu-west-1": {"GetUser", "InitiateAuth"}
    }


def test_an_app_client_made_behind_the_fronts_back_is_found(front: FrontStack) -> None:
    direct = front.client("eu-west-1", endpoint=front.upstream_url)
    pool = direct.create_user_pool(PoolName="made directly")["UserPool"]["Id"]
    app = direct.create_user_pool_client(UserPoolId=pool, ClientName="an app")["UserPoolClient"]["ClientId"]
    front.client().sign_up(ClientId=app, Username="ben", Password="Correct-horse-1")
    assert front.control("GET", "calls")["eu-west-1"]["SignUp"]["calls"] == 1


def test_a_lost_region_answers_503_to_signed_and_unsigned_calls(front: FrontStack) -> None:
    pool = front.pool()
    app = front.app_client(pool)
    assert front.control("PUT", "regions/us-east-1", {"available": False}) == {"available": False}
    for call in (
        lambda: front.client().list_users(UserPoolId=pool),
        lambda: front.client("eu-west-1").forgot_password(ClientId=app, Username="nobody"),
    ):
        with pytest.raises(ClientError) as caught:
            call()
        assert caught.value.response["ResponseMetadata"]["HTTPStatusCode"] == 503
    assert front.client("eu-west-1").list_user_pools(MaxResults=1)
    assert front.control("GET", "regions")["us-east-1"] == {"available": False}
    front.control("PUT", "regions/us-east-1", {"available": True})
    assert front.client().list_users(UserPoolId=pool)["Users"] == []


def test_errors_have_the_shape_of_cognitos(front: FrontStack) -> None:
    front.control("PUT", "faults", [{"operation": "ListUsers", "error": "InternalErrorException"}])
    status, headers, body = front.http(
        "POST", "/", {"UserPoolId": "us-east-1_abc"}, {"X-Amz-Target": f"{TARGET}ListUsers"}
    )
    assert status == 500
    assert body["__type"] == headers["x-amzn-errortype"] == "InternalErrorException"
    assert headers["content-type"] == "application/x-amz-json-1.1"
    assert headers["x-amzn-requestid"]


@pytest.mark.parametrize(
    ("body", "error"),
    [(b"{", "SerializationException"), (b"[]", "SerializationException")],
)
def test_a_body_that_is_no_object_is_refused(front: FrontStack, body: bytes, error: str) -> None:
    status, _, answer = front.http("POST", "/", body, {"X-Amz-Target": f"{TARGET}ListUsers"})
    assert (status, answer["__type"]) == (400, error)


def test_what_is_not_cognitos_protocol_passes_through(front: FrontStack) -> None:
    pool = front.pool()
    status, _, keys = front.http("GET", f"/{pool}/.well-known/jwks.json")
    assert status == 200
    assert keys["keys"]


def test_clients_ride_out_faults_that_they_retry(front: FrontStack) -> None:
    pool = front.pool()
    rules = [
        {"operation": "ListUsers", "rate": 0.2, "error": "InternalErrorException"},
        {"operation": "ListUsers", "rate": 0.2, "error": "TooManyRequestsException", "after": True},
    ]
    front.control("PUT", "faults", {"seed": 3, "faults": rules})
    patient = front.client(attempts=9)
    for _ in range(8):
        patient.list_users(UserPoolId=pool)
    tally = front.control("GET", "calls")["us-east-1"]["ListUsers"]
    assert tally["calls"] - tally["failed"] - tally["throttled"] == 8
    assert tally["failed"] > 0
    assert tally["throttled"] > 0


def test_faults_repeat_with_the_same_seed_whatever_else_is_called(front: FrontStack) -> None:
    pool = front.pool()
    rules = {"seed": 5, "faults": [{"operation": "*", "rate": 0.5, "error": "InternalErrorException"}]}

    def succeeds(operation: str) -> bool:
        return front.http("POST", "/", {"UserPoolId": pool}, {"X-Amz-Target": TARGET + operation})[0] == 200

    front.control("PUT", "faults", rules)
    alone = [succeeds("ListUsers") for _ in range(20)]
    front.control("PUT", "faults", rules)
    among_others = [succeeds("ListUsers") for _ in range(20) if succeeds("ListGroups") or True]
    assert alone == among_others
    assert {True, False} == set(alone)


def test_a_lost_answer_leaves_the_operation_done(front: FrontStack) -> None:
    pool = front.pool()
    rule = {"operation": "AdminCreateUser", "error": "InternalErrorException", "after": True}
    front.control("PUT", "faults", [rule])
    with pytest.raises(ClientError) as caught:
        front.client().admin_create_user(UserPoolId=pool, Username="cai")
    assert code(caught) == "InternalErrorException"
    assert front.control("GET", "messages") == {"us-east-1": {"AdminCreateUser": 1}}
    assert front.control("DELETE", "faults") == []
    with pytest.raises(ClientError) as caught:
        front.client().admin_create_user(UserPoolId=pool, Username="cai")
    assert code(caught) == "UsernameExistsException"


@pytest.mark.parametrize("after", [False, True])
def test_a_timeout_closes_the_connection_without_an_answer(front: FrontStack, after: bool) -> None:
    pool = front.pool()
    rule = {"operation": "CreateGroup", "error": "timeout", "hold_ms": 20, "after": after}
    front.control("PUT", "faults", [rule])
    with pytest.raises(ConnectionClosedError):
        front.client().create_group(UserPoolId=pool, GroupName="staff")
    groups = front.client().list_groups(UserPoolId=pool)["Groups"]
    assert len(groups) == int(after)
    assert front.control("GET", "calls")["us-east-1"]["CreateGroup"]["failed"] == 1


def test_over_quota_is_throttled_by_region(front: FrontStack) -> None:
    # A thousandth of a request a second: the first call takes all there is.
    front.control("PUT", "quotas", {"enforce": True, "overrides": {"UserPoolRead": 0.001}})
    front.client().list_user_pools(MaxResults=1)
    with pytest.raises(ClientError) as caught:
        front.client().list_user_pools(MaxResults=1)
    error = caught.value.response
    assert code(caught) == "TooManyRequestsException"
    assert (error["Error"]["Message"], error["ResponseMetadata"]["HTTPStatusCode"]) == ("Rate exceeded", 400)
    front.client("eu-west-1").list_user_pools(MaxResults=1)
    assert front.control("GET", "calls")["us-east-1"]["ListUserPools"]["throttled"] == 1
    assert front.control("GET", "quotas")["rates"]["UserPoolRead"] == 0.001
    front.control("PUT", "quotas", {"enforce": False})
    front.client().list_user_pools(MaxResults=1)


def test_the_control_api_gives_back_what_it_was_given(front: FrontStack) -> None:
    assert front.control("PUT", "latency", {"latency_ms": 1.5}) == {"latency_ms": 1.5}
    assert front.control("PUT", "seed", {"seed": 9}) == front.control("GET", "seed") == {"seed": 9}
    rule = {"operation": "*", "region": "eu-west-1", "rate": 0.5, "error": None, "latency_ms": 2.0}
    stored = [{**rule, "after": False, "hold_ms": 5000.0, "shows": None, "where": None}]
    assert front.control("PUT", "faults", [rule]) == front.control("GET", "faults") == stored
    quotas = front.control("PUT", "quotas", {"scale": 2, "overrides": {"UserCreation": 500}})
    assert (quotas["enforce"], quotas["rates"]["UserCreation"], quotas["rates"]["UserList"]) == (
        True,
        1000,
        60,
    )
    assert front.control("GET", "regions/eu-west-1") == {"available": True}


def test_the_control_api_names_the_field_it_does_not_understand(front: FrontStack) -> None:
    for path, body, field in (
        ("faults", [{"operation": "*", "rate": 2}], "faults[0].rate"),
        ("faults", [{"operation": "*"}, {"operation": "ListUser"}], "faults[1].operation"),
        ("faults", [{"operation": "*", "error": "Oops"}], "faults[0].error"),
        ("faults", {"seed": 1}, "faults"),
        ("faults", [{"operation": "*", "colour": "red"}], "faults[0].colour"),
        ("quotas", {"scale": 0}, "scale"),
        ("quotas", {"overrides": {"UserLists": 3}}, "overrides.UserLists"),
        ("latency", {"latency_ms": "150"}, "latency_ms"),
        ("regions/us-east-1", {"available": "no"}, "available"),
        ("regions/us-east-1", b"{", ""),
        ("seed", {}, "seed"),
    ):
        status, _, answer = front.http("PUT", f"/_front/{path}", body)
        assert (status, answer["field"]) == (400, field)
        assert field in answer["error"]


@pytest.mark.parametrize(
    ("method", "path", "status"),
    [
        ("GET", "nothing", 404),
        ("GET", "regions/nowhere", 404),
        ("POST", "calls", 405),
        ("DELETE", "quotas", 405),
    ],
)
def test_other_control_requests_are_refused_in_json(
    front: FrontStack, method: str, path: str, status: int
) -> None:
    found, _, answer = front.http(method, f"/_front/{path}")
    assert found == status
    assert path in answer["error"]


def test_many_calls_at_once_are_all_counted(front: FrontStack) -> None:
    pool = front.pool()
    with ThreadPoolExecutor(8) as workers:
        list(workers.map(lambda n: front.user(pool, f"user-{n}"), range(200)))
    assert front.control("GET", "calls")["us-east-1"]["AdminCreateUser"] == {
        "calls": 200,
        "throttled": 0,
        "failed": 0,
    }
    pages = front.client().get_paginator("list_users").paginate(UserPoolId=pool)
    assert sum(len(page["Users"]) for page in pages) == 200


def test_it_runs_as_a_process_until_it_is_told_to_stop(front: FrontStack) -> None:
    command = [sys.executable, "-m", "local.front", "--upstream", front.upstream_url]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        url = json.loads(process.stdout.readline())["url"]
        stack = front.at(url)
        assert stack.control("GET", "health")["status"] == "ok"
        port = url.rsplit(":", 1)[-1]
        second = subprocess.run([*command, "--port", port], capture_output=True, text=True, check=False)
        process.send_signal(signal.SIGTERM)
        assert process.wait(20) == 0
    assert second.returncode == 1
    assert port in second.stderr
