"""Requests are counted on the wire: each attempt of botocore's, and those that it hides by trying again."""

from __future__ import annotations

import json
from types import SimpleNamespace
from typing import Any

import pytest
from botocore.awsrequest import AWSResponse
from botocore.compat import HTTPHeaders

from lifeboat.aws import clients
from lifeboat.cognito.reader import PoolReader
from lifeboat.errors import CognitoThrottled, ResourceNotFound
from lifeboat.pacing import Category
from lifeboat.usage import Requests, usage
from tests.adapters.pools import UNLIMITED
from tests.adapters.stack import Export, Import, MakePool, Stack

MOMENT = "2026-03-01T12:00:00.000Z"


class Raw(SimpleNamespace):
    """The body of an answer, as urllib3 streams it."""

    def stream(self, **_: Any) -> list[bytes]:
        return [self.body]


def refused(client: Any, operation: str, times: int, code: str = "TooManyRequestsException") -> None:
    """Answer the first requests of an operation with an error, in place of sending them."""
    status = 500 if code == "InternalErrorException" else 400
    left = [times]

    def answer(request: Any, **_: Any) -> AWSResponse | None:
        if not left[0]:
            return None
        left[0] -= 1
        body = json.dumps({"__type": code, "message": "Rate exceeded"}).encode()
        return AWSResponse(request.url, status, HTTPHeaders(), Raw(body=body))

    client.meta.events.register_first(f"before-send.cognito-identity-provider.{operation}", answer)


@pytest.fixture
def reader(stack: Stack, monkeypatch: pytest.MonkeyPatch) -> PoolReader:
    """Reads the pool by the functions' own client, whose waits before a retry nobody waits for."""
    monkeypatch.setattr("botocore.endpoint.time", SimpleNamespace(sleep=lambda _: None))
    usage.take()
    return PoolReader(clients.cognito(), stack.source.pool_id, UNLIMITED)


def used() -> dict[Category, tuple[int, int]]:
    return {category: (each.sent, each.throttled) for category, each in usage.take().items()}


def test_requests_are_counted_by_category(reader: PoolReader) -> None:
    reader.describe()
    list(reader.users())
    list(reader.groups())
    assert not reader.group_exists("nobody")
    assert used() == {
        Category.USER_POOL_READ: (1, 0),
        Category.USER_LIST: (1, 0),
        Category.USER_POOL_RESOURCE_READ: (2, 0),
    }


def test_throttles_that_botocore_hides_are_counted(reader: PoolReader) -> None:
    refused(clients.cognito(), "ListUsers", 2)
    assert list(reader.users()) == []
    assert used() == {Category.USER_LIST: (3, 2)}


def test_throttles_that_are_not_overcome_are_counted(reader: PoolReader) -> None:
    refused(clients.cognito(), "ListUsers", 100)
    with pytest.raises(CognitoThrottled):
        list(reader.users())
    assert used() == {Category.USER_LIST: (5, 5)}


def test_other_errors_are_no_throttles(reader: PoolReader, stack: Stack) -> None:
    refused(clients.cognito(), "ListUsers", 1, "InternalErrorException")
    assert list(reader.users()) == []
    assert used() == {Category.USER_LIST: (2, 0)}
    with pytest.raises(ResourceNotFound):
        list(reader.members("nobody"))
    assert used() == {Category.USER_LIST: (1, 0)}


@pytest.mark.parametrize("client", [clients.prompt_cognito, clients.careful_cognito])
def test_every_client_counts(reader: PoolReader, stack: Stack, client: Any) -> None:
    refused(client(), "ListUsers", 1)
    with pytest.raises(CognitoThrottled):
        list(PoolReader(client(), stack.source.pool_id, UNLIMITED).users())
    assert usage.take()[Category.USER_LIST] == Requests(1, 1, 0.0)


# -- the plan in the ledgers --------------------------------------------------------------------


def test_the_ledgers_say_what_a_run_will_ask_for(
    stack: Stack, make_pool: MakePool, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("EXPORT_QUOTA_SHARE", "100000000")
    monkeypatch.setenv("USER_CREATION_QUOTA", "200")
    stack.source.add("ann")
    export = Export(MOMENT)
    export.run()
    plan = export.ledger()["plan"]
    (listing,) = (line for line in plan["requests"] if "Export Users" in line["states"])
    assert (listing["category"], listing["quota"], listing["share"]) == ("UserList", "30", "1e+08")
    assert listing["workers"] == plan["workers"] == export.begun["Run"]["Workers"]

    run = Import(stack, {"NewUserPoolId": make_pool().pool_id})
    run.begin()
    entry = stack.table.table.get_item(Key={"pk": "IMPORT", "sk": run.of["ImportId"]})["Item"]
    requests: Any = entry["plan"]["requests"]  # type: ignore[index,call-overload]
    (creation,) = (line for line in requests if line["category"] == "UserCreation")
    assert (creation["states"], creation["quota"], creation["workers"]) == (["Create Users"], "200", 2)
