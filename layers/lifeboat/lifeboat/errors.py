"""What can go wrong, by name.

The class names are a contract: a failed Lambda task reports its exception's class as the error, and
the state machines' `Retry` and `Catch` match on it.

    LifeboatError
    ├── InvalidInput            what an operator typed cannot be used; the message names the key
    ├── PreflightFailed         the import would lose something; the message lists every problem
    ├── AlreadyRunning          another execution of the workflow holds the lock
    ├── SettingMissing          an environment variable is absent or malformed
    ├── ImportStalled           a queue has stopped moving; the message names it
    ├── ImportIncomplete        the import ended, but not every user came back
    ├── DrillEnded              what is done for a drill comes too late: the drill is over, or has given way
    ├── DrillFailed             the drill ended, but not everything was restored and cleared away
    ├── StoreUnavailable        DynamoDB, S3, SQS or SNS failed after all retries
    └── CognitoError            Cognito refused or failed; carries the operation and the error code
        ├── CognitoUnavailable  a passing failure (5xx, time-out, connection lost): try again
        ├── CognitoThrottled    still over quota after all retries: try again later
        ├── ResourceNotFound    the pool, group or user does not exist
        ├── UserExists          the username (or sign-in alias) is taken
        ├── AliasExists         another user holds the verified email or phone number
        ├── GroupExists         the group is already there
        └── CognitoRefused      any other refusal: the same request would be refused again

Messages hold subs, counts, keys and AWS error codes, never a username or an attribute's value.
"""

from __future__ import annotations


class LifeboatError(Exception):
    """Base of everything this package raises on purpose."""


class InvalidInput(LifeboatError):
    """The execution input is wrong. `key` is the input key at fault, "" for the input as a whole."""

    def __init__(self, key: str, problem: str) -> None:
        super().__init__(f"{key}: {problem}" if key else problem)
        self.key = key


class PreflightFailed(LifeboatError):
    """The import cannot start. `problems` are sentences, each with its remedy."""

    def __init__(self, problems: list[str]) -> None:
        lines = "; ".join(f"({number}) {problem}" for number, problem in enumerate(problems, start=1))
        super().__init__(f"{len(problems)} problem(s) found before anything was written: {lines}")
        self.problems = problems


class AlreadyRunning(LifeboatError):
    """Another execution of the same workflow is running in this Region."""


class SettingMissing(LifeboatError):
    """An environment variable of the function is not set or cannot be read."""


class ImportStalled(LifeboatError):
    """Users are still waiting, but nothing has moved for too long."""


class ImportIncomplete(LifeboatError):
    """The import ran to its end, but some users failed or differ."""


class DrillEnded(LifeboatError):
    """The drill that this work is for is over, or has given way to an import."""


class DrillFailed(LifeboatError):
    """The drill ran to its end, but what it restored or left behind is not as it should be."""


class StoreUnavailable(LifeboatError):
    """An AWS service other than Cognito failed after all retries."""


class CognitoError(LifeboatError):
    """Cognito answered with an error.

    `operation` is the API's name, `code` the AWS error code, `detail` the message with every value
    that the request carried taken out.
    """

    def __init__(self, operation: str, code: str, detail: str = "") -> None:
        super().__init__(f"{operation}: {code}" + (f": {detail}" if detail else ""))
        self.operation = operation
        self.code = code
        self.detail = detail


class CognitoUnavailable(CognitoError):
    """A passing failure."""


class CognitoThrottled(CognitoError):
    """Over the request-rate quota."""


class ResourceNotFound(CognitoError):
    """No such pool, group or user."""


class UserExists(CognitoError):
    """The username or sign-in alias is taken."""


class AliasExists(CognitoError):
    """The verified email or phone number belongs to another user."""


class GroupExists(CognitoError):
    """The group is already there."""


class CognitoRefused(CognitoError):
    """A refusal that repeating will not change."""


TRANSIENT = (CognitoUnavailable, CognitoThrottled, StoreUnavailable)
"""Errors that are worth another try."""
