"""The admin API's functions against a pool, a table and a queue."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

import pytest
from botocore.exceptions import ClientError

from lifeboat.aws.queues import Queue
from lifeboat.cognito.editor import UserEditor
from lifeboat.cognito.reader import PoolReader
from lifeboat.errors import LifeboatError, StoreUnavailable
from lifeboat.model import Group, User
from lifeboat.store.keys import user_key
from lifeboat.store.markers import Markers
from lifeboat.store.table import BackupTable
from lifeboat.sync.admin.changes import LOOKS, PROMISE_SECONDS, Administration, shows
from lifeboat.sync.admin.request import ApiRequest, UserChange
from lifeboat.sync.capture.users import UserCapture
from tests.adapters.pools import UNLIMITED, Pool, asked_of, failing
from tests.unit.test_events import event_of

ERROR = LifeboatError("the table is away")


@dataclass
class Api:
    """The API over a pool and a table; `captured` are the subs captured, `broken` what captures fail with."""

    pool: Pool
    queue: Queue
    table: BackupTable
    captured: list[str] = field(default_factory=list)
    broken: LifeboatError | None = None
    promises: list[dict[str, Any]] = field(default_factory=list)

    def put(self, sub: str, body: Any) -> tuple[int, dict[str, Any]]:
        return self._answer(self.parts().put(self._request("put_user", sub, body)))

    def delete(self, sub: str) -> tuple[int, dict[str, Any]]:
        return self._answer(self.parts().delete(self._request("delete_user", sub, None)))

    def parts(self) -> Administration:
        editor = UserEditor(self.pool.client, self.pool.pool_id, UNLIMITED)
        return Administration(
            "lifeboat",
            "admins",
            self.pool.reader(),
            editor,
            self.queue,
            self._capture,
            lambda sub: self.table.user_with_groups(user_key(sub), consistent=True),
            lambda _: None,
        )

    def _capture(self, sub: str) -> None:
        if self.broken is not None:
            raise self.broken
        self.captured.append(sub)
        UserCapture(self.table, Markers(self.table), self.pool.reader(), 30, lambda: False).capture(sub)

    @contextmanager
    def stale(self, captures: int) -> Iterator[None]:
        """Let so many captures see the users and their groups as they are now, whatever is changed."""
        users = self.pool.users()
        groups = {name: self.pool.groups_of(name) for name in users}
        until = len(self.captured) + captures

        def user_where(_: PoolReader, attribute: str, value: str) -> User | None:
            shown = users if len(self.captured) <= until else self.pool.users()
            return next((each for each in shown.values() if each.attributes.get(attribute) == value), None)

        def groups_joined(_: PoolReader, name: str) -> list[Group]:
            shown = groups[name] if len(self.captured) <= until else self.pool.groups_of(name)
            return [Group(each) for each in sorted(shown)]

        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(PoolReader, "user_where", user_where)
            patch.setattr(PoolReader, "groups_joined", groups_joined)
            yield

    def _request(self, function: str, sub: str, body: Any) -> ApiRequest:
        sample: ApiRequest = event_of(function)
        sample["pathParameters"], sample["body"] = {"userId": sub}, json.dumps(body)
        return sample

    def _answer(self, found: Any) -> tuple[int, dict[str, Any]]:
        return found["statusCode"], json.loads(found["body"])


@pytest.fixture
def api(
    pool: Pool, table: BackupTable, make_queue: Callable[[str], Queue], monkeypatch: pytest.MonkeyPatch
) -> Api:
    monkeypatch.setenv("POWERTOOLS_METRICS_NAMESPACE", "CognitoLifeboat")
    made = Api(pool, make_queue("CaptureRetry"), table)
    made.promises = asked_of(made.queue._client, "SendMessage")
    for name in ("readers", "writers", "owners"):
        pool.add_group(name)
    return made


def test_everything_that_is_asked_for_is_set_and_captured(api: Api) -> None:
    sub = api.pool.add("ann", {"email": "ann@example.com", "nickname": "Ann"}, ["readers", "owners"])

    found = api.put(
        sub,
        {
            "attributes": {"email": "new@example.com", "nickname": None},
            "enabled": False,
            "groups": ["owners", "writers"],
        },
    )

    assert found == (
        200,
        {"userId": sub, "changed": ["enabled", "attributes", "groups"], "backup": "WRITTEN"},
    )
    ann = api.pool.users()["ann"]
    assert ann.attributes["email"] == "new@example.com"
    assert "nickname" not in ann.attributes
    assert not ann.enabled
    assert api.pool.groups_of("ann") == {"owners", "writers"}
    assert api.captured == [sub]


def test_what_is_not_asked_for_stays(api: Api) -> None:
    sub = api.pool.add("ann", {"email": "ann@example.com"}, ["readers"], enabled=False)
    assert api.put(sub, {"enabled": True})[1]["changed"] == ["enabled"]
    assert api.pool.users()["ann"].enabled
    assert api.pool.users()["ann"].attributes["email"] == "ann@example.com"
    assert api.pool.groups_of("ann") == {"readers"}


def test_an_address_is_marked_verified_only_if_the_request_says_so(api: Api) -> None:
    sub = api.pool.add("ann", {"email": "ann@example.com", "email_verified": "true"})
    asked = asked_of(api.pool.client, "AdminUpdateUserAttributes")
    api.put(sub, {"attributes": {"email": "new@example.com"}})
    api.put(sub, {"attributes": {"email": "new@example.com", "email_verified": "true"}})
    assert [{pair["Name"] for pair in each["UserAttributes"]} for each in asked] == [
        {"email"},
        {"email", "email_verified"},
    ]


def test_a_deleted_user_is_captured_as_such(api: Api, capsys: pytest.CaptureFixture[str]) -> None:
    sub = api.pool.add("ann", groups=["readers"])
    assert api.delete(sub) == (200, {"userId": sub, "changed": ["user"], "backup": "WRITTEN"})
    assert api.pool.users() == {}
    assert api.captured == [sub]
    assert api.delete(sub)[0] == 404
    # Counted here, because later captures find nothing to count.
    assert capsys.readouterr().out.replace(" ", "").count('"CapturedDeletions":[1.0]') == 1


CHANGES: list[dict[str, Any]] = [
    {"attributes": {"nickname": "New"}},
    {"attributes": {"name": None}},
    {"enabled": False},
    {"groups": ["writers"]},
    {"groups": []},
    {},
]
"""Of each kind one; the empty one stands for a deletion."""


@pytest.mark.parametrize("change", CHANGES)
def test_what_a_stale_listing_hides_is_not_said_to_be_in_the_backup(api: Api, change: dict[str, Any]) -> None:
    sub = api.pool.add("ann", {"name": "Ann", "nickname": "Old"}, ["readers"])
    with api.stale(captures=99):
        status, said = api.put(sub, change) if change else api.delete(sub)
    assert (status, said["backup"]) == (202, "PENDING")
    assert len(api.captured) == LOOKS
    # The message is there that brings it; at the next capture it is shown.
    assert json.loads(api.promises[0]["MessageBody"]) == {"sub": sub}


@pytest.mark.parametrize("change", CHANGES)
def test_what_the_listing_shows_at_the_second_look_is_in_the_backup(api: Api, change: dict[str, Any]) -> None:
    sub = api.pool.add("ann", {"name": "Ann", "nickname": "Old"}, ["readers"])
    with api.stale(captures=1):
        status, said = api.put(sub, change) if change else api.delete(sub)
    assert (status, said["backup"]) == (200, "WRITTEN")


def test_an_empty_value_is_shown_by_the_attribute_s_absence(api: Api) -> None:
    sub = api.pool.add("ann", {"name": "Ann"})
    wanted = UserChange.model_validate({"attributes": {"name": "", "nickname": None}})
    assert shows((User(sub, "ann", {"sub": sub}, True, "CONFIRMED"), []), wanted)
    assert not shows(None, wanted)


@pytest.mark.parametrize("act", ["put", "delete"])
def test_an_unknown_user_costs_one_look_and_nothing_else(api: Api, act: str) -> None:
    unknown = 'nobody" or "'
    found = api.delete(unknown) if act == "delete" else api.put(unknown, {"enabled": True})
    assert found[0] == 404
    assert not api.captured
    assert not api.promises


def test_a_change_that_cannot_be_captured_is_left_to_the_queue_and_says_so(api: Api) -> None:
    sub = api.pool.add("ann")
    api.broken = ERROR
    assert api.put(sub, {"enabled": False}) == (
        202,
        {"userId": sub, "changed": ["enabled"], "backup": "PENDING"},
    )
    assert api.delete(sub) == (202, {"userId": sub, "changed": ["user"], "backup": "PENDING"})
    # The message is there before the change, and seen when the function must have ended.
    assert [(json.loads(each["MessageBody"]), each["DelaySeconds"]) for each in api.promises] == [
        ({"sub": sub}, PROMISE_SECONDS)
    ] * 2


def test_a_function_that_dies_between_pool_and_backup_has_left_its_message(api: Api) -> None:
    sub = api.pool.add("ann")

    class Killed(BaseException):
        pass

    api.broken = Killed()  # type: ignore[assignment]
    with pytest.raises(Killed):
        api.put(sub, {"enabled": False})
    assert not api.pool.users()["ann"].enabled
    assert json.loads(api.promises[0]["MessageBody"]) == {"sub": sub}


def test_without_the_message_nothing_is_changed(api: Api) -> None:
    sub = api.pool.add("ann")
    with failing(api.queue._client, "SendMessage", StoreUnavailable("SQS")):
        assert api.put(sub, {"enabled": False})[0] == 503
        assert api.delete(sub)[0] == 503
    assert api.pool.users()["ann"].enabled
    assert api.captured == []


def test_half_a_change_is_captured_and_told(api: Api) -> None:
    sub = api.pool.add("ann", {}, ["readers"])
    status, said = api.put(sub, {"attributes": {"nickname": "A"}, "groups": ["gone"], "enabled": True})
    assert status == 400
    # How far the groups came is not known, so neither is whether the backup has all of it.
    assert (said["field"], said["changed"], said["backup"]) == ("groups", ["attributes"], "PENDING")
    assert api.pool.groups_of("ann") == set()
    assert api.captured == [sub]


def test_a_refused_value_is_not_repeated(api: Api, capsys: pytest.CaptureFixture[str]) -> None:
    sub = api.pool.add("ann@example.com", {"email": "ann@example.com"})
    refusal = ClientError(
        {"Error": {"Code": "InvalidParameterException", "Message": "no such value: secret@example.com"}},
        "AdminUpdateUserAttributes",
    )
    with failing(api.pool.client, "AdminUpdateUserAttributes", refusal):
        status, said = api.put(sub, {"attributes": {"custom:unknown": "secret@example.com"}})
    assert (status, said["field"], said["message"]) == (400, "attributes", "no such value: …")
    assert "@" not in json.dumps(said) + capsys.readouterr().out


def test_a_change_may_be_repeated(api: Api) -> None:
    sub = api.pool.add("ann", {}, ["readers"])
    body = {"attributes": {"nickname": "A", "name": None}, "groups": ["writers"], "enabled": True}
    assert api.put(sub, body) == api.put(sub, body)
    assert api.pool.groups_of("ann") == {"writers"}
