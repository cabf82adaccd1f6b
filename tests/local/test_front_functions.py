"""How often a trigger's function is asked, and what its silence looks like: with a Lambda made up here."""

from __future__ import annotations

import asyncio
import json
from typing import TYPE_CHECKING, Any

import pytest

from local.front.functions import ATTEMPTS, Functions, trigger_event
from local.front.homes import Home
from local.front.pools import Pool
from local.front.protocol import Answer, CognitoError
from local.front.settings import Conditions

if TYPE_CHECKING:
    from collections.abc import Mapping

REGION = "eu-west-1"
FUNCTION = f"arn:aws:lambda:{REGION}:000000000000:function:f:live"
POOL_ARN = f"arn:aws:cognito-idp:{REGION}:000000000000:userpool/{REGION}_Abc"
POOL = Pool(
    Home(REGION, "", f"{REGION}_Abc"), {"Arn": POOL_ARN, "LambdaConfig": {"PostConfirmation": FUNCTION}}
)
OPEN = {"Statement": [{"Effect": "Allow", "Principal": "*", "Action": "lambda:InvokeFunction"}]}


class FakeLambda:
    """Answers each invocation with the next of these; None is no answer in time."""

    def __init__(self, *answers: Answer | None, policy: dict[str, Any] = OPEN) -> None:
        self._answers = list(answers)
        self._policy = policy
        self.asked: list[tuple[str, str]] = []
        self.regions: set[str] = set()

    async def fetch(self, method: str, url: str, headers: Mapping[str, str], body: bytes) -> Answer:
        self.asked.append((method, url))
        self.regions.add(headers["Authorization"].split("/")[2])
        if method == "GET":
            return Answer(200, json.dumps({"Policy": json.dumps(self._policy)}).encode())
        answer = self._answers.pop(0)
        if answer is None:
            await asyncio.sleep(60)
            raise AssertionError
        return answer

    @property
    def invocations(self) -> int:
        return sum(method == "POST" for method, _ in self.asked)


def fire(functions: FakeLambda, trigger: str = "PostConfirmation") -> dict[str, Any] | None:
    event = trigger_event(POOL, "PostConfirmation_ConfirmSignUp", "vera", "app", {}, {})
    upstream: Any = functions
    return asyncio.run(Functions(upstream, Conditions(trigger_seconds=0.01)).fire(POOL, trigger, event))


def answered(body: Any, status: int = 200, **headers: str) -> Answer:
    return Answer(
        status, json.dumps(body).encode(), {name.replace("_", "-"): v for name, v in headers.items()}
    )


GOOD = answered({"response": {"seen": True}})


def test_a_function_that_answers_is_asked_once_where_it_is() -> None:
    functions = FakeLambda(GOOD)
    assert fire(functions) == {"seen": True}
    path = "/2015-03-31/functions/f"
    assert functions.asked == [
        ("GET", f"{path}/policy?Qualifier=live"),
        ("POST", f"{path}/invocations?Qualifier=live"),
    ]
    assert functions.regions == {REGION}


def test_a_pool_without_the_trigger_asks_nobody() -> None:
    functions = FakeLambda()
    assert fire(functions, "UserMigration") is None
    assert functions.asked == []


@pytest.mark.parametrize("silence", [None, answered({}, 503), answered({}, 429)])
def test_silence_is_asked_again_three_times_in_all(silence: Answer | None) -> None:
    patient = FakeLambda(silence, silence, GOOD)
    assert fire(patient) == {"seen": True}
    functions = FakeLambda(*[silence] * ATTEMPTS)
    with pytest.raises(CognitoError) as caught:
        fire(functions)
    assert caught.value.code == "UnexpectedLambdaException"
    assert functions.invocations == ATTEMPTS


@pytest.mark.parametrize(
    ("answer", "code", "message"),
    [
        (
            answered({"errorMessage": "no"}, X_Amz_Function_Error="Unhandled"),
            "UserLambdaValidationException",
            "PostConfirmation failed with error no.",
        ),
        (
            answered({"__type": "ResourceNotFoundException"}, 404),
            "UnexpectedLambdaException",
            "PostConfirmation invocation failed due to error ResourceNotFoundException.",
        ),
        (answered("text"), "InvalidLambdaResponseException", "Unrecognizable lambda output"),
        (answered({"response": 1}), "InvalidLambdaResponseException", "Unrecognizable lambda output"),
        (Answer(200, b"{"), "InvalidLambdaResponseException", "Unrecognizable lambda output"),
    ],
)
def test_a_failure_is_not_asked_again(answer: Answer, code: str, message: str) -> None:
    functions = FakeLambda(answer)
    with pytest.raises(CognitoError) as caught:
        fire(functions)
    assert (caught.value.code, caught.value.message) == (code, message)
    assert functions.invocations == 1


def test_without_permission_a_function_is_not_invoked() -> None:
    functions = FakeLambda(policy={"Statement": []})
    with pytest.raises(CognitoError, match="AccessDeniedException"):
        fire(functions)
    assert functions.invocations == 0
