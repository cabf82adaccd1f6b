"""What an operator is told of an error: what is wrong, and what to do about it."""

from __future__ import annotations

import pytest
from botocore.exceptions import ClientError, EndpointConnectionError

from cli.problems import problem_of
from lifeboat.aws.translation import store_errors
from lifeboat.errors import CognitoRefused, CognitoThrottled, CognitoUnavailable, StoreUnavailable

DENIED = ClientError({"Error": {"Code": "AccessDeniedException", "Message": "secret"}}, "Query")
BUSY = ClientError({"Error": {"Code": "ThrottlingException", "Message": "secret"}}, "Query")


@pytest.mark.parametrize(
    ("cause", "told", "remedy"),
    [
        (DENIED, "may not call Query", "docs/security.md"),
        (BUSY, "ThrottlingException", "Wait a moment"),
        (EndpointConnectionError(endpoint_url="x"), "does not answer", "--region"),
    ],
)
def test_what_a_store_fails_with_is_told_by_its_cause(cause: Exception, told: str, remedy: str) -> None:
    with pytest.raises(StoreUnavailable) as failed, store_errors("DynamoDB"):
        raise cause
    problem = problem_of(failed.value)
    assert told in problem.message
    assert remedy in problem.remedy
    assert "secret" not in str(problem)


@pytest.mark.parametrize(
    ("error", "told", "remedy"),
    [
        (CognitoRefused("ListUsers", "AccessDeniedException"), "may not call ListUsers", "docs/security.md"),
        (CognitoUnavailable("ListUsers", "ConnectTimeoutError"), "does not answer", "--region"),
        (CognitoThrottled("ListUsers", "TooManyRequestsException"), "TooManyRequests", "Wait a moment"),
        (CognitoRefused("ListUsers", "InvalidParameterException", "no"), "ListUsers: Invalid", ""),
    ],
)
def test_what_cognito_fails_with_is_told_by_its_code(error: Exception, told: str, remedy: str) -> None:
    problem = problem_of(error)
    assert told in problem.message
    assert remedy in problem.remedy
