"""The tree of exceptions, whose class names the state machines match on."""

import inspect
import re
from collections.abc import Iterator

import pytest

from lifeboat import errors
from lifeboat.errors import CognitoRefused, InvalidInput, LifeboatError, PreflightFailed


def drawn() -> Iterator[tuple[str, str | None]]:
    """The classes in the docstring's tree, each with the one it hangs below."""
    above: list[str] = []
    for line in str(errors.__doc__).splitlines():
        branch = re.match(r"    ((?:│   |├── |└── |    )*)([A-Z]\w+)\b", line)
        if branch:
            depth = len(branch[1]) // 4
            del above[depth:]
            yield branch[2], above[-1] if above else None
            above.append(branch[2])


def test_every_exception_stands_in_the_tree_below_its_parent() -> None:
    classes = [
        each for _, each in inspect.getmembers(errors, inspect.isclass) if issubclass(each, LifeboatError)
    ]
    parents = {
        each.__name__: None if each is LifeboatError else each.__bases__[0].__name__ for each in classes
    }
    assert dict(drawn()) == parents


def test_an_invalid_input_names_its_key() -> None:
    error = InvalidInput("Resume", "expected an import id, found null")
    assert error.key == "Resume"
    assert str(error) == "Resume: expected an import id, found null"


def test_an_invalid_input_as_a_whole_has_no_key() -> None:
    assert str(InvalidInput("", "not an object")) == "not an object"


def test_a_failed_preflight_lists_every_problem() -> None:
    error = PreflightFailed(["the pool is gone", "the queue is full"])
    assert str(error).startswith("2 problem(s)")
    assert "(1) the pool is gone; (2) the queue is full" in str(error)


@pytest.mark.parametrize(
    ("detail", "text"), [("", "ListUsers: Denied"), ("no right", "ListUsers: Denied: no right")]
)
def test_a_cognito_error_says_operation_code_and_detail(detail: str, text: str) -> None:
    error = CognitoRefused("ListUsers", "Denied", detail)
    assert (error.operation, error.code, error.detail) == ("ListUsers", "Denied", detail)
    assert str(error) == text


def test_only_what_may_pass_by_itself_is_transient() -> None:
    names = {each.__name__ for each in errors.TRANSIENT}
    assert names == {"CognitoUnavailable", "CognitoThrottled", "StoreUnavailable"}
