"""Federated users sign in to the new pool and have their groups, whatever happens on the way."""

from __future__ import annotations

import io
import json
import logging
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from types import SimpleNamespace
from typing import Any

import pytest
from botocore.exceptions import ClientError, EndpointConnectionError, ReadTimeoutError

from functions.restore_federated_groups.app import handler
from lifeboat.cognito.writer import PoolWriter
from lifeboat.model import Group, Membership, Status, User, instant
from lifeboat.pacing import Deadline
from lifeboat.restore.on_demand.federated import GROUPS_AWAITED_SECONDS, FederatedGroups, answer
from lifeboat.store.given import Given, GivenGroups
from lifeboat.store.items import Change, draft_group, draft_membership, draft_user
from lifeboat.store.keys import federated_key, user_key
from lifeboat.store.table import BackupTable
from lifeboat.store.versions import VersionWriter
from lifeboat.telemetry import logger
from lifeboat.trigger_event import TriggerEvent
from tests.adapters.dying import content
from tests.adapters.pools import SHARD, UNLIMITED, Pool, asked_of, failing
from tests.adapters.stack import Stack
from tests.unit.examples import AT, EARLIER, OVER, PLENTY

PLANTED = "planted"
"""Part of every name and address of the user."""

USERNAME = f"Corp_{PLANTED}@example.com"
LOST_SUB = f"{SHARD}000000-0000-4000-8000-00000000105f"
LOST_POOL_GROUP = "us-east-1_LostPool1_Corp"
OWN = "eu-west-1_NewPool1_Corp"
"""The groups that Cognito itself puts the users of a provider into, in the lost pool and in the new one."""

IDENTITIES = json.dumps(
    [{"userId": f"{PLANTED}@example.com", "providerName": "Corp", "providerType": "SAML", "primary": True}]
)
OF_VERSION = {
    "1": "claimsOverrideDetails",
    "2": "claimsAndScopeOverrideDetails",
    "3": "claimsAndScopeOverrideDetails",
}


def lost(sub: str = LOST_SUB, **changes: Any) -> User:
    """The user as the backup has it."""
    attributes = {"sub": sub, "identities": IDENTITIES, "email": f"{PLANTED}@example.com"}
    user = User(sub, USERNAME, attributes, True, Status.EXTERNAL_PROVIDER, EARLIER, EARLIER)
    return replace(user, **changes)


def keep(table: BackupTable, user: User, *groups: str) -> None:
    """Put a user with its groups into the backup."""
    drafts = [draft_user(user), *(draft_membership(Membership(user.sub, name)) for name in groups)]
    table.put_all(draft.item(AT, Change.ADDED) for draft in drafts)


@dataclass
class SignIns:
    """Somebody who signs in to the new pool, and what is said while they do."""

    table: BackupTable
    pool: Pool
    capsys: pytest.CaptureFixture[str]
    log: io.StringIO
    sub: str = ""

    def sign_in(
        self, version: str = "1", deadline: Deadline = PLENTY, source: str = "TokenGeneration_HostedAuth"
    ) -> set[str]:
        """The groups of the token that the user is given."""
        return self.groups(self.answered(self.event(version, source), deadline))

    def event(self, version: str = "1", source: str = "TokenGeneration_HostedAuth") -> TriggerEvent:
        return {
            "version": version,
            "triggerSource": source,
            "region": "eu-west-1",
            "userPoolId": self.pool.pool_id,
            "userName": USERNAME,
            "callerContext": {"clientId": "client"},
            "request": {
                "userAttributes": {
                    "sub": self.sub,
                    "cognito:user_status": "EXTERNAL_PROVIDER",
                    "identities": IDENTITIES,
                },
                "groupConfiguration": {
                    "groupsToOverride": sorted(self.pool.groups_of(USERNAME)),
                    "iamRolesToOverride": [],
                    "preferredRole": None,
                },
            },
            "response": {OF_VERSION[version]: None},
        }

    def answered(self, event: TriggerEvent, deadline: Deadline = PLENTY) -> TriggerEvent:
        return answer(event, deadline, self.parts)

    def parts(self) -> FederatedGroups:
        client = self.pool.client
        return FederatedGroups(
            "lifeboat", "us-east-1_LostPool1", self.table, lambda pool: PoolWriter(client, pool, UNLIMITED)
        )

    def groups(self, event: TriggerEvent) -> set[str]:
        details = event["response"][OF_VERSION[event["version"]]]
        overridden = (details or {}).get("groupOverrideDetails") or event["request"]["groupConfiguration"]
        groups = overridden["groupsToOverride"]
        assert len(groups) == len(set(groups))
        return set(groups)

    def given(self) -> Given:
        return GivenGroups(self.table, self.pool.pool_id).of(LOST_SUB)

    def metrics(self) -> dict[str, float]:
        """The metrics written since the last look, added up, without those that are 0."""
        found: dict[str, float] = {}
        for line in self.capsys.readouterr().out.splitlines():
            written = json.loads(line)
            for metric in written["_aws"]["CloudWatchMetrics"][0]["Metrics"]:
                found[metric["Name"]] = found.get(metric["Name"], 0) + sum(written[metric["Name"]])
        return {name: value for name, value in found.items() if value}


@pytest.fixture
def sign_ins(
    table: BackupTable, pool: Pool, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> Iterator[SignIns]:
    """A backup with a federated user in two groups, and a pool it signs in to for the first time."""
    monkeypatch.setenv("POWERTOOLS_METRICS_NAMESPACE", "CognitoLifeboat")
    for name in ("admins", "staff", OWN):
        pool.add_group(name)
        table.put_all([draft_group(Group(name)).item(AT, Change.ADDED)])
    keep(table, lost(), "admins", "staff")
    signed = SignIns(table, pool, capsys, io.StringIO())
    signed.sub = pool.add(USERNAME, {"identities": IDENTITIES}, [OWN], status="EXTERNAL_PROVIDER")
    listener = logging.StreamHandler(signed.log)
    listener.setFormatter(logger.registered_formatter)
    logger.addHandler(listener)
    yield signed
    logger._logger.removeHandler(listener)
    assert PLANTED not in signed.log.getvalue() + capsys.readouterr().out


def throttled(_: str = "") -> ClientError:
    return ClientError(
        {"Error": {"Code": "TooManyRequestsException", "Message": "slow"}}, "AdminAddUserToGroup"
    )


def refused(code: str, status: int = 400) -> Callable[[str], Exception]:
    """Refusals whose message repeats the request."""

    def refusal(request: str) -> Exception:
        said = {"Code": code, "Message": f"No: {request} {PLANTED}"}
        return ClientError({"Error": said, "ResponseMetadata": {"HTTPStatusCode": status}}, "Operation")  # type: ignore[typeddict-item]

    return refusal


def store(table: BackupTable) -> Any:
    return table.table.meta.client


# -- all is well ------------------------------------------------------------------------------


@pytest.mark.parametrize("version", OF_VERSION)
def test_the_first_sign_in_gives_the_groups_back_in_the_token_and_for_good(
    sign_ins: SignIns, version: str
) -> None:
    assert sign_ins.sign_in(version) == {OWN, "admins", "staff"}
    assert sign_ins.pool.groups_of(USERNAME) == {OWN, "admins", "staff"}
    assert sign_ins.given().settled
    assert sign_ins.metrics() == {"FederatedGroupsRestored": 2}


def test_later_sign_ins_change_nothing_so_what_was_taken_away_stays_away(sign_ins: SignIns) -> None:
    # Given a user who has been given the groups back, and an administrator who has taken one away since
    sign_ins.sign_in()
    sign_ins.pool.client.admin_remove_user_from_group(
        UserPoolId=sign_ins.pool.pool_id, Username=USERNAME, GroupName="admins"
    )
    added = asked_of(sign_ins.pool.client, "AdminAddUserToGroup")
    # When the user signs in and refreshes tokens
    event = sign_ins.event()
    assert sign_ins.answered(event) is event
    assert sign_ins.sign_in(source="TokenGeneration_RefreshTokens") == {OWN, "staff"}
    # Then nothing is asked of Cognito
    assert added == []
    assert sign_ins.pool.groups_of(USERNAME) == {OWN, "staff"}


def test_a_profile_that_was_deleted_in_the_new_pool_comes_back_without_groups(sign_ins: SignIns) -> None:
    sign_ins.sign_in()
    sign_ins.pool.remove(USERNAME)
    sign_ins.sub = sign_ins.pool.add(USERNAME, {"identities": IDENTITIES}, [OWN], status="EXTERNAL_PROVIDER")
    assert sign_ins.sign_in() == {OWN}


def test_each_pool_gives_the_groups_back_once(sign_ins: SignIns, make_pool: Callable[[], Pool]) -> None:
    sign_ins.sign_in()
    sign_ins.pool = make_pool()
    for name in ("admins", "staff"):
        sign_ins.pool.add_group(name)
    sign_ins.pool.add(USERNAME, {"identities": IDENTITIES}, status="EXTERNAL_PROVIDER")
    assert sign_ins.sign_in() == {"admins", "staff"}
    assert sign_ins.pool.groups_of(USERNAME) == {"admins", "staff"}


def test_the_lost_pools_own_group_of_a_provider_is_a_group_like_any_other(sign_ins: SignIns) -> None:
    sign_ins.pool.add_group(LOST_POOL_GROUP)
    keep(sign_ins.table, lost(), LOST_POOL_GROUP)
    assert sign_ins.sign_in() == {OWN, "admins", "staff", LOST_POOL_GROUP}


def test_a_user_who_had_no_groups_is_looked_up_once(sign_ins: SignIns) -> None:
    sign_ins.table.delete_all(
        draft_membership(Membership(LOST_SUB, name)).key for name in ("admins", "staff")
    )
    assert sign_ins.sign_in() == {OWN}
    assert sign_ins.given().settled
    reads = asked_of(store(sign_ins.table), "Query")
    sign_ins.sign_in()
    assert [read.get("IndexName") for read in reads] == ["ByIdentity"]
    assert sign_ins.metrics() == {}


def test_somebody_the_backup_does_not_know_is_given_nothing(sign_ins: SignIns) -> None:
    event = sign_ins.event()
    stranger = json.dumps([{"userId": "stranger", "providerName": "Corp", "primary": True}])
    event["request"]["userAttributes"]["identities"] = stranger
    assert sign_ins.answered(event) is event
    assert sign_ins.pool.groups_of(USERNAME) == {OWN}


@pytest.mark.parametrize("identities", ["", "no JSON", "[]", "[3]", '[{"userId": 3}]'])
def test_a_profile_without_a_proper_identity_is_not_looked_up(sign_ins: SignIns, identities: str) -> None:
    reads = asked_of(store(sign_ins.table), "Query")
    event = sign_ins.event()
    event["request"]["userAttributes"]["identities"] = identities
    assert sign_ins.answered(event) is event
    assert reads == []
    assert sign_ins.metrics() == {}


def test_nobody_else_costs_a_read(sign_ins: SignIns) -> None:
    reads = [asked_of(store(sign_ins.table), operation) for operation in ("Query", "GetItem")]
    local, machine = sign_ins.event(), sign_ins.event("3", "TokenGeneration_ClientCredentials")
    local["request"]["userAttributes"]["cognito:user_status"] = "CONFIRMED"
    exported = sign_ins.event()
    exported["userPoolId"] = "us-east-1_LostPool1"
    for event in (local, machine, exported):
        assert sign_ins.answered(event) is event
    assert reads == [[], []]


# -- the backup -------------------------------------------------------------------------------


def test_a_disabled_user_gets_no_groups_and_it_is_told(sign_ins: SignIns) -> None:
    keep(sign_ins.table, lost(enabled=False))
    event = sign_ins.event()
    assert sign_ins.answered(event) is event
    assert sign_ins.pool.groups_of(USERNAME) == {OWN}
    assert sign_ins.metrics() == {"FederatedUserDisabled": 1}
    assert sign_ins.sub in sign_ins.log.getvalue()
    assert not sign_ins.given().settled


def test_of_two_profiles_of_one_identity_the_one_made_last_counts(sign_ins: SignIns) -> None:
    # Given a profile that was deleted and made anew, of which no export has retired the first one yet
    anew = LOST_SUB.replace("105f", "2afe")
    keep(sign_ins.table, lost(anew, created_at=AT), "staff")
    assert sign_ins.sign_in() == {OWN, "staff"}
    # And the other way round
    keep(sign_ins.table, lost(anew, created_at="2020-01-01T00:00:00.000Z"))
    assert sign_ins.sign_in() == {OWN, "admins", "staff"}


def test_groups_of_a_sub_that_begins_alike_are_not_taken_for_the_users(sign_ins: SignIns) -> None:
    other = lost(f"{LOST_SUB}!", attributes={"sub": f"{LOST_SUB}!"})
    keep(sign_ins.table, other, "secret")
    assert sign_ins.table.user_with_groups(user_key(LOST_SUB)) == (
        lost(),
        [Membership(LOST_SUB, "admins"), Membership(LOST_SUB, "staff")],
    )
    assert sign_ins.sign_in() == {OWN, "admins", "staff"}


def test_memberships_alone_make_no_user(sign_ins: SignIns) -> None:
    sign_ins.table.delete_all([user_key(LOST_SUB)])
    assert sign_ins.table.user_with_groups(user_key(LOST_SUB)) is None
    assert sign_ins.sign_in() == {OWN}


@pytest.mark.parametrize(
    "changes", [{"status": Status.CONFIRMED}, {"attributes": {"sub": LOST_SUB, "identities": "[]"}}]
)
def test_an_index_behind_the_table_hands_nobodys_groups_over(
    sign_ins: SignIns, changes: dict[str, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    # Given an index that still names a user who has changed
    named = sign_ins.table.users_by_identity(f"Corp/{PLANTED}@example.com")
    assert named == [user_key(LOST_SUB)]
    keep(sign_ins.table, lost(**changes))
    monkeypatch.setattr(BackupTable, "users_by_identity", lambda *_: named)
    assert sign_ins.sign_in() == {OWN}


def test_a_backup_of_an_earlier_version_gets_the_identity_at_the_next_export(table: BackupTable) -> None:
    # Given the user as it was written before there was an index
    draft = draft_user(lost())
    content_then = {name: value for name, value in draft.content.items() if name != "identity"}
    table.put_all([replace(draft, content=content_then).item(EARLIER, Change.ADDED)])
    identity = f"Corp/{PLANTED}@example.com"
    assert table.users_by_identity(identity) == []
    # When two exports see it
    for at in (AT, "2026-03-02T12:00:00.000Z"):
        writer = VersionWriter(table, at, 35)
        writer.write(draft, table.stored_users(SHARD)[LOST_SUB])
        writer.flush()
    # Then it is written once and found, and its earlier version is in history only
    assert table.users_by_identity(identity) == [user_key(LOST_SUB)]
    present, earlier = sorted(content(table), key=lambda item: str(item["pk"]), reverse=True)
    assert (present["valid_from"], earlier["valid_to"]) == (AT, AT)
    # And when the user is gone, it is not found any more, though history keeps it
    VersionWriter(table, "2026-03-03T12:00:00.000Z", 35).retire([user_key(LOST_SUB)])
    assert table.users_by_identity(identity) == []
    assert len(content(table)) == 2


# -- in part ----------------------------------------------------------------------------------


def test_what_is_throttled_is_in_the_token_and_given_at_the_next_sign_in(sign_ins: SignIns) -> None:
    with failing(sign_ins.pool.client, "AdminAddUserToGroup", throttled(), call=2):
        assert sign_ins.sign_in() == {OWN, "admins", "staff"}
    assert sign_ins.pool.groups_of(USERNAME) == {OWN, "admins"}
    assert sign_ins.given() == replace(sign_ins.given(), groups=frozenset({"admins"}), settled=False)
    assert sign_ins.metrics() == {"FederatedGroupsRestored": 1, "FederatedGroupsPostponed": 1}

    assert sign_ins.sign_in(source="TokenGeneration_RefreshTokens") == {OWN, "admins", "staff"}
    assert sign_ins.pool.groups_of(USERNAME) == {OWN, "admins", "staff"}
    assert sign_ins.given().settled


def test_what_was_given_and_taken_away_between_two_parts_stays_away(sign_ins: SignIns) -> None:
    with failing(sign_ins.pool.client, "AdminAddUserToGroup", throttled(), call=2):
        sign_ins.sign_in()
    sign_ins.pool.client.admin_remove_user_from_group(
        UserPoolId=sign_ins.pool.pool_id, Username=USERNAME, GroupName="admins"
    )
    assert sign_ins.sign_in() == {OWN, "staff"}
    assert sign_ins.pool.groups_of(USERNAME) == {OWN, "staff"}


def test_without_time_all_groups_are_in_the_token_and_none_is_begun_with(sign_ins: SignIns) -> None:
    assert sign_ins.sign_in(deadline=OVER) == {OWN, "admins", "staff"}
    assert sign_ins.given() == Given()
    assert sign_ins.metrics() == {"FederatedGroupsPostponed": 2}
    assert sign_ins.pool.groups_of(USERNAME) == {OWN}


def test_many_groups_take_as_many_sign_ins_as_they_need(sign_ins: SignIns) -> None:
    # Given more groups than one sign-in has time for
    names = [f"group-{number:03}" for number in range(30)]
    for name in names:
        sign_ins.pool.add_group(name)
    keep(sign_ins.table, lost(), *names)
    # When the user signs in again and again
    sizes = []
    while not sign_ins.given().settled:
        left = iter([900_000] * 12)
        token = sign_ins.sign_in(deadline=Deadline(lambda left=left: next(left, 0)))  # type: ignore[misc]
        assert token == {OWN, "admins", "staff", *names}
        sizes.append(len(sign_ins.pool.groups_of(USERNAME)))
    assert sizes == [13, 25, 33]


def test_a_group_that_the_pool_does_not_have_is_left_out_and_given_when_it_is_there(
    sign_ins: SignIns,
) -> None:
    sign_ins.pool.remove_group("admins")
    assert sign_ins.sign_in() == {OWN, "staff"}
    assert not sign_ins.given().settled
    assert sign_ins.metrics() == {"FederatedGroupsRestored": 1, "FederatedGroupsMissing": 1}

    sign_ins.pool.add_group("admins")
    assert sign_ins.sign_in() == {OWN, "staff", "admins"}
    assert sign_ins.given().settled


def test_a_group_that_stays_missing_is_given_up_after_a_day(sign_ins: SignIns) -> None:
    # Given a user whose only group has been missing since a while ago
    keep(sign_ins.table, lost("ab-2", attributes={"sub": "ab-2"}), "admins")
    for name in ("admins", "staff"):
        sign_ins.pool.remove_group(name)
    for hours, settled in ((23, False), (25, True)):
        begin(sign_ins, hours)
        assert sign_ins.sign_in() == {OWN}
        assert sign_ins.given().settled is settled
    # Then not even a group of that name made later is given
    sign_ins.pool.add_group("admins")
    assert sign_ins.sign_in() == {OWN}


def begin(sign_ins: SignIns, hours_ago: int) -> None:
    """Let the user's first sign-in be so long ago."""
    assert GROUPS_AWAITED_SECONDS == 24 * 3600
    key = federated_key(sign_ins.pool.pool_id, LOST_SUB)
    begun = instant(datetime.now(UTC) - timedelta(hours=hours_ago))
    sign_ins.table.put_all([{"pk": key.pk, "sk": key.sk, "begun_at": begun}])


def test_the_clock_of_a_missing_group_begins_once(sign_ins: SignIns) -> None:
    for name in ("admins", "staff"):
        sign_ins.pool.remove_group(name)
    sign_ins.sign_in()
    begun = sign_ins.given().begun_at
    assert begun
    sign_ins.sign_in()
    assert sign_ins.given() == Given(frozenset(), begun, False)


def test_two_sign_ins_at_the_same_moment_come_to_the_same_end(sign_ins: SignIns) -> None:
    # Given a second sign-in that begins and ends while the first one is adding its first group
    tokens: list[set[str]] = []

    def second(**_: Any) -> None:
        if not tokens:
            tokens.append(set())
            tokens[0] = sign_ins.sign_in()

    event = "before-call.cognito-identity-provider.AdminAddUserToGroup"
    sign_ins.pool.client.meta.events.register(event, second)
    tokens.append(sign_ins.sign_in())
    sign_ins.pool.client.meta.events.unregister(event, second)
    assert tokens == [{OWN, "admins", "staff"}] * 2
    assert sign_ins.pool.groups_of(USERNAME) == {OWN, "admins", "staff"}
    assert sign_ins.given() == replace(sign_ins.given(), groups=frozenset({"admins", "staff"}), settled=True)


def test_two_parts_given_at_the_same_moment_add_up(sign_ins: SignIns) -> None:
    ledger = GivenGroups(sign_ins.table, sign_ins.pool.pool_id)
    ledger.note(LOST_SUB, {"staff"}, True)
    settled = sign_ins.table.get(federated_key(sign_ins.pool.pool_id, LOST_SUB))
    ledger.note(LOST_SUB, {"admins"}, False)
    assert sign_ins.given().groups == {"admins", "staff"}
    assert sign_ins.given().settled
    assert settled
    ledger.note(LOST_SUB, (), True)
    again = sign_ins.table.get(federated_key(sign_ins.pool.pool_id, LOST_SUB))
    assert again == {**settled, "given_groups": {"admins", "staff"}}


# -- failures ---------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "error",
    [
        refused("UserNotFoundException"),
        refused("NotAuthorizedException"),
        refused("LimitExceededException"),
        refused("InternalErrorException", 500),
        ReadTimeoutError(endpoint_url="https://cognito"),
        EndpointConnectionError(endpoint_url="https://cognito"),
    ],
    ids=["user not found", "not authorised", "limit", "internal error", "timeout", "connection"],
)
def test_what_cognito_refuses_is_in_the_token_and_tried_again(sign_ins: SignIns, error: Any) -> None:
    with failing(sign_ins.pool.client, "AdminAddUserToGroup", error):
        assert sign_ins.sign_in() == {OWN, "admins", "staff"}
    assert sign_ins.metrics() == {"FederatedGroupsPostponed": 2, "FederatedGroupsFailed": 1}
    assert sign_ins.sub in sign_ins.log.getvalue()
    assert not sign_ins.given().settled
    assert sign_ins.sign_in() == {OWN, "admins", "staff"}
    assert sign_ins.given().settled


STORE_ERRORS = [
    refused("ProvisionedThroughputExceededException"),
    refused("AccessDeniedException"),
    refused("InternalServerError", 500),
    ReadTimeoutError(endpoint_url="https://dynamodb"),
]


@pytest.mark.parametrize("error", STORE_ERRORS)
@pytest.mark.parametrize(("operation", "call"), [("Query", 1), ("GetItem", 1), ("Query", 2)])
def test_a_backup_that_cannot_be_read_leaves_the_sign_in_as_it_is(
    sign_ins: SignIns, operation: str, call: int, error: Any
) -> None:
    event = sign_ins.event()
    with failing(store(sign_ins.table), operation, error, call):
        assert sign_ins.answered(event) is event
    assert sign_ins.metrics() == {"FederatedGroupsFailed": 1}
    assert sign_ins.sub in sign_ins.log.getvalue()
    assert sign_ins.pool.groups_of(USERNAME) == {OWN}
    assert sign_ins.sign_in() == {OWN, "admins", "staff"}


@pytest.mark.parametrize("error", STORE_ERRORS)
def test_a_mark_that_cannot_be_written_takes_no_group_out_of_the_token(sign_ins: SignIns, error: Any) -> None:
    with failing(store(sign_ins.table), "UpdateItem", error):
        assert sign_ins.sign_in() == {OWN, "admins", "staff"}
    assert sign_ins.metrics() == {"FederatedGroupsRestored": 2, "FederatedGroupsFailed": 1}
    assert sign_ins.sign_in() == {OWN, "admins", "staff"}
    assert sign_ins.given().settled


@pytest.mark.parametrize("broken", [{"enabled": "?", "sub": None}, {"attributes": None}, {"status": 3}])
def test_an_item_that_cannot_be_read_leaves_the_sign_in_as_it_is(
    sign_ins: SignIns, broken: dict[str, Any]
) -> None:
    item = sign_ins.table.get(user_key(LOST_SUB))
    assert item
    sign_ins.table.put_all([{**item, **broken}])
    assert sign_ins.sign_in() == {OWN}


# -- the function -----------------------------------------------------------------------------


def lambda_context(remaining: Iterable[int] = ()) -> Any:
    left = iter(remaining)
    return SimpleNamespace(
        function_name="RestoreFederatedGroups",
        memory_limit_in_mb=512,
        invoked_function_arn="arn:aws:lambda:eu-west-1:123456789012:function:f",
        aws_request_id="request",
        get_remaining_time_in_millis=lambda: next(left, 5000),
    )


def test_the_function_answers_and_begins_nothing_that_it_cannot_finish(
    sign_ins: SignIns, stack: Stack
) -> None:
    # Given the deployed function and a sign-in that had to wait for a slow call
    assert stack.table.name == sign_ins.table.name
    assert stack.source.pool_id == sign_ins.pool.pool_id
    sign_ins.pool = Pool(stack.source.client, stack.source.pool_id)
    event = sign_ins.event()
    # When the pool that is backed up calls it, the answer is what was asked
    assert handler(event, lambda_context()) is event


def test_the_function_stops_in_time(sign_ins: SignIns, stack: Stack, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("USER_POOL_ID", "us-east-1_LostPool1")
    event = sign_ins.event()
    assert sign_ins.groups(handler(event, lambda_context([5000, 2400]))) == {OWN, "admins", "staff"}
    assert sign_ins.pool.groups_of(USERNAME) == {OWN, "admins"}
    assert sign_ins.groups(handler(sign_ins.event(), lambda_context())) == {OWN, "admins", "staff"}
    assert sign_ins.pool.groups_of(USERNAME) == {OWN, "admins", "staff"}
    event = sign_ins.event()
    assert handler(event, lambda_context()) is event
