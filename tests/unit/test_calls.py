"""Calls to Cognito: every failure is translated, and no message repeats a value of its request."""

import traceback
from typing import Any, NoReturn

import pytest
from botocore.exceptions import (
    BotoCoreError,
    ClientError,
    EndpointConnectionError,
    ParamValidationError,
    ReadTimeoutError,
)
from hypothesis import given
from hypothesis import strategies as st

from lifeboat.cognito.calls import call, translate
from lifeboat.errors import (
    AliasExists,
    CognitoError,
    CognitoRefused,
    CognitoThrottled,
    CognitoUnavailable,
    GroupExists,
    ResourceNotFound,
    UserExists,
)
from lifeboat.pacing import TokenBucket

PLANTED = "planted@example.com"
FREE = TokenBucket(1e9, 1e9)


def refusal(code: str, message: str = "", status: int = 400) -> ClientError:
    return ClientError(
        {"Error": {"Code": code, "Message": message}, "ResponseMetadata": {"HTTPStatusCode": status}},  # type: ignore[typeddict-item]
        "AdminCreateUser",
    )


def raising(error: Exception) -> Any:
    """An operation that fails."""

    def admin_create_user(**_: Any) -> NoReturn:
        raise error

    return admin_create_user


@pytest.mark.parametrize(
    ("code", "status", "kind"),
    [
        ("TooManyRequestsException", 400, CognitoThrottled),
        ("ThrottlingException", 400, CognitoThrottled),
        ("InternalErrorException", 500, CognitoUnavailable),
        ("InternalErrorException", 400, CognitoUnavailable),
        ("ServiceUnavailable", 503, CognitoUnavailable),
        ("503", 503, CognitoUnavailable),
        ("Unheard", 502, CognitoUnavailable),
        ("ResourceNotFoundException", 400, ResourceNotFound),
        ("UserNotFoundException", 400, ResourceNotFound),
        ("UsernameExistsException", 400, UserExists),
        ("AliasExistsException", 400, AliasExists),
        ("GroupExistsException", 400, GroupExists),
        ("InvalidParameterException", 400, CognitoRefused),
        ("NotAuthorizedException", 400, CognitoRefused),
        ("AccessDeniedException", 400, CognitoRefused),
    ],
)
def test_an_error_code_becomes_an_error_class(code: str, status: int, kind: type[CognitoError]) -> None:
    error = translate(refusal(code, "why", status), {})
    assert type(error) is kind
    assert (error.operation, error.code, error.detail) == ("AdminCreateUser", code, "why")


@pytest.mark.parametrize(
    "lost", [EndpointConnectionError(endpoint_url="https://x"), ReadTimeoutError(endpoint_url="https://x")]
)
def test_a_lost_connection_is_a_passing_failure(lost: BotoCoreError) -> None:
    with pytest.raises(CognitoUnavailable) as caught:
        call(FREE, raising(lost), Username=PLANTED)
    assert caught.value.code == type(lost).__name__


def test_what_boto3_itself_refuses_is_refused_without_its_report() -> None:
    invalid = ParamValidationError(report=f"Invalid length for parameter Username, value: {PLANTED}")
    with pytest.raises(CognitoRefused) as caught:
        call(FREE, raising(invalid), Username=PLANTED)
    assert PLANTED not in "".join(traceback.format_exception(caught.value))
    assert caught.value.operation == "admin_create_user"


def test_an_answer_is_passed_on() -> None:
    assert call(FREE, lambda **given_arguments: given_arguments, Username="ann") == {"Username": "ann"}


def test_the_bucket_is_asked_before_every_call() -> None:
    waits: list[float] = []
    bucket = TokenBucket(4, 1, lambda: 0.0, waits.append)
    for _ in range(3):
        call(bucket, lambda: None)
    assert waits == [0.25, 0.5]


REQUEST = {
    "UserPoolId": "eu-west-1_Pool",
    "Username": "ann",
    "UserAttributes": [{"Name": "email", "Value": PLANTED}, {"Name": "family_name", "Value": "Ó Briain"}],
    "MessageAction": "SUPPRESS",
}


def test_a_message_keeps_what_helps_and_loses_the_values() -> None:
    message = f"The attribute email of ann ({PLANTED}, Ó Briain) is wrong in eu-west-1_Pool with SUPPRESS"
    error = translate(refusal("InvalidParameterException", message), REQUEST)
    assert error.detail == "The attribute email of … (…, …) is wrong in eu-west-1_Pool with SUPPRESS"


@given(st.lists(st.text("abcABC@. ", min_size=3), min_size=1, max_size=5), st.text("abc ", max_size=10))
def test_no_value_survives_in_a_message_that_quotes_it(values: list[str], between: str) -> None:
    request = {
        "Username": values[0],
        "UserAttributes": [{"Name": "custom:x", "Value": value} for value in values[1:]],
    }
    message = between.join(["<", *values, ">"])
    detail = translate(refusal("InvalidParameterException", message), request).detail
    for value in values:
        assert value.lower() not in detail.lower()


@pytest.mark.parametrize(
    ("request_values", "message"),
    [
        ({"Filter": f'username = "{PLANTED}"'}, f"cannot search for {PLANTED}"),
        ({"Filter": 'name = "O\\"Brien"'}, 'cannot search for O"Brien'),
        ({"UserAttributes": [{"Name": "family_name", "Value": "李"}]}, "the value 李 is not allowed"),
        ({"GroupName": PLANTED}, f"no group {PLANTED}"),
        ({"Username": "Ann@Example.com"}, "ann@example.com is taken"),
    ],
    ids=["in a filter", "quoted in a filter", "of one letter", "of a group", "in another case"],
)
def test_a_value_in_disguise_is_found(request_values: dict[str, Any], message: str) -> None:
    detail = translate(refusal("InvalidParameterException", message), request_values).detail
    for secret in (PLANTED, 'O"Brien', "李", "ann@example.com"):
        assert secret not in detail


def test_a_traceback_does_not_bring_cognitos_message_back() -> None:
    with pytest.raises(CognitoRefused) as caught:
        call(FREE, raising(refusal("InvalidParameterException", f"{PLANTED} is wrong")), Username=PLANTED)
    assert PLANTED not in "".join(traceback.format_exception(caught.value))
