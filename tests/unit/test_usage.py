"""What was asked of Cognito is counted by category and published once, whatever becomes of the invocation."""

import json
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest

from lifeboat import usage as module
from lifeboat.cognito.calls import call
from lifeboat.errors import SettingMissing
from lifeboat.pacing import Budget, Category, TokenBucket
from lifeboat.usage import Requests, Usage, note_request, publishes_usage, underway, usage

CONTEXT: Any = None


class Named:
    """Settings of which the stack's name is all that is asked for."""

    stack_name = "a-stack"


@pytest.fixture(autouse=True)
def nothing_used(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.setenv("POWERTOOLS_METRICS_NAMESPACE", "CognitoLifeboat")
    monkeypatch.setattr(module, "settings", Named)
    usage.take()
    yield
    usage.take()


def written(capsys: pytest.CaptureFixture[str]) -> list[dict[str, Any]]:
    return [json.loads(line) for line in capsys.readouterr().out.splitlines()]


def bucket(category: Category | None = Category.USER_LIST) -> TokenBucket:
    return TokenBucket(4, 1, lambda: 0.0, lambda _: None, category=category)


def answering(*codes: str) -> Any:
    """An operation that is sent as often as there are codes, and answered with them."""

    def list_users() -> str:
        for code in codes:
            note_request(code)
        return "answer"

    return list_users


def test_a_call_is_counted_with_what_botocore_sent_again() -> None:
    call(bucket(), answering("TooManyRequestsException", "InternalErrorException", ""))
    assert usage.take() == {Category.USER_LIST: Requests(3, 1, 0.0)}
    assert usage.take() == {}


def test_what_was_sent_again_is_waited_for_by_those_after_it() -> None:
    paced = bucket()
    waits = []
    for codes in (("TooManyRequestsException", "ThrottlingException", ""), ("",)):
        call(paced, answering(*codes))
        waits.append(usage.take()[Category.USER_LIST].seconds_waited)
    assert waits == [0.0, 0.75]


def test_a_call_that_fails_is_counted() -> None:
    def fails() -> None:
        note_request("ResourceNotFoundException")
        raise LookupError

    with pytest.raises(LookupError):
        call(bucket(), fails)
    assert usage.take() == {Category.USER_LIST: Requests(1, 0, 0.0)}


def test_a_bucket_without_a_category_counts_nothing() -> None:
    call(bucket(None), answering(""))
    assert usage.take() == {}


def test_a_budget_gives_its_buckets_their_category() -> None:
    assert Budget(50, 1).bucket(Category.USER_READ).category is Category.USER_READ


def test_threads_do_not_count_each_others_requests() -> None:
    with ThreadPoolExecutor(8) as threads:
        list(threads.map(lambda _: call(bucket(), answering("TooManyRequestsException", "")), range(200)))
    used = usage.take()[Category.USER_LIST]
    assert (used.sent, used.throttled) == (400, 200)


def test_requests_outside_of_a_call_are_nobodys() -> None:
    note_request("")
    with underway() as requests:
        pass
    assert (requests.sent, usage.take()) == (0, {})


def test_a_handler_publishes_at_its_end(capsys: pytest.CaptureFixture[str]) -> None:
    @publishes_usage
    def handler(event: str, context: Any) -> str:
        usage.add(Category.USER_LIST, Requests(5, 1, 0.5))
        usage.add(Category.USER_LIST, Requests(2, 0, 1.25))
        usage.add(Category.USER_UPDATE, Requests(1, 0, 0.0))
        return f"{event} done"

    assert handler("work", CONTEXT) == "work done"
    listed, updated = written(capsys)
    assert (listed["Stack"], listed["Category"]) == ("a-stack", "UserList")
    assert (listed["Requests"], listed["Throttled"], listed["SecondsWaited"]) == ([7.0], [1.0], [1.75])
    assert (updated["Category"], updated["Requests"], updated["Throttled"]) == ("UserUpdate", [1.0], [0.0])
    (directive,) = listed["_aws"]["CloudWatchMetrics"]
    assert {"Stack", "Category"} <= set(directive["Dimensions"][0])
    assert {metric["Name"]: metric["Unit"] for metric in directive["Metrics"]} == {
        "Requests": "Count",
        "Throttled": "Count",
        "SecondsWaited": "Seconds",
    }


def test_a_handler_that_raises_publishes_too(capsys: pytest.CaptureFixture[str]) -> None:
    @publishes_usage
    def handler(_: str, __: Any) -> None:
        call(bucket(Category.USER_CREATION), answering("TooManyRequestsException"))
        raise LookupError

    with pytest.raises(LookupError):
        handler("work", CONTEXT)
    (created,) = written(capsys)
    assert (created["Category"], created["Requests"], created["Throttled"]) == ("UserCreation", [1.0], [1.0])


def test_a_handler_that_asked_for_nothing_publishes_nothing(capsys: pytest.CaptureFixture[str]) -> None:
    @publishes_usage
    def handler(event: str, _: Any) -> str:
        return event

    assert handler("work", CONTEXT) == "work"
    assert written(capsys) == []


def test_each_invocation_tells_of_itself_alone() -> None:
    counted = Usage()
    counted.add(Category.USER_LIST, Requests(1, 0, 0.0))
    first = counted.take()
    counted.add(Category.USER_LIST, Requests(2, 0, 0.0))
    assert [first, counted.take()] == [
        {Category.USER_LIST: Requests(1, 0, 0.0)},
        {Category.USER_LIST: Requests(2, 0, 0.0)},
    ]


def test_a_function_without_its_environment_still_answers(monkeypatch: pytest.MonkeyPatch) -> None:
    def missing() -> object:
        raise SettingMissing("the environment variable STACK_NAME is not set")

    monkeypatch.setattr("lifeboat.usage.settings", missing)

    @publishes_usage
    def handler(event: dict[str, str], context: object) -> dict[str, str]:
        return event

    assert handler({"a": "sign-in"}, None) == {"a": "sign-in"}  # type: ignore[arg-type]
