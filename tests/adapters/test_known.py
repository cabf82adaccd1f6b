"""Users of the backup are found by the name they sign in with, by one query of one index."""

from __future__ import annotations

from dataclasses import replace

import pytest

from lifeboat.cognito.pool import PoolFacts
from lifeboat.model import Membership, Status, User
from lifeboat.restore.on_demand.known import find_known
from lifeboat.store.items import Change, draft_membership, draft_user
from lifeboat.store.keys import user_key
from lifeboat.store.table import BackupTable
from lifeboat.store.versions import VersionWriter
from tests.adapters.pools import SHARD, asked_of
from tests.unit.examples import AT, BY_EMAIL, BY_NAME, EARLIER

BY_ALIAS = replace(BY_NAME, alias_attributes=("email", "phone_number"), case_sensitive=False)


def user(number: int, username: str, made: str = EARLIER, **attributes: str) -> User:
    sub = f"{SHARD}000000-0000-4000-8000-{number:012}"
    return User(sub, username, {"sub": sub, **attributes}, True, Status.CONFIRMED, made, made)


ANN = user(1, "Ann", email="Ann@example.com", email_verified="true", phone_number="+4412")
BEN = user(2, "ben", email="ann@example.com", phone_number="+4413", phone_number_verified="true")


@pytest.fixture
def people(table: BackupTable) -> BackupTable:
    drafts = [*map(draft_user, (ANN, BEN)), draft_membership(Membership(ANN.sub, "staff"))]
    table.put_all(draft.item(AT, Change.ADDED) for draft in drafts)
    return table


@pytest.mark.parametrize(
    ("facts", "name", "expected"),
    [
        (BY_NAME, "Ann", ANN),
        (BY_NAME, "ann", None),
        (BY_NAME, "ann@example.com", None),
        (BY_ALIAS, "aNN", ANN),
        (BY_ALIAS, "ANN@example.com", ANN),
        (replace(BY_ALIAS, case_sensitive=True), "ann@example.com", None),
        (BY_ALIAS, "+4412", None),
        (BY_ALIAS, "+4413", BEN),
        (BY_EMAIL, "+4413", BEN),
        (BY_EMAIL, "ben", None),
        (BY_EMAIL, "nobody@example.com", None),
        (BY_ALIAS, "", None),
    ],
)
def test_a_name_finds_whom_the_pool_would_take_it_for(
    people: BackupTable, facts: PoolFacts, name: str, expected: User | None
) -> None:
    known = find_known(people, facts, name)
    assert (known.user if known else None) == expected


def test_the_user_is_found_whole(people: BackupTable) -> None:
    known = find_known(people, BY_NAME, "Ann")
    assert known is not None
    assert (known.key, known.memberships) == (user_key(ANN.sub), [Membership(ANN.sub, "staff")])


@pytest.mark.parametrize("facts", [BY_NAME, BY_ALIAS, BY_EMAIL])
@pytest.mark.parametrize("name", ["nobody", "nobody@example.com", "+99"])
def test_who_is_unknown_costs_one_query_at_most(people: BackupTable, facts: PoolFacts, name: str) -> None:
    reads = asked_of(people.table.meta.client, "Query")
    assert find_known(people, facts, name) is None
    assert len(reads) <= 1


def test_of_several_the_one_made_last_counts(people: BackupTable) -> None:
    again = user(3, "Ann", made=AT, email="ann@example.com", email_verified="true")
    people.put_all([draft_user(again).item(AT, Change.ADDED)])
    known = find_known(people, BY_NAME, "Ann")
    assert known is not None
    assert known.user == again


def test_who_is_renamed_or_retired_is_not_found_under_the_old_name(people: BackupTable) -> None:
    writer = VersionWriter(people, "2026-03-02T00:00:00.000Z", 35)
    writer.write(
        draft_user(replace(ANN, attributes={**ANN.attributes, "email": "new@example.com"})),
        people.stored_users(SHARD)[ANN.sub],
    )
    writer.flush()
    writer.retire([user_key(BEN.sub)])
    assert find_known(people, BY_ALIAS, "ann@example.com") is None
    assert find_known(people, BY_ALIAS, "+4413") is None
    assert people.users_by_email("new@example.com") == [user_key(ANN.sub)]
