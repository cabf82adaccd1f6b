"""What of a federated user's sign-in needs no AWS: identities, what concerns the trigger, the answer."""

from __future__ import annotations

import copy
import json
from dataclasses import replace
from types import SimpleNamespace
from typing import Any, NoReturn

import pytest
from hypothesis import given
from hypothesis import strategies as st

from functions.restore_federated_groups.app import handler
from lifeboat.errors import SettingMissing
from lifeboat.identities import LONGEST, identity_of
from lifeboat.model import Status, User
from lifeboat.restore.on_demand.federated import SOURCES, FederatedGroups, answer, with_groups
from lifeboat.settings import settings
from lifeboat.store.items import Change, draft_user, history_item, user_from
from lifeboat.store.keys import sub_of, user_key
from lifeboat.trigger_event import TriggerEvent
from tests.unit.examples import AT, ATTRIBUTES, EARLIER, JSON, OVER, PLENTY, SUBS, TEXT, USER
from tests.unit.test_events import event_of

GOOGLE = {"userId": "123", "providerName": "Google", "providerType": "Google", "primary": True}
SAML = {"userId": "ann@example.com", "providerName": "Corp", "providerType": "SAML", "primary": False}
BARE_CLAIMS = {"claimsToAddOrOverride": {"tier": "gold"}}


def of(*entries: Any) -> dict[str, str]:
    """Attributes whose identities are these."""
    return {"identities": json.dumps(entries)}


def federated(attributes: dict[str, str]) -> User:
    return replace(USER, status=Status.EXTERNAL_PROVIDER, attributes=attributes)


def token_event(**changes: Any) -> TriggerEvent:
    event: TriggerEvent = {**event_of("restore_federated_groups"), **changes}  # type: ignore[typeddict-item]
    return event


class Refused:
    """Parts that must not be asked for."""

    def __init__(self) -> None:
        self.asked = 0

    def __call__(self) -> NoReturn:
        self.asked += 1
        raise SettingMissing("the environment variable TABLE_NAME is not set")


# -- identities -------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("entries", "identity"),
    [
        ([GOOGLE], "Google/123"),
        ([SAML, GOOGLE], "Google/123"),
        ([SAML, {**GOOGLE, "primary": "true"}], "Google/123"),
        ([SAML, {**GOOGLE, "primary": False}], "Corp/ann@example.com"),
        ([{"userId": "1", "providerName": "Google"}], "Google/1"),
        ([SAML | {"userId": "https://idp/ann"}], "Corp/https://idp/ann"),
        ([SAML | {"userId": "größe"}], "Corp/größe"),
    ],
)
def test_the_identity_is_that_of_the_primary_entry_or_else_of_the_first(
    entries: list[Any], identity: str
) -> None:
    assert identity_of(of(*entries)) == identity


@pytest.mark.parametrize(
    "text",
    [
        "",
        "no JSON",
        "{}",
        "[]",
        "null",
        "3",
        '"text"',
        "[null]",
        "[[]]",
        "[3]",
        "[" * 2048,
        "[" + "9" * 5000 + "]",
        json.dumps([{"providerName": "Google"}]),
        json.dumps([{"userId": "123"}]),
        json.dumps([{**GOOGLE, "userId": ""}]),
        json.dumps([{**GOOGLE, "providerName": ""}]),
        json.dumps([{**GOOGLE, "userId": 123}]),
        json.dumps([{**GOOGLE, "userId": None}]),
        json.dumps([{**GOOGLE, "providerName": ["Google"]}]),
        json.dumps([SAML, {**GOOGLE, "userId": None}]),
        json.dumps([{**GOOGLE, "userId": "\ud800"}]),
        json.dumps([{**GOOGLE, "userId": "x" * LONGEST}]),
    ],
)
def test_what_is_malformed_gives_no_identity(text: str) -> None:
    assert identity_of({"identities": text}) is None


@pytest.mark.parametrize("value", [None, 3, [GOOGLE]])
def test_an_attribute_that_is_no_text_gives_no_identity(value: Any) -> None:
    assert identity_of({"identities": value}) is None
    assert identity_of({}) is None


@given(JSON | st.lists(st.dictionaries(st.sampled_from([*GOOGLE]), JSON)))
def test_any_json_is_tolerated(document: Any) -> None:
    identity = identity_of({"identities": json.dumps(document)})
    assert identity is None or 3 <= len(identity.encode()) <= LONGEST


NAMED = st.text("ab/%2F", min_size=1) | TEXT.filter(bool)


@given(st.tuples(NAMED, NAMED), st.tuples(NAMED, NAMED))
def test_two_identities_are_never_written_alike(one: tuple[str, str], other: tuple[str, str]) -> None:
    written = [identity_of(of({"providerName": name, "userId": user})) for name, user in (one, other)]
    assert (written[0] == written[1]) == (one == other)


# -- the backup -------------------------------------------------------------------------------


def test_the_item_of_a_federated_user_carries_the_identity() -> None:
    item = draft_user(federated(of(GOOGLE))).item(AT, Change.ADDED)
    assert item["identity"] == "Google/123"
    assert user_from(item) == federated(of(GOOGLE))


def test_no_other_item_carries_one() -> None:
    local = replace(USER, attributes=of(GOOGLE))
    for user in (local, federated({}), federated({"identities": "no JSON"})):
        assert "identity" not in draft_user(user).item(AT, Change.ADDED)


def test_the_hash_of_an_item_without_identity_differs_so_that_the_next_export_adds_it() -> None:
    draft = draft_user(federated(of(GOOGLE)))
    before = replace(
        draft, content={name: draft.content[name] for name in draft.content if name != "identity"}
    )
    assert before.content_hash != draft.content_hash


@given(ATTRIBUTES)
def test_an_earlier_version_is_not_in_the_index_and_still_whole(attributes: dict[str, str]) -> None:
    user = federated({**attributes, **of(GOOGLE)})
    item = draft_user(user).item(EARLIER, Change.ADDED)
    earlier = history_item(item, AT, 35)
    assert "identity" not in earlier
    assert user_from(earlier) == user
    assert item["identity"] == "Google/123", "the item itself is left as it was"


@given(SUBS)
def test_a_key_tells_whose_it_is(sub: str) -> None:
    assert sub_of(user_key(sub)) == sub


# -- what concerns the trigger ----------------------------------------------------------------


def test_every_source_that_stands_for_a_user_concerns_a_federated_one() -> None:
    for source in SOURCES:
        parts = Refused()
        answer(token_event(triggerSource=source), PLENTY, parts)
        assert parts.asked == 1


def test_an_identity_is_looked_up_where_the_status_is_not_told() -> None:
    parts = Refused()
    answer(token_event(request={"userAttributes": of(GOOGLE)}), PLENTY, parts)
    assert parts.asked == 1


@pytest.mark.parametrize(
    "changes",
    [
        {"triggerSource": "TokenGeneration_ClientCredentials"},
        {"triggerSource": "PreSignUp_ExternalProvider"},
        {"version": "4"},
        {"request": {"userAttributes": {}}},
        {"request": {"userAttributes": None}},
        {"request": {}},
    ],
)
def test_nothing_is_asked_about_nobody(changes: dict[str, Any]) -> None:
    event = token_event(**changes)
    before = copy.deepcopy(event)
    parts = Refused()
    assert answer(event, PLENTY, parts) == before
    assert not parts.asked


@pytest.mark.parametrize("missing", ["request", "triggerSource", "version", "userPoolId", "userName"])
def test_an_event_that_lacks_something_comes_back_as_it_is(
    missing: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("POWERTOOLS_METRICS_NAMESPACE", "CognitoLifeboat")
    event: Any = {name: value for name, value in token_event().items() if name != missing}
    nothing: Any = None
    assert answer(event, PLENTY, lambda: FederatedGroups("lifeboat", "", nothing, nothing)) == event


def test_a_function_without_its_environment_fails_no_sign_in(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.delenv("TABLE_NAME", raising=False)
    settings.cache_clear()
    context = SimpleNamespace(
        function_name="f",
        memory_limit_in_mb=512,
        invoked_function_arn="arn",
        aws_request_id="r",
        get_remaining_time_in_millis=lambda: 5000,
    )
    event = token_event()
    assert handler(event, context) == event  # type: ignore[arg-type]
    settings.cache_clear()


def test_the_pool_that_is_backed_up_is_left_alone() -> None:
    event = token_event()
    nothing: Any = None
    parts = FederatedGroups("lifeboat", event["userPoolId"], nothing, nothing)
    assert parts.answer(event, OVER) is event


# -- the answer -------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("version", "name"),
    [
        ("1", "claimsOverrideDetails"),
        ("2", "claimsAndScopeOverrideDetails"),
        ("3", "claimsAndScopeOverrideDetails"),
    ],
)
@pytest.mark.parametrize("empty", [{}, None])
def test_groups_are_added_and_roles_kept(version: str, name: str, empty: Any) -> None:
    configuration = {
        "groupsToOverride": ["own", "both"],
        "iamRolesToOverride": ["arn:aws:iam::111122223333:role/own"],
        "preferredRole": "arn:aws:iam::111122223333:role/own",
    }
    request = {"userAttributes": {}, "groupConfiguration": configuration, "scopes": ["openid"]}
    event = token_event(version=version, request=request, response={name: empty})
    before = copy.deepcopy(event)
    given_back = with_groups(event, {"staff", "both", "admins"})
    details = {
        "groupOverrideDetails": {**configuration, "groupsToOverride": ["own", "both", "admins", "staff"]}
    }
    assert given_back == {**before, "response": {name: details}}
    assert event == before, "an event is not changed before all is known"


def test_nothing_is_answered_where_nothing_is_to_be_added() -> None:
    event = token_event()
    own = event["request"]["groupConfiguration"]["groupsToOverride"]
    assert with_groups(event, set()) is event
    assert with_groups(event, set(own)) is event


def test_what_a_function_asked_before_has_answered_is_kept() -> None:
    earlier = {"groupOverrideDetails": {"groupsToOverride": ["theirs"], "preferredRole": "r"}, **BARE_CLAIMS}
    event = token_event(response={"claimsOverrideDetails": earlier})
    assert with_groups(event, {"staff"})["response"] == {
        "claimsOverrideDetails": {
            "groupOverrideDetails": {"groupsToOverride": ["theirs", "staff"], "preferredRole": "r"},
            **BARE_CLAIMS,
        }
    }


@pytest.mark.parametrize("configuration", [None, {}, {"groupsToOverride": None, "preferredRole": None}])
@pytest.mark.parametrize("response", [None, {}])
def test_a_user_without_groups_gets_those_of_the_backup(configuration: Any, response: Any) -> None:
    request = {"userAttributes": {}, "groupConfiguration": configuration}
    event = token_event(request=request, response=response)
    details = with_groups(event, ["staff"])["response"]["claimsOverrideDetails"]["groupOverrideDetails"]
    assert details == {**(configuration or {}), "groupsToOverride": ["staff"]}
