"""Going back in time: whatever happened between, a moment's state is what its export left in the backup."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Any

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from lifeboat.export import assembly as exporting
from lifeboat.model import Group, Membership, PoolConfiguration, User, epoch_after, instant, seconds_between
from lifeboat.restore.moment import Exports
from lifeboat.store.as_of import AsOf
from lifeboat.store.backup import Backup
from lifeboat.store.keys import Key
from lifeboat.store.ledger import COMPLETED, COMPLETED_WITHOUT_CLEANUP, Ledger
from lifeboat.store.table import BackupTable
from tests.adapters.dying import DyingTable, Killed, content
from tests.adapters.pools import SHARD, Pool
from tests.adapters.stack import Export, MakePool, Stack, new_process

BEGINNING = datetime.fromisoformat("2026-03-01T12:00:00.000Z")
HISTORY_DAYS = 5
UNTOUCHED = 10**9


def on_day(day: float) -> str:
    return instant(BEGINNING + timedelta(days=day))


def beside(moment: str, milliseconds: int) -> str:
    return instant(datetime.fromisoformat(moment) + timedelta(milliseconds=milliseconds))


@dataclass(frozen=True)
class State:
    """All that a restore reads."""

    users: dict[str, tuple[User, frozenset[str]]]
    orphans: frozenset[Membership]
    groups: tuple[Group, ...]
    configuration: dict[str, PoolConfiguration]


def read(backup: Backup, shard: str = SHARD) -> State:
    users: dict[str, tuple[User, frozenset[str]]] = {}
    orphans: set[Membership] = set()
    for user, memberships in backup.users_with_groups(shard):
        if user is None:
            orphans.update(memberships)
        else:
            assert user.sub not in users, "nobody is there twice"
            groups = [membership.group_name for membership in memberships]
            assert len(groups) == len(set(groups)), "no membership is there twice"
            users[user.sub] = (undated(user), frozenset(groups))
    return State(users, frozenset(orphans), tuple(backup.groups()), backup.configurations())


def undated(user: User) -> User:
    """Dates are not compared by exports, so a version may have those of a later listing."""
    return replace(user, created_at="", modified_at="")


# -- random days ---------------------------------------------------------------------------------

Alteration = tuple[str, int, int]

changes = st.lists(
    st.tuples(
        st.sampled_from(
            ["user", "user", "user", "gone", "disabled", "group", "no group", "in", "in", "out", "client"]
        ),
        st.integers(0, 3),
        st.integers(0, 3),
    ),
    max_size=5,
)


@dataclass(frozen=True)
class Day:
    """Changes, an export that may be killed, and in that case what comes of it.

    `then` is "repeated", "failed" or "died": in the first case there are changes between the two attempts.
    """

    changes: list[Alteration]
    writes: int
    then: str
    between: list[Alteration]
    allow: bool


days = st.lists(
    st.builds(
        Day,
        changes,
        st.one_of(st.just(UNTOUCHED), st.integers(0, 25)),
        st.sampled_from(["repeated", "repeated", "failed", "died"]),
        changes,
        st.sampled_from([True, True, True, False]),
    ),
    min_size=1,
    max_size=9,
)


def change(pool: Pool, kind: str, one: int, other: int) -> None:
    """Change something in the pool, if it is there to be changed."""
    username, name = f"user-{one}", ("staff", "staff@1", "людей")[other % 3]
    users, groups = pool.inside.users, pool.inside.groups
    client = pool.client
    if kind == "user" and username not in users:
        pool.add(username, {"name": f"named {other}"}, sub=f"{SHARD}{'#' if one == 3 else '-'}{one}")
    elif kind == "user":
        pool.change(username, name=f"named {other}")
    elif kind == "group":
        pool.add_group(name, f"described {one}", Precedence=one) if name not in groups else None
    elif kind == "no group" and name in groups:
        pool.remove_group(name)
    elif kind == "client":
        change_clients(client, pool.pool_id, one, other)
    elif username in users and kind == "gone":
        pool.remove(username)
    elif username in users and kind == "disabled":
        users[username].enabled = not users[username].enabled
    elif username in users and name in groups and kind in ("in", "out"):
        arguments = {"UserPoolId": pool.pool_id, "Username": username, "GroupName": name}
        if kind == "in":
            client.admin_add_user_to_group(**arguments)
        else:
            client.admin_remove_user_from_group(**arguments)


def change_clients(client: Any, pool_id: str, one: int, other: int) -> None:
    """Have a client with more or fewer addresses, or another, or none: its text has one piece or several."""
    there = client.list_user_pool_clients(UserPoolId=pool_id, MaxResults=60)["UserPoolClients"]
    addresses = [f"https://example.com/{'long' * 20}/{number}" for number in range(4 * other)]
    if not there:
        client.create_user_pool_client(UserPoolId=pool_id, ClientName=f"web {one}", CallbackURLs=addresses)
    elif one == 0:
        client.delete_user_pool_client(UserPoolId=pool_id, ClientId=there[0]["ClientId"])
    else:
        client.update_user_pool_client(
            UserPoolId=pool_id, ClientId=there[0]["ClientId"], CallbackURLs=addresses
        )


@dataclass
class History:
    """What happened: the state that each completed export left in the backup, by its beginning."""

    table: BackupTable
    pool: Pool
    states: dict[str, State] = field(default_factory=dict)
    attempts: list[str] = field(default_factory=list)

    def live(self, number: int, day: Day) -> None:
        """Let a day pass."""
        self.attempts.append(on_day(number))
        for each in day.changes:
            change(self.pool, *each)
        export = Export(on_day(number), {"AllowMassRetirement": True} if day.allow else {})
        dying = DyingTable(self.table, day.writes)
        try:
            with pytest.MonkeyPatch.context() as patch:
                patch.setattr(exporting, "_table", lambda: dying)
                summary = export.run()
        except Killed:
            if day.then == "failed":
                export.fail("Sandbox.Timedout", "killed")
            if day.then != "repeated":
                # Killed between its last two writes an export is complete, though LATEST does not say so yet.
                if self.completed(on_day(number)):
                    self.states[on_day(number)] = read(self.table)
                return
            for each in day.between:
                change(self.pool, *each)
            export = Export(on_day(number), {"AllowMassRetirement": True} if day.allow else {})
            summary = export.run()
        state = read(self.table)
        if summary["Status"] == "COMPLETED":
            self.check(state)
        self.states[on_day(number)] = state

    def completed(self, at: str) -> bool:
        """Whether the ledger says of the export that began at a moment that it was completed."""
        entries = [entry for entry in self.table.items("EXPORT") if entry.get("started_at") == at]
        return any(entry["status"] in (COMPLETED, COMPLETED_WITHOUT_CLEANUP) for entry in entries)

    def check(self, state: State) -> None:
        """Compare the present backup with the pool that was just exported."""
        found = {
            sub: (user.attributes["name"], user.enabled, set(groups))
            for sub, (user, groups) in state.users.items()
        }
        assert found == {
            user.sub: (user.attributes["name"], user.enabled, self.pool.groups_of(user.username))
            for user in self.pool.users().values()
        }
        assert {group.name: group for group in state.groups} == self.pool.groups()

    def expected(self, moment: str) -> State | None:
        """The state of the last completed export that had begun."""
        begun = [at for at in self.states if at <= moment]
        return self.states[max(begun)] if begun else None

    def reaches(self, moment: str, now: str) -> bool:
        """Whether the moment is in the past and all that has been replaced since is still kept."""
        begun = max((at for at in self.states if at <= moment), default=moment)
        return 0 <= seconds_between(moment, now) <= HISTORY_DAYS * 86_400 and all(
            epoch_after(at, HISTORY_DAYS) > epoch_after(now, 0) for at in self.attempts if at > begun
        )

    def restored(self, moment: str, now: str) -> State | None:
        """What a restore at `now` reads as of a moment; None where it refuses to."""
        exports = Exports.of(Ledger(self.table, "export"), now, 35)
        export = exports.at(moment)
        if export is None or exports.problem(moment, export):
            return None
        return read(AsOf(self.table, export["started_at"], now))

    def expire(self, now: str) -> None:
        """Delete what has expired, as DynamoDB does in the end."""
        self.table.delete_all(
            Key(item["pk"], item["sk"])
            for item in content(self.table)
            if item.get("expires_at", UNTOUCHED * 10) <= epoch_after(now, 0)
        )


@pytest.fixture
def new_history(
    stack: Stack,
    make_table: Callable[[], BackupTable],
    make_pool: MakePool,
    monkeypatch: pytest.MonkeyPatch,
) -> Callable[[], History]:
    """Makes backups that nothing has happened to yet, each of a pool of its own."""
    monkeypatch.setattr("lifeboat.store.configurations.PIECE", 700)
    monkeypatch.setenv("HISTORY_DAYS", str(HISTORY_DAYS))

    def make() -> History:
        table, pool = make_table(), make_pool()
        monkeypatch.setenv("TABLE_NAME", table.name)
        monkeypatch.setenv("USER_POOL_ID", pool.pool_id)
        return History(table, pool)

    return make


moments = st.lists(
    st.one_of(
        st.tuples(st.integers(0, 9), st.sampled_from([-1, 0, 1])),
        st.tuples(st.floats(0, 9, allow_nan=False), st.just(0)),
    ),
    min_size=1,
    max_size=4,
)


@example(
    # The second export is killed between its ledger entry's end and LATEST.
    lived=[
        Day([("user", 0, 0)], UNTOUCHED, "repeated", [], True),
        Day([("user", 0, 3)], 2, "died", [], True),
    ],
    asked=[(2, 0)],
    later=3.0,
    expiring=False,
)
@settings(
    max_examples=12,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@given(lived=days, asked=moments, later=st.floats(0, 7), expiring=st.booleans())
def test_any_moment_is_as_it_was(
    new_history: Callable[[], History],
    lived: list[Day],
    asked: list[tuple[float, int]],
    later: float,
    expiring: bool,
) -> None:
    with new_process():
        history = new_history()
        for number, day in enumerate(lived):
            history.live(number, day)
        now = on_day(len(lived) - 1 + later)
        if expiring:
            history.expire(now)
        for day_of, milliseconds in asked:
            moment = beside(on_day(day_of), milliseconds)
            expected = history.expected(moment) if history.reaches(moment, now) else None
            assert history.restored(moment, now) == expected, f"as of {moment}, at {now}"
