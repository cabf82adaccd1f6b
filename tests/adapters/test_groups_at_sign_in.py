"""Users who are not federated get the groups that they have not been given yet when they sign in."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

import pytest
from botocore.exceptions import ClientError

from functions.restore_federated_groups.app import handler
from lifeboat.cognito.writer import PoolWriter
from lifeboat.model import Membership, Status, User
from lifeboat.restore.on_demand.federated import FederatedGroups, answer
from lifeboat.restore.on_demand.pool_rules import PoolRules
from lifeboat.restore.on_demand.returning import ReturningUsers, shares_address
from lifeboat.store.given import Given, GivenGroups
from lifeboat.store.items import Change, draft_membership, draft_user
from lifeboat.store.on_demand import OnDemandPool, OnDemandPools
from lifeboat.store.table import BackupTable
from lifeboat.trigger_event import TriggerEvent
from tests.adapters.pools import SHARD, UNLIMITED, Pool, asked_of, failing
from tests.adapters.silence import never_answering
from tests.adapters.stack import Stack
from tests.adapters.test_federated_groups import lambda_context
from tests.unit.examples import AT, EARLIER, PLENTY

SUB = f"{SHARD}000000-0000-4000-8000-00000000105f"
VERIFIED = {"email": "ann@example.com", "email_verified": "true"}
ANN = User(SUB, "ann", {"sub": SUB, **VERIFIED}, True, Status.CONFIRMED, EARLIER, EARLIER)


@dataclass
class SignIns:
    """Ann, who signs in to the new pool."""

    table: BackupTable
    pool: Pool
    attributes: dict[str, str]
    new_sub: str = ""
    username: str = "ann"

    def event(self) -> TriggerEvent:
        groups = sorted(self.pool.groups_of(self.username))
        return {
            "version": "1",
            "triggerSource": "TokenGeneration_Authentication",
            "region": "eu-west-1",
            "userPoolId": self.pool.pool_id,
            "userName": self.username,
            "callerContext": {"clientId": "client"},
            "request": {
                "userAttributes": {
                    "sub": self.new_sub,
                    "cognito:user_status": "CONFIRMED",
                    **self.attributes,
                },
                "groupConfiguration": {"groupsToOverride": groups},
            },
            "response": {"claimsOverrideDetails": None},
        }

    def parts(self) -> FederatedGroups:
        rules = PoolRules(self.table, lambda pool_id: replace(self.pool, pool_id=pool_id).reader())
        return FederatedGroups(
            "lifeboat",
            "us-east-1_LostPool1",
            self.table,
            lambda pool_id: PoolWriter(self.pool.client, pool_id, UNLIMITED),
            ReturningUsers(self.table, rules),
        )

    def sign_in(self) -> set[str]:
        """The groups of the token."""
        event = self.event()
        details = answer(event, PLENTY, self.parts)["response"]["claimsOverrideDetails"] or {}
        given = details.get("groupOverrideDetails") or event["request"]["groupConfiguration"]
        return set(given["groupsToOverride"])

    def ledger(self) -> GivenGroups:
        return GivenGroups(self.table, self.pool.pool_id)

    def leave_groups_to_sign_in(self, gives_groups: bool = True) -> None:
        state = OnDemandPool("an-import", gives_groups, gives_groups, "", {})
        OnDemandPools(self.table).put(self.pool.pool_id, state)


@pytest.fixture
def sign_ins(table: BackupTable, pool: Pool, monkeypatch: pytest.MonkeyPatch) -> SignIns:
    """A backup in which Ann is in two groups, and a pool that has all but her memberships."""
    monkeypatch.setenv("POWERTOOLS_METRICS_NAMESPACE", "CognitoLifeboat")
    drafts = [draft_user(ANN), *(draft_membership(Membership(SUB, name)) for name in ("admins", "staff"))]
    table.put_all(draft.item(AT, Change.ADDED) for draft in drafts)
    for name in ("admins", "staff", "new"):
        pool.add_group(name)
    found = SignIns(table, pool, VERIFIED)
    found.new_sub = pool.add("ann", VERIFIED, ["new"])
    return found


def test_who_was_brought_back_has_the_groups_in_the_token_and_the_pool(sign_ins: SignIns) -> None:
    sign_ins.ledger().bring_back(SUB)
    assert sign_ins.sign_in() == {"new", "admins", "staff"}
    assert sign_ins.pool.groups_of("ann") == {"new", "admins", "staff"}
    given = sign_ins.ledger().of(SUB)
    assert given.groups == {"admins", "staff"}
    assert (given.settled, given.new_sub) == (True, sign_ins.new_sub)


def test_so_has_everybody_whose_import_leaves_groups_to_the_sign_in(sign_ins: SignIns) -> None:
    assert sign_ins.sign_in() == {"new"}
    sign_ins.leave_groups_to_sign_in(gives_groups=False)
    assert sign_ins.sign_in() == {"new"}
    assert sign_ins.ledger().of(SUB) == Given()
    sign_ins.leave_groups_to_sign_in()
    assert sign_ins.sign_in() == {"new", "admins", "staff"}
    assert sign_ins.pool.groups_of("ann") == {"new", "admins", "staff"}


def test_what_was_taken_away_since_stays_away(sign_ins: SignIns) -> None:
    sign_ins.leave_groups_to_sign_in()
    sign_ins.sign_in()
    sign_ins.pool.client.admin_remove_user_from_group(
        UserPoolId=sign_ins.pool.pool_id, Username="ann", GroupName="admins"
    )
    assert sign_ins.sign_in() == {"new", "staff"}
    assert sign_ins.pool.groups_of("ann") == {"new", "staff"}


def test_over_quota_the_token_has_all_groups_and_the_next_sign_in_goes_on(sign_ins: SignIns) -> None:
    sign_ins.leave_groups_to_sign_in()
    throttled = ClientError({"Error": {"Code": "TooManyRequestsException"}}, "AdminAddUserToGroup")
    with failing(sign_ins.pool.client, "AdminAddUserToGroup", throttled):
        assert sign_ins.sign_in() == {"new", "admins", "staff"}
    assert sign_ins.pool.groups_of("ann") == {"new"}
    assert sign_ins.ledger().of(SUB).new_sub == sign_ins.new_sub
    assert sign_ins.sign_in() == {"new", "admins", "staff"}
    assert sign_ins.pool.groups_of("ann") == {"new", "admins", "staff"}


SOMEBODY_ELSE: list[dict[str, str]] = [
    {},
    {"email": "ann@example.com", "email_verified": "false"},
    {"email": "mallory@example.com", "email_verified": "true"},
    {"phone_number": "+441", "phone_number_verified": "true"},
]


@pytest.mark.parametrize("attributes", SOMEBODY_ELSE)
def test_somebody_else_of_the_same_name_gets_nothing(sign_ins: SignIns, attributes: dict[str, str]) -> None:
    sign_ins.leave_groups_to_sign_in()
    sign_ins.attributes = attributes
    assert sign_ins.sign_in() == {"new"}
    assert sign_ins.ledger().of(SUB) == Given()


@pytest.mark.parametrize("password_right", [False, True])
@pytest.mark.parametrize("attributes", SOMEBODY_ELSE)
def test_nor_does_who_signs_up_while_the_user_is_being_brought_back(
    sign_ins: SignIns, attributes: dict[str, str], password_right: bool
) -> None:
    # Given "Forgot password" for Ann, or her own password, and a sign-up that comes in before the answer
    sign_ins.ledger().bring_back(SUB, password_right)
    before = sign_ins.ledger().of(SUB)
    sign_ins.leave_groups_to_sign_in()
    sign_ins.attributes = attributes
    assert sign_ins.sign_in() == {"new"}
    assert sign_ins.pool.groups_of("ann") == {"new"}
    assert sign_ins.ledger().of(SUB) == before, "who it was is not kept: the import goes by it"


def test_who_has_no_verified_address_waits_for_the_import_even_with_the_right_password(
    sign_ins: SignIns,
) -> None:
    sign_ins.attributes = {}
    sign_ins.table.put_all([draft_user(replace(ANN, attributes={"sub": SUB})).item(AT, Change.ADDED)])
    sign_ins.ledger().bring_back(SUB, password_right=True)
    assert sign_ins.sign_in() == {"new"}


def test_who_signed_up_after_the_user_was_deleted_gets_nothing(sign_ins: SignIns) -> None:
    sign_ins.ledger().bring_back(SUB)
    sign_ins.ledger().note(SUB, set(), settled=False, new_sub="the-first")
    assert sign_ins.sign_in() == {"new"}


def test_a_user_disabled_in_the_lost_pool_gets_nothing_and_it_is_counted(
    sign_ins: SignIns, capsys: pytest.CaptureFixture[str]
) -> None:
    sign_ins.leave_groups_to_sign_in()
    sign_ins.table.put_all([draft_user(replace(ANN, enabled=False)).item(AT, Change.ADDED)])
    assert sign_ins.sign_in() == {"new"}
    assert "OnDemandUserDisabled" in capsys.readouterr().out


def test_where_usernames_are_made_up_the_address_is_the_name(
    sign_ins: SignIns, make_pool: Callable[..., Pool]
) -> None:
    sign_ins.pool = make_pool(UsernameAttributes=["email"])
    for name in ("admins", "staff"):
        sign_ins.pool.add_group(name)
    sign_ins.username = sign_ins.new_sub = sign_ins.pool.add("made-up", VERIFIED)
    sign_ins.username = "made-up"
    sign_ins.leave_groups_to_sign_in()
    assert sign_ins.sign_in() == {"admins", "staff"}


def test_a_table_that_cannot_be_read_fails_no_sign_in(
    sign_ins: SignIns, capsys: pytest.CaptureFixture[str]
) -> None:
    broken = ClientError({"Error": {"Code": "InternalServerError"}}, "Query")
    with failing(sign_ins.table.table.meta.client, "Query", broken):
        assert sign_ins.sign_in() == {"new"}
    assert "OnDemandGroupsFailed" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("operation", "groups"),
    [
        ("DescribeUserPool", {"new"}),
        ("Query", {"new"}),
        ("GetItem", {"new"}),
        ("AdminAddUserToGroup", {"new", "admins", "staff"}),
        ("UpdateItem", {"new", "admins", "staff"}),
    ],
)
def test_who_never_answers_is_not_waited_for(
    sign_ins: SignIns,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    operation: str,
    groups: set[str],
) -> None:
    sign_ins.leave_groups_to_sign_in()
    of_pool = operation in ("DescribeUserPool", "AdminAddUserToGroup")
    client = sign_ins.pool.client if of_pool else sign_ins.table.table.meta.client
    with never_answering(client, operation, monkeypatch, "lifeboat.restore.on_demand.federated"):
        assert sign_ins.sign_in() == groups
    assert "OnDemandGroupsFailed" in capsys.readouterr().out
    # And what was not given then is given at the next sign-in
    assert sign_ins.sign_in() == {"new", "admins", "staff"}
    assert sign_ins.pool.groups_of("ann") == {"new", "admins", "staff"}


def test_what_goes_on_after_the_answer_is_noted(sign_ins: SignIns, monkeypatch: pytest.MonkeyPatch) -> None:
    sign_ins.leave_groups_to_sign_in()
    module = "lifeboat.restore.on_demand.federated"
    with never_answering(sign_ins.pool.client, "AdminAddUserToGroup", monkeypatch, module, in_the_end=True):
        assert sign_ins.sign_in() == {"new", "admins", "staff"}
    assert sign_ins.ledger().of(SUB).groups == {"admins", "staff"}


def test_a_user_without_groups_is_settled_at_once(sign_ins: SignIns) -> None:
    sign_ins.leave_groups_to_sign_in()
    sign_ins.table.delete_all(draft_membership(Membership(SUB, name)).key for name in ("admins", "staff"))
    assert sign_ins.sign_in() == {"new"}
    assert sign_ins.ledger().of(SUB).settled
    client = sign_ins.table.table.meta.client
    asked = [asked_of(client, operation) for operation in ("Query", "GetItem")]
    assert sign_ins.sign_in() == {"new"}
    assert [len(each) for each in asked] == [2, 1]


@pytest.mark.parametrize("attributes", [{"email": None}, {"email": 3, "email_verified": True}])
def test_attributes_that_are_no_texts_prove_nothing(attributes: dict[str, Any]) -> None:
    assert not shares_address(ANN, attributes)


def test_an_address_that_only_looks_alike_is_another(sign_ins: SignIns) -> None:
    kate = replace(ANN, attributes={"sub": SUB, "email": "kate@example.com", "email_verified": "true"})
    for written, same in (("Kate@Example.com", True), ("\N{KELVIN SIGN}ate@example.com", False)):
        assert shares_address(kate, {"email": written, "email_verified": "true"}) is same


def test_the_function_finds_its_parts_in_its_environment(sign_ins: SignIns, stack: Stack) -> None:
    # Given the function of the stack, whose pool is another than the one that is signed in to
    sign_ins.pool = replace(sign_ins.pool, pool_id=sign_ins.pool.pool_id)
    sign_ins.leave_groups_to_sign_in()
    event = sign_ins.event()
    assert handler(event, lambda_context()) is event, "the exported pool lacks nothing"
