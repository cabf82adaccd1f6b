"""What a command says when it cannot go on: what is wrong, and what to do about it.

Problem             exit status 1: it did not work
└── WrongUse        exit status 2: the command line asks for something that cannot be
"""

from __future__ import annotations

from botocore.exceptions import (
    BotoCoreError,
    ClientError,
    HTTPClientError,
    NoCredentialsError,
    NoRegionError,
    ProfileNotFound,
    TokenRetrievalError,
    UnauthorizedSSOTokenError,
)
from botocore.exceptions import ConnectionError as AWSConnectionError

from lifeboat.errors import (
    TRANSIENT,
    CognitoError,
    InvalidInput,
    LifeboatError,
    PreflightFailed,
)

_SIGN_IN_AGAIN = frozenset(
    {"ExpiredToken", "ExpiredTokenException", "InvalidClientTokenId", "UnrecognizedClientException"}
)
_NO_ANSWER = frozenset({"ConnectTimeoutError", "EndpointConnectionError", "ReadTimeoutError"})
"""What a CognitoError has as its code where no answer came: the name of botocore's exception."""

_DENIED = frozenset({"AccessDenied", "AccessDeniedException", "UnauthorizedOperation"})


class Problem(Exception):
    """What is wrong, as one sentence, and the remedy, as another; neither holds a user's data."""

    exit_status = 1

    def __init__(self, message: str, remedy: str = "") -> None:
        super().__init__(message)
        self.message = message
        self.remedy = remedy


class WrongUse(Problem):
    """The command line cannot be carried out as it stands."""

    exit_status = 2


def problem_of(error: Exception) -> Problem:
    """The problem to tell for whatever a command raised."""
    if isinstance(error, Problem):
        return error
    if isinstance(error, InvalidInput):
        return WrongUse(str(error), "Correct it and run the command again.")
    if isinstance(error, PreflightFailed):
        return Problem(
            str(error), "Mend what it lists; `lifeboat preflight` looks again without writing anything."
        )
    if isinstance(error, LifeboatError):
        return _package_problem(error)
    if isinstance(error, ClientError | BotoCoreError):
        return _aws_problem(error)
    return Problem(
        f"an error that this command does not know: {type(error).__name__}",
        "Please report it with the command and the version; nothing was done after it.",
    )


def _package_problem(error: LifeboatError) -> Problem:
    """What the package could not do: told by its cause where that is a right, credentials or the network."""
    cause = error.__cause__
    if isinstance(cause, ClientError | BotoCoreError):
        told = _aws_problem(cause)
        if told.remedy or not str(error):
            return told
    if isinstance(error, CognitoError):
        if error.code in _DENIED:
            return _denied(error.operation)
        if error.code in _NO_ANSWER:
            return _no_answer()
    remedy = "Wait a moment and run the command again." if isinstance(error, TRANSIENT) else ""
    return Problem(str(error), remedy)


def _denied(operation: str) -> Problem:
    return Problem(
        f"these credentials may not call {operation}",
        "docs/security.md lists what an operator needs to be allowed.",
    )


def _no_answer() -> Problem:
    return Problem(
        "AWS does not answer",
        "If the Region is lost, work in the other one: name it with --region. Else look at your network.",
    )


def _aws_problem(error: Exception) -> Problem:
    if isinstance(error, NoCredentialsError | TokenRetrievalError | UnauthorizedSSOTokenError):
        return Problem(
            "there are no AWS credentials that work",
            "Sign in (`aws sso login`, `aws configure`), or name a profile with --profile.",
        )
    if isinstance(error, NoRegionError):
        return WrongUse("no Region is given", "Name one of the stacks' Regions with --region.")
    if isinstance(error, ProfileNotFound):
        return WrongUse(str(error), "`aws configure list-profiles` names those there are.")
    if isinstance(error, AWSConnectionError | HTTPClientError):
        return _no_answer()
    if isinstance(error, ClientError):
        code = str(error.response.get("Error", {}).get("Code", ""))
        operation = error.operation_name
        if code in _SIGN_IN_AGAIN:
            return Problem(
                f"AWS refuses the credentials ({code})", "Sign in again, or name another --profile."
            )
        if code in _DENIED:
            return _denied(operation)
        message = str(error.response.get("Error", {}).get("Message", ""))
        return Problem(f"AWS refused {operation}: {code}: {message}")
    return Problem(f"AWS could not be asked: {type(error).__name__}", "Run the command again.")
