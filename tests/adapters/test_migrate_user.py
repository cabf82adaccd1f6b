"""Users who are not restored yet sign in, or have forgotten their passwords."""

from __future__ import annotations

import io
import json
import logging
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from typing import Any

import pytest
from botocore.exceptions import ClientError, ConnectTimeoutError, EndpointConnectionError
from moto.cognitoidp.models import CognitoIdpUserPool

from functions.migrate_user.app import handler
from lifeboat.cognito.passwords import PasswordCheck
from lifeboat.cognito.pool import settable_attributes
from lifeboat.model import PoolConfiguration, Status, User, now, seconds_between
from lifeboat.restore.on_demand.migration import FORGOTTEN, SIGNING_IN, Migration, answer
from lifeboat.restore.on_demand.pool_rules import PoolRules
from lifeboat.store.given import Given, GivenGroups
from lifeboat.store.items import Change, draft_configuration, draft_user
from lifeboat.store.on_demand import OnDemandPool, OnDemandPools
from lifeboat.store.table import BackupTable
from lifeboat.telemetry import logger
from lifeboat.trigger_event import TriggerEvent
from tests.adapters.dying import content
from tests.adapters.pools import SHARD, UNLIMITED, Pool, asked_of, failing
from tests.adapters.silence import never_answering
from tests.adapters.stack import Stack
from tests.adapters.test_federated_groups import lambda_context
from tests.unit.examples import AT, EARLIER
from tests.unit.test_events import event_of

PLANTED = "planted"
PASSWORD = "Right-to-the-1etter"
SUB = f"{SHARD}000000-0000-4000-8000-00000000105f"
LOST = User(
    SUB,
    PLANTED,
    {
        "sub": SUB,
        "email": f"{PLANTED}@example.com",
        "email_verified": "true",
        "phone_number": "+441234567",
        "phone_number_verified": "false",
        "family_name": "Ó Briain",
        "identities": "[]",
    },
    True,
    Status.CONFIRMED,
    EARLIER,
    EARLIER,
)


@dataclass
class Arrivals:
    """Somebody who arrives at a pool that lacks them, and what is said meanwhile."""

    table: BackupTable
    pool: Pool
    primary: Pool
    client_id: str
    capsys: pytest.CaptureFixture[str]
    log: io.StringIO
    checks: bool = True

    def parts(self) -> Migration:
        check = PasswordCheck(self.primary.client, self.primary.pool_id, self.client_id, UNLIMITED)
        rules = PoolRules(self.table, lambda pool_id: replace(self.pool, pool_id=pool_id).reader())
        passwords = check if self.checks else None
        return Migration("lifeboat", self.primary.pool_id, "", self.table, rules, passwords)

    def keep(self, user: User) -> None:
        self.table.put_all([draft_user(user).item(AT, Change.ADDED)])

    def event(self, source: str, name: str = PLANTED, password: str | None = None) -> TriggerEvent:
        event: TriggerEvent = event_of("migrate_user")
        event["request"]["password"] = password
        return {**event, "triggerSource": source, "userPoolId": self.pool.pool_id, "userName": name}

    def answered(self, event: TriggerEvent) -> dict[str, Any] | None:
        """What the pool is given; None if that is nothing, and then the event must be as it came."""
        before = json.loads(json.dumps(event))
        after = answer(event, self.parts)
        if after["response"]["userAttributes"] is None:
            assert after == before
            return None
        assert {**after, "response": before["response"]} == before
        return after["response"]

    def forgets(self, name: str = PLANTED) -> dict[str, Any] | None:
        return self.answered(self.event(FORGOTTEN, name))

    def signs_in(self, password: str | None = PASSWORD, name: str = PLANTED) -> dict[str, Any] | None:
        return self.answered(self.event(SIGNING_IN, name, password))

    def given(self) -> Given:
        return GivenGroups(self.table, self.pool.pool_id).of(SUB)

    def metrics(self) -> set[str]:
        lines = self.capsys.readouterr().out.splitlines()
        written = [json.loads(line)["_aws"]["CloudWatchMetrics"][0]["Metrics"] for line in lines]
        return {metric["Name"] for metrics in written for metric in metrics}


@pytest.fixture
def arrivals(
    table: BackupTable,
    make_pool: Callable[..., Pool],
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> Iterator[Arrivals]:
    """A backup with one user, a pool that lacks it, and the primary pool that knows the password."""
    monkeypatch.setenv("POWERTOOLS_METRICS_NAMESPACE", "CognitoLifeboat")
    log = io.StringIO()
    listener = logging.StreamHandler(log)
    listener.setFormatter(logger.registered_formatter)
    logger.addHandler(listener)
    # Pools have no key to sign tokens with; what the tokens say does not matter.
    monkeypatch.setattr(CognitoIdpUserPool, "create_jwt", lambda *_, **__: ("a-token", 3600))
    primary = make_pool()
    primary.add(PLANTED, {}, password=PASSWORD)
    made = primary.client.create_user_pool_client(UserPoolId=primary.pool_id, ClientName="check")
    found = Arrivals(table, make_pool(), primary, made["UserPoolClient"]["ClientId"], capsys, log)
    found.keep(LOST)
    yield found
    logger._logger.removeHandler(listener)
    assert PLANTED not in log.getvalue()
    assert PASSWORD not in log.getvalue() + str(content(table))


def test_who_has_forgotten_the_password_is_brought_back_whole_and_unannounced(arrivals: Arrivals) -> None:
    assert arrivals.forgets() == {
        "userAttributes": settable_attributes(LOST),
        "finalUserStatus": "RESET_REQUIRED",
        "messageAction": "SUPPRESS",
        "desiredDeliveryMediums": [],
        "forceAliasCreation": False,
        "enableSMSMFA": False,
    }
    assert arrivals.given() == Given(brought_back=True), "no password has been right"
    assert arrivals.metrics() == {"OnDemandBroughtBack"}


def test_a_password_that_the_primary_pool_accepts_survives(arrivals: Arrivals) -> None:
    response = arrivals.signs_in()
    assert response is not None
    assert response["userAttributes"] == settable_attributes(LOST)
    assert response["finalUserStatus"] == "CONFIRMED"
    assert arrivals.given().brought_back
    assert abs(seconds_between(arrivals.given().password_right_at, now())) < 60


@pytest.mark.parametrize("password", ["Wrong-to-the-1etter", "", None])
def test_any_other_password_is_refused_like_an_unknown_name(arrivals: Arrivals, password: str | None) -> None:
    assert arrivals.signs_in(password) is None
    refused = arrivals.metrics()
    assert arrivals.signs_in(password, "nobody") is None
    assert arrivals.metrics() == refused == {"OnDemandRefused"}
    assert arrivals.given() == Given()


def test_without_a_pool_to_ask_no_password_is_right(arrivals: Arrivals) -> None:
    arrivals.checks = False
    assert arrivals.signs_in() is None


def test_a_challenge_is_no_yes(arrivals: Arrivals, monkeypatch: pytest.MonkeyPatch) -> None:
    challenged = {"ChallengeName": "SOFTWARE_TOKEN_MFA", "Session": "s"}
    monkeypatch.setattr(arrivals.primary.client, "admin_initiate_auth", lambda **_: challenged)
    assert arrivals.signs_in() is None


@pytest.mark.parametrize(
    "error",
    [
        ConnectTimeoutError(endpoint_url="https://cognito-idp"),
        EndpointConnectionError(endpoint_url="https://cognito-idp"),
        ClientError({"Error": {"Code": "InternalErrorException"}}, "AdminInitiateAuth"),
    ],
)
def test_a_primary_pool_that_is_lost_refuses_and_is_no_failure(arrivals: Arrivals, error: Exception) -> None:
    with failing(arrivals.primary.client, "AdminInitiateAuth", error):
        assert arrivals.signs_in() is None
    assert arrivals.metrics() == {"OnDemandRefused", "OnDemandPrimaryUnreachable"}
    assert arrivals.given() == Given()


def test_a_primary_pool_that_does_not_take_the_question_is_a_failure(arrivals: Arrivals) -> None:
    refused = ClientError({"Error": {"Code": "InvalidParameterException"}}, "AdminInitiateAuth")
    with failing(arrivals.primary.client, "AdminInitiateAuth", refused):
        assert arrivals.signs_in() is None
    assert arrivals.metrics() == {"OnDemandRefused", "OnDemandFailed"}
    assert "user not brought back" in arrivals.log.getvalue()


def test_only_of_the_primary_pool_is_silence_no_failure(arrivals: Arrivals) -> None:
    silent = ConnectTimeoutError(endpoint_url="https://dynamodb")
    with failing(arrivals.table.table.meta.client, "UpdateItem", silent):
        assert arrivals.signs_in() is None
    assert arrivals.metrics() == {"OnDemandRefused", "OnDemandFailed"}


@pytest.mark.parametrize(
    ("operation", "metric"),
    [
        ("DescribeUserPool", "OnDemandFailed"),
        ("Query", "OnDemandFailed"),
        ("AdminInitiateAuth", "OnDemandPrimaryUnreachable"),
        ("UpdateItem", "OnDemandFailed"),
    ],
)
def test_who_never_answers_is_not_waited_for(
    arrivals: Arrivals, monkeypatch: pytest.MonkeyPatch, operation: str, metric: str
) -> None:
    clients = {"DescribeUserPool": arrivals.pool.client, "AdminInitiateAuth": arrivals.primary.client}
    client = clients.get(operation, arrivals.table.table.meta.client)
    with never_answering(client, operation, monkeypatch, "lifeboat.restore.on_demand.migration"):
        assert arrivals.signs_in() is None
    assert arrivals.metrics() == {"OnDemandRefused", metric}


def test_what_goes_on_after_the_answer_asks_and_notes_nothing(
    arrivals: Arrivals, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked = asked_of(arrivals.primary.client, "AdminInitiateAuth")
    # Given two answers that are late, before the primary pool is asked and before the user is noted
    for client, operation in (
        (arrivals.table.table.meta.client, "Query"),
        (arrivals.primary.client, "AdminInitiateAuth"),
    ):
        module = "lifeboat.restore.on_demand.migration"
        with never_answering(client, operation, monkeypatch, module, in_the_end=True):
            assert arrivals.signs_in() is None
    # Then the second alone has asked, and nobody is noted
    assert len(asked) == 1
    assert arrivals.given() == Given()


@pytest.mark.parametrize(
    "change",
    [
        {"enabled": False},
        {"status": Status.UNCONFIRMED},
        {"status": Status.EXTERNAL_PROVIDER},
        {"attributes": {"sub": SUB, "email": f"{PLANTED}@example.com", "email_verified": "false"}},
    ],
)
def test_who_could_not_reset_a_password_in_the_lost_pool_is_left_to_the_import(
    arrivals: Arrivals, change: dict[str, Any]
) -> None:
    arrivals.keep(replace(LOST, **change))
    assert arrivals.forgets() is None


def test_nobody_gets_by_a_second_factor(arrivals: Arrivals, make_pool: Callable[..., Pool]) -> None:
    asked = asked_of(arrivals.primary.client, "AdminInitiateAuth")
    arrivals.pool = make_pool(MfaConfiguration="OPTIONAL")
    arrivals.keep(replace(LOST, mfa=("EMAIL_OTP",)))
    assert arrivals.signs_in() is None
    assert arrivals.forgets() is None
    arrivals.keep(replace(LOST, mfa=("SMS_MFA",)))
    assert arrivals.signs_in() is None
    response = arrivals.forgets()
    assert response is not None
    assert response["enableSMSMFA"] is True
    assert asked == []


def test_an_alias_brings_back_the_user_under_the_username(
    arrivals: Arrivals, make_pool: Callable[..., Pool]
) -> None:
    arrivals.pool = make_pool(AliasAttributes=["email"])
    response = arrivals.forgets(f"{PLANTED}@example.com")
    assert response is not None
    assert response["userAttributes"] == {**settable_attributes(LOST), "username": PLANTED}
    by_name = arrivals.forgets()
    assert by_name is not None
    assert "username" not in by_name["userAttributes"]


def test_a_pool_that_makes_up_usernames_is_given_none(
    arrivals: Arrivals, make_pool: Callable[..., Pool]
) -> None:
    arrivals.pool = make_pool(UsernameAttributes=["email"])
    response = arrivals.forgets(f"{PLANTED}@example.com")
    assert response is not None
    assert "username" not in response["userAttributes"]
    assert arrivals.forgets() is None


def test_the_old_sub_goes_into_the_attribute_of_the_import_that_fills_the_pool(
    arrivals: Arrivals, make_pool: Callable[..., Pool]
) -> None:
    arrivals.pool = make_pool(Schema=[{"Name": "old_sub", "AttributeDataType": "String"}])
    for attribute, kept in (("custom:old_sub", SUB), ("custom:of_another_pool", None)):
        state = OnDemandPool("an-import", True, False, attribute, {})
        OnDemandPools(arrivals.table).put(arrivals.pool.pool_id, state)
        response = arrivals.forgets()
        assert response is not None
        assert response["userAttributes"].get(attribute) == kept


def test_who_was_deleted_after_signing_in_is_not_brought_back_again(arrivals: Arrivals) -> None:
    assert arrivals.forgets() is not None
    assert arrivals.forgets() is not None, "the first answer may have been lost"
    GivenGroups(arrivals.table, arrivals.pool.pool_id).note(SUB, set(), settled=True, new_sub="new")
    assert arrivals.forgets() is None


def test_the_exported_pool_and_other_sources_concern_nobody(arrivals: Arrivals) -> None:
    exported = arrivals.event(FORGOTTEN)
    exported["userPoolId"] = arrivals.primary.pool_id
    assert arrivals.answered(exported) is None
    assert arrivals.answered(arrivals.event("UserMigration_New")) is None
    assert arrivals.metrics() == set()


def test_who_is_unknown_costs_one_query_once_the_pool_is_known(arrivals: Arrivals) -> None:
    migration = arrivals.parts()
    answer(arrivals.event(FORGOTTEN, "nobody"), lambda: migration)
    calls = [
        asked_of(arrivals.table.table.meta.client, name) for name in ("Query", "GetItem", "UpdateItem")
    ] + [asked_of(arrivals.pool.client, "DescribeUserPool")]
    answer(arrivals.event(FORGOTTEN, "nobody"), lambda: migration)
    answer(arrivals.event(SIGNING_IN, "nobody", PASSWORD), lambda: migration)
    assert [len(asked) for asked in calls] == [2, 0, 0, 0]


def test_a_pool_that_cannot_be_described_has_the_rules_of_the_lost_one(arrivals: Arrivals) -> None:
    throttled = ClientError({"Error": {"Code": "TooManyRequestsException"}}, "DescribeUserPool")
    described = arrivals.primary.reader().describe()
    with failing(arrivals.pool.client, "DescribeUserPool", throttled):
        assert arrivals.forgets() is None
        captured = PoolConfiguration("CONFIG", {**described, "UsernameAttributes": ["email"]})
        arrivals.table.put_all([draft_configuration(captured).item(AT, Change.ADDED)])
        assert arrivals.forgets() is None
        assert arrivals.forgets(f"{PLANTED}@example.com") is not None


def test_what_cannot_be_kept_refuses(arrivals: Arrivals) -> None:
    broken = ClientError({"Error": {"Code": "InternalServerError"}}, "UpdateItem")
    with failing(arrivals.table.table.meta.client, "UpdateItem", broken):
        assert arrivals.forgets() is None
    assert arrivals.metrics() == {"OnDemandRefused", "OnDemandFailed"}


def test_a_function_without_its_environment_refuses(arrivals: Arrivals) -> None:
    def broken() -> Migration:
        raise KeyError

    event = arrivals.event(FORGOTTEN)
    assert answer(event, broken) == event


def test_the_function_answers_from_its_environment(stack: Stack, make_pool: Callable[..., Pool]) -> None:
    stack.table.put_all([draft_user(LOST).item(AT, Change.ADDED)])
    event: TriggerEvent = event_of("migrate_user")
    event["userPoolId"] = make_pool().pool_id
    assert handler({**event, "userName": PLANTED}, lambda_context())["response"]["userAttributes"]
    assert handler(event, lambda_context()) == event
