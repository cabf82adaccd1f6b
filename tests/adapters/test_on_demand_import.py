"""Imports into pools that users come back to by signing in, while the import runs or before."""

from __future__ import annotations

from typing import Any

import pytest
from botocore.exceptions import ClientError

from lifeboat.aws import clients
from lifeboat.aws.functions import FunctionCallers, statement_of
from lifeboat.cognito.pool import settable_attributes
from lifeboat.errors import InvalidInput, PreflightFailed, StoreUnavailable
from lifeboat.model import moment_after, now
from lifeboat.restore.tasks import ON_SIGN_IN
from lifeboat.restore.users.creation import BROUGHT_BACK, DELETED_SINCE
from lifeboat.settings import settings
from lifeboat.store.given import GivenGroups
from lifeboat.store.on_demand import OnDemandPools
from tests.adapters.pools import Pool, asked_of
from tests.adapters.stack import MIGRATE_USER, RESTORE_GROUPS, Export, Import, MakePool, Stack

EXPORTED = "2026-03-01T12:00:00.000Z"
CHOSEN = "Chosen-by-the-us3r"
VERIFIED = {"email_verified": "true"}
ANN, BEN, CYN, DEE = (
    {"email": f"{name}@example.com", **VERIFIED, "family_name": "Ó Briain"}
    for name in ("ann", "ben", "cyn", "dee")
)


@pytest.fixture
def backup(stack: Stack) -> Stack:
    """People in groups; dee is disabled, and eli has no verified address."""
    for name in ("admins", "staff"):
        stack.source.add_group(name)
    stack.source.add("ann", ANN, ["admins", "staff"])
    stack.source.add("ben", BEN, ["staff"])
    stack.source.add("cyn", CYN)
    stack.source.add("dee", DEE, ["staff"], enabled=False)
    stack.source.add("eli", {"email": "eli@example.com", "email_verified": "false"}, ["staff"])
    Export(EXPORTED).run()
    return stack


@pytest.fixture
def fresh(backup: Stack, make_pool: MakePool, monkeypatch: pytest.MonkeyPatch) -> Pool:
    """An empty pool; the stack is not the one that exports it."""
    return make_pool()


def sub_of(stack: Stack, username: str) -> str:
    return stack.source.users()[username].sub


def back(
    stack: Stack,
    pool: Pool,
    username: str,
    signed_in: bool = False,
    password_right: bool = False,
    **changes: Any,
) -> str:
    """Let a user be in the new pool as the trigger has brought it there; returns the sub it has now."""
    user = stack.source.users()[username]
    ledger = GivenGroups(stack.table, pool.pool_id)
    ledger.bring_back(user.sub, password_right)
    attributes = {**settable_attributes(user), **changes}
    new_sub = pool.add(username, attributes, password=CHOSEN)
    if signed_in:
        ledger.note(user.sub, set(), settled=True, new_sub=new_sub)
    return new_sub


def on_demand(stack: Stack, pool: Pool, **changes: Any) -> Import:
    return Import(stack, {"NewUserPoolId": pool.pool_id, "OnDemand": True, **changes})


# -- users who have come back -------------------------------------------------------------------


@pytest.mark.parametrize("lane", ["auto", "api"])
def test_who_has_come_back_is_completed_and_keeps_the_password(backup: Stack, fresh: Pool, lane: str) -> None:
    back(backup, fresh, "ann")
    run = on_demand(backup, fresh, UserLane=lane)
    run.enqueue()
    back(backup, fresh, "cyn")  # after the scan has been by
    run.deliver()
    assert run.end()["Complete"]
    assert fresh.groups_of("ann") == {"admins", "staff"}
    assert [fresh.password_of(name) for name in ("ann", "cyn")] == [CHOSEN, CHOSEN]
    report = run.report()
    assert report["totals"]["users"]["restored"] == 5
    assert report["lanes"]["why_api"][BROUGHT_BACK] == 2
    assert report["changed_since"] == report["unexpected"] == []


def test_delivered_twice_nobody_loses_a_password(backup: Stack, fresh: Pool) -> None:
    back(backup, fresh, "ann")
    run = on_demand(backup, fresh, UserLane="api")
    run.copies = 2
    signed_out = asked_of(clients.cognito(), "AdminUserGlobalSignOut")
    assert run.run()["Complete"]
    assert fresh.password_of("ann") == CHOSEN
    assert fresh.password_of("ben") not in (CHOSEN, None)
    assert signed_out == []


def test_what_users_change_after_coming_back_is_theirs(backup: Stack, fresh: Pool) -> None:
    new_sub = back(backup, fresh, "ann", signed_in=True, family_name="Smith", email="smith@example.com")
    run = on_demand(backup, fresh)
    assert run.run()["Complete"]
    [changed] = run.report()["changed_since"]
    assert (changed["sub"], changed["new_sub"]) == (sub_of(backup, "ann"), new_sub)
    assert changed["fields"] == ["attribute email", "attribute family_name"]
    assert fresh.users()["ann"].attributes["email"] == "smith@example.com"
    assert fresh.groups_of("ann") == {"admins", "staff"}


def test_a_new_address_that_is_the_name_makes_nobody_missing(stack: Stack, make_pool: MakePool) -> None:
    by_email = {"UsernameAttributes": ["email"]}
    source = make_pool(**by_email)
    lost = source.add("made-up-1", ANN)
    stack.source = source
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("USER_POOL_ID", source.pool_id)
        settings.cache_clear()
        Export(EXPORTED).run()
    fresh = make_pool(**by_email)
    ledger = GivenGroups(stack.table, fresh.pool_id)
    ledger.bring_back(lost)
    new_sub = fresh.add("made-up-2", {**ANN, "email": "smith@example.com"}, password=CHOSEN)
    ledger.note(lost, set(), settled=True, new_sub=new_sub)
    run = on_demand(stack, fresh)
    assert run.run()["Complete"]
    assert len(fresh.users()) == 1
    assert [each["new_sub"] for each in run.report()["changed_since"]] == [new_sub]
    assert run.report()["unexpected"] == []


def test_who_was_deleted_after_coming_back_is_not_made_anew_and_named(backup: Stack, fresh: Pool) -> None:
    back(backup, fresh, "ann", signed_in=True)
    run = on_demand(backup, fresh)
    run.enqueue()
    fresh.remove("ann")
    run.deliver()
    assert not run.end()["Complete"]
    assert run.report()["failed"] == [
        {"sub": sub_of(backup, "ann"), "reason": DELETED_SINCE, "status": "CONFIRMED"}
    ]


def test_somebody_else_of_the_same_name_is_still_a_stranger(backup: Stack, fresh: Pool) -> None:
    run = on_demand(backup, fresh)
    run.enqueue()
    fresh.add("ben", {"email": "mallory@example.com", **VERIFIED})
    GivenGroups(backup.table, fresh.pool_id).bring_back(sub_of(backup, "ben"))
    run.deliver()
    assert not run.end()["Complete"]
    assert fresh.groups_of("ben") == set()


def test_who_has_no_verified_address_keeps_the_password_that_was_right(backup: Stack, fresh: Pool) -> None:
    run = on_demand(backup, fresh, UserLane="api")
    run.enqueue()
    back(backup, fresh, "eli", password_right=True)
    run.deliver()
    assert run.end()["Complete"]
    assert fresh.groups_of("eli") == {"staff"}
    assert fresh.password_of("eli") == CHOSEN


@pytest.mark.parametrize("waited", [None, -60, 60], ids=["never-right", "before", "later"])
def test_who_only_looks_like_that_is_locked_out(
    backup: Stack, fresh: Pool, monkeypatch: pytest.MonkeyPatch, waited: float | None
) -> None:
    # Given that the password was right, if at all, at another time than that at which the name was taken
    run = on_demand(backup, fresh, UserLane="api")
    run.enqueue()
    taken = now()
    signed_out = asked_of(clients.cognito(), "AdminUserGlobalSignOut")
    with monkeypatch.context() as patch:
        patch.setattr("lifeboat.store.given.now", lambda: moment_after(taken, -(waited or 0)))
        back(backup, fresh, "eli", password_right=waited is not None)
    run.deliver()
    assert run.end()["Complete"]
    assert fresh.password_of("eli") != CHOSEN
    assert [each["Username"] for each in signed_out] == ["eli"]


def test_who_took_the_name_with_an_address_of_their_own_is_a_stranger_for_all_passwords(
    backup: Stack, fresh: Pool
) -> None:
    run = on_demand(backup, fresh, UserLane="api")
    run.enqueue()
    back(backup, fresh, "eli", password_right=True, email="mallory@example.com", email_verified="true")
    run.deliver()
    assert not run.end()["Complete"]
    assert fresh.groups_of("eli") == set()


# -- the preflight ------------------------------------------------------------------------------


def test_a_pool_with_users_who_came_back_may_be_filled_on_demand_only(backup: Stack, fresh: Pool) -> None:
    back(backup, fresh, "ann")
    back(backup, fresh, "ben", signed_in=True, email="changed@example.com")
    with pytest.raises(PreflightFailed, match="is not empty"):
        Import(backup, {"NewUserPoolId": fresh.pool_id}).begin()
    assert on_demand(backup, fresh, AcceptDifferences=True).begin()["AttachesTriggers"]


@pytest.mark.parametrize("username", ["ben", "nobody"])
def test_strangers_in_the_pool_are_counted(backup: Stack, fresh: Pool, username: str) -> None:
    back(backup, fresh, "ann")
    fresh.add(username, BEN)
    with pytest.raises(PreflightFailed, match="holds 1 users who have not come back") as caught:
        on_demand(backup, fresh).begin()
    assert username not in str(caught.value)


@pytest.mark.parametrize(
    ("typed", "key"),
    [
        ({"OnDemand": True, "AsOf": EXPORTED}, "OnDemand"),
        ({"Memberships": ON_SIGN_IN, "AsOf": EXPORTED}, "Memberships"),
        ({"OnDemand": "yes"}, "OnDemand"),
        ({"Memberships": "LATER"}, "Memberships"),
    ],
)
def test_what_does_not_go_together_is_refused(
    backup: Stack, fresh: Pool, typed: dict[str, Any], key: str
) -> None:
    with pytest.raises(InvalidInput, match=rf"^{key}: "):
        Import(backup, {"NewUserPoolId": fresh.pool_id, **typed}).begin()


def test_a_resumed_import_keeps_to_what_it_was_begun_with(backup: Stack, fresh: Pool) -> None:
    first = on_demand(backup, fresh, Memberships=ON_SIGN_IN)
    first.begin()
    again = "2026-03-02T01:00:00.000Z"
    resumed = {"Resume": first.of["ImportId"]}
    run = Import(backup, resumed, again)
    run.begin()
    assert (run.of.get("OnDemand"), run.of.get("Memberships")) == (True, ON_SIGN_IN)
    with pytest.raises(InvalidInput, match=r"^Memberships: .* was begun with ON_SIGN_IN"):
        Import(backup, {**resumed, "Memberships": "NOW"}, again).begin()


# -- groups at sign-in --------------------------------------------------------------------------


@pytest.mark.parametrize("lane", ["auto", "api"])
def test_groups_are_left_to_the_sign_in_of_those_who_can_be_known_again(
    backup: Stack, fresh: Pool, lane: str
) -> None:
    run = Import(backup, {"NewUserPoolId": fresh.pool_id, "Memberships": ON_SIGN_IN, "UserLane": lane})
    run.enqueue()
    run.deliver()
    ended = run.end()
    assert (ended["Complete"], ended["Detaches"]) == (True, True)
    groups = {name: fresh.groups_of(name) for name in ("ann", "ben", "dee", "eli")}
    assert groups == {"ann": set(), "ben": set(), "dee": {"staff"}, "eli": {"staff"}}
    assert run.report()["totals"]["memberships"] == {"restored": 2, "at_sign_in": 3}


def test_a_group_that_the_backup_does_not_give_is_a_difference_all_the_same(
    backup: Stack, fresh: Pool
) -> None:
    run = Import(backup, {"NewUserPoolId": fresh.pool_id, "Memberships": ON_SIGN_IN})
    run.enqueue()
    run.deliver()
    fresh.writer().add_to_group("ben", "admins")
    assert not run.end()["Complete"]
    assert run.report()["different"][0]["fields"] == ["unexpectedly in group admins"]


# -- triggers -----------------------------------------------------------------------------------


@pytest.fixture
def callers(monkeypatch: pytest.MonkeyPatch) -> set[tuple[str, str]]:
    """Which pool may call which function."""
    admitted: set[tuple[str, str]] = set()
    monkeypatch.setattr(
        FunctionCallers, "admit", lambda _, function, pool, arn: admitted.add((function, pool))
    )
    monkeypatch.setattr(
        FunctionCallers, "shut_out", lambda _, function, pool: admitted.discard((function, pool))
    )
    return admitted


V1 = {"LambdaVersion": "V1_0", "LambdaArn": RESTORE_GROUPS}


def triggers_of(pool: Pool) -> dict[str, Any]:
    described: dict[str, Any] = dict(pool.reader().describe())
    return dict(described.get("LambdaConfig", {}))


def settings_of(pool: Pool) -> dict[str, Any]:
    varying = ("LambdaConfig", "LastModifiedDate")
    return {name: value for name, value in pool.reader().describe().items() if name not in varying}


def test_triggers_are_attached_for_the_time_of_the_import(
    backup: Stack, make_pool: MakePool, callers: set[tuple[str, str]]
) -> None:
    own = {"PostConfirmation": "arn:aws:lambda:eu-west-1:123456789012:function:own"}
    policy = {"PasswordPolicy": {"MinimumLength": 17, "TemporaryPasswordValidityDays": 3}}
    invitations = {"AllowAdminCreateUserOnly": True, "UnusedAccountValidityDays": 3}
    pool = make_pool(LambdaConfig=own, Policies=policy, AdminCreateUserConfig=invitations)
    before = settings_of(pool)
    asked = asked_of(clients.cognito(), "UpdateUserPool")
    run = on_demand(backup, pool, AcceptDifferences=True)
    run.begin()
    for _ in range(2):
        assert run.attach_triggers() == ["PreTokenGeneration", "UserMigration"]
    expected = {**own, "UserMigration": MIGRATE_USER, "PreTokenGenerationConfig": V1}
    assert triggers_of(pool) == expected
    assert callers == {(MIGRATE_USER, pool.pool_id)}
    for _ in range(2):
        assert run.detach_triggers() == []
    assert triggers_of(pool) == own
    assert callers == set()
    assert len(asked) == 2
    assert "UnusedAccountValidityDays" not in asked[0]["AdminCreateUserConfig"]
    after = settings_of(pool)
    before["AdminCreateUserConfig"].pop("UnusedAccountValidityDays")
    assert after == before


def test_what_gives_groups_stays_where_they_are_left_to_the_sign_in(
    backup: Stack, fresh: Pool, callers: set[tuple[str, str]]
) -> None:
    run = on_demand(backup, fresh, Memberships=ON_SIGN_IN)
    run.begin()
    run.attach_triggers()
    assert run.detach_triggers() == ["PreTokenGeneration"]
    assert triggers_of(fresh) == {"PreTokenGenerationConfig": V1}
    assert callers == set()
    state = OnDemandPools(backup.table).of(fresh.pool_id)
    assert state is not None
    assert (state.gives_groups, state.triggers) == (True, {"PreTokenGeneration": RESTORE_GROUPS})


def test_without_on_demand_only_groups_are_given(
    backup: Stack, fresh: Pool, callers: set[tuple[str, str]]
) -> None:
    run = Import(backup, {"NewUserPoolId": fresh.pool_id, "Memberships": ON_SIGN_IN})
    run.begin()
    assert run.attach_triggers() == ["PreTokenGeneration"]
    assert callers == set()
    plain = Import(backup, {"NewUserPoolId": fresh.pool_id}, "2026-03-03T00:00:00.000Z")
    plain.begin()
    assert plain.attach_triggers() == []


def test_what_was_attached_by_hand_stays(
    backup: Stack, make_pool: MakePool, callers: set[tuple[str, str]]
) -> None:
    by_hand = {"PreTokenGeneration": RESTORE_GROUPS}
    pool = make_pool(LambdaConfig=by_hand)
    run = on_demand(backup, pool, AcceptDifferences=True)
    run.begin()
    assert run.attach_triggers() == ["UserMigration"]
    run.detach_triggers()
    assert triggers_of(pool) == by_hand


def test_a_trigger_of_the_pools_own_is_not_replaced(
    backup: Stack, make_pool: MakePool, callers: set[tuple[str, str]]
) -> None:
    own = {"UserMigration": "arn:aws:lambda:eu-west-1:123456789012:function:own"}
    pool = make_pool(LambdaConfig=own)
    run = on_demand(backup, pool, AcceptDifferences=True)
    run.begin()
    with pytest.raises(InvalidInput, match=r"^OnDemand: .* trigger of its own for UserMigration"):
        run.attach_triggers()
    assert triggers_of(pool) == own
    assert OnDemandPools(backup.table).of(pool.pool_id) is None


class Functions:
    """Lambda, which knows one permission at most."""

    def __init__(self) -> None:
        self.statements: dict[str, dict[str, Any]] = {}
        self.broken = ""

    def add_permission(self, **given: Any) -> None:
        self._refuse("ResourceConflictException", given["StatementId"] in self.statements)
        self.statements[given["StatementId"]] = given

    def remove_permission(self, **given: Any) -> None:
        self._refuse("ResourceNotFoundException", given["StatementId"] not in self.statements)
        del self.statements[given["StatementId"]]

    def _refuse(self, code: str, refused: bool) -> None:
        if refused or self.broken:
            raise ClientError({"Error": {"Code": self.broken or code}}, "Permission")


def test_one_pool_is_admitted_and_shut_out_again() -> None:
    functions = Functions()
    callers = FunctionCallers(functions)  # type: ignore[arg-type]
    pool, arn = "eu-west-1_New", "arn:aws:cognito-idp:eu-west-1:123456789012:userpool/eu-west-1_New"
    for _ in range(2):
        callers.admit(MIGRATE_USER, pool, arn)
    assert functions.statements == {
        statement_of(pool): {
            "FunctionName": MIGRATE_USER,
            "StatementId": "pool-eu-west-1_New",
            "Action": "lambda:InvokeFunction",
            "Principal": "cognito-idp.amazonaws.com",
            "SourceArn": arn,
            "SourceAccount": "123456789012",
        }
    }
    for _ in range(2):
        callers.shut_out(MIGRATE_USER, pool)
    assert functions.statements == {}
    functions.broken = "ServiceException"
    with pytest.raises(StoreUnavailable):
        callers.admit(MIGRATE_USER, pool, arn)
    with pytest.raises(StoreUnavailable):
        callers.shut_out(MIGRATE_USER, pool)
