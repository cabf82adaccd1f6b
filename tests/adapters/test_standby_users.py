"""One user of the standby pool is brought to what the backup says, whatever the pool had before."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest

from lifeboat.cognito.changes import PoolChanger
from lifeboat.errors import AliasExists, CognitoRefused, CognitoUnavailable, UserExists
from lifeboat.model import Kind, User
from lifeboat.store.keys import user_key
from lifeboat.store.standby import HELD, Place, StandbyPlaces, awaited_partition, owner_key, place_key
from lifeboat.store.table import BackupTable
from lifeboat.sync.standby.groups import Applied
from tests.adapters.pools import Pool, asked_of, failing
from tests.adapters.standby import Standby, changed, person, sub_number


@pytest.fixture
def standby(table: BackupTable, pool: Pool) -> Standby:
    made = Standby(table, pool)
    made.listed(users=100, groups=100)
    return made


class Killed(Exception):
    """The function's process has ended."""


CHANGES = (
    "AdminCreateUser",
    "AdminSetUserPassword",
    "AdminUpdateUserAttributes",
    "AdminDeleteUserAttributes",
    "AdminEnableUser",
    "AdminDisableUser",
    "AdminDeleteUser",
    "AdminAddUserToGroup",
    "AdminRemoveUserFromGroup",
    "AdminSetUserMFAPreference",
    "AdminGetUser",
    "CreateGroup",
)


def asked(standby: Standby) -> list[list[dict[str, Any]]]:
    return [asked_of(standby.pool.client, operation) for operation in CHANGES]


def test_a_user_is_created_silently_with_a_password_that_lasts_and_its_groups(standby: Standby) -> None:
    silent = asked_of(standby.pool.client, "AdminCreateUser")
    lasting = asked_of(standby.pool.client, "AdminSetUserPassword")
    user = person(1, name="Ann", phone_number="+15550001", phone_number_verified="false")
    standby.put_group("staff", precedence=0)
    standby.put(user, "staff")

    assert standby.users.apply(user.sub) is Applied.CREATED

    standby.check_same([user])
    assert [each["MessageAction"] for each in silent] == ["SUPPRESS"]
    assert [each["Permanent"] for each in lasting] == [True]
    assert standby.pool.users()["user1"].status == "CONFIRMED"
    assert standby.pool.groups()["staff"].precedence == 0
    # And the pool's user can be found from the backup's, and the other way round.
    place = standby.places.get(user.sub)
    assert place is not None
    assert place.new_sub == standby.pool.users()["user1"].sub != user.sub
    assert standby.places.owner(place.new_sub) == user.sub


def test_what_was_applied_already_costs_no_request(standby: Standby) -> None:
    user = person(1)
    standby.put(user)
    standby.users.apply(user.sub)
    calls = asked(standby)
    assert standby.users.apply(user.sub) is Applied.UNCHANGED
    standby.put(replace(user, modified_at="2026-03-02T00:00:00.000Z"))
    assert standby.users.apply(user.sub) is Applied.UNCHANGED
    assert not any(calls)


def test_what_a_change_and_a_replay_cost(standby: Standby) -> None:
    """As docs/warm-standby.md reckons."""
    user = person(1)
    standby.put(user)
    standby.users.apply(user.sub)
    standby.put(changed(user, name="Ann"))
    asked: list[str] = []
    events = standby.table.table.meta.client.meta.events
    events.register("before-call.dynamodb.*", lambda model, **_: asked.append(model.name))
    standby.users.apply(user.sub)
    assert Counter(asked) == {"GetItem": 2, "Query": 2, "UpdateItem": 2}
    asked.clear()
    standby.users.apply(user.sub)
    assert Counter(asked) == {"GetItem": 1, "Query": 1}


def test_attributes_are_changed_and_removed_and_flags_are_kept_as_they_are(standby: Standby) -> None:
    user = person(1, name="Ann", nickname="An", phone_number="+15550001", phone_number_verified="true")
    standby.put(user)
    standby.users.apply(user.sub)

    user = changed(
        user, "nickname", "phone_number", "phone_number_verified", name="Anne", email_verified="false"
    )
    standby.put(user)
    assert standby.users.apply(user.sub) is Applied.CHANGED
    attributes = standby.pool.users()["user1"].attributes
    assert attributes["name"] == "Anne"
    assert attributes["email_verified"] == "false"
    assert "nickname" not in attributes
    assert "phone_number" not in attributes
    assert standby.users.apply(user.sub, look=True) is Applied.UNCHANGED

    user = changed(user, phone_number="+15550002", email_verified="true")
    standby.put(user)
    standby.users.apply(user.sub)
    attributes = standby.pool.users()["user1"].attributes
    assert attributes["phone_number_verified"] == "false"  # not that of the number before
    assert attributes["email_verified"] == "true"


def test_a_new_address_that_is_not_verified_makes_cognito_send_no_code(standby: Standby) -> None:
    """In one request with a verified flag an address is changed silently; the flag alone is, too."""
    user = person(1)
    standby.put(user)
    standby.users.apply(user.sub)
    sent = asked_of(standby.pool.client, "AdminUpdateUserAttributes")
    standby.put(changed(user, email="other@example.com", email_verified="false"))
    standby.users.apply(user.sub)
    assert [{each["Name"]: each["Value"] for each in one["UserAttributes"]} for one in sent] == [
        {"email": "other@example.com", "email_verified": "true"},
        {"email_verified": "false"},
    ]
    assert standby.pool.users()["user1"].attributes["email_verified"] == "false"


def test_an_attribute_that_cognito_never_changes_makes_the_user_anew(
    table: BackupTable, make_pool: Callable[..., Pool]
) -> None:
    fixed = {"Name": "tenant", "AttributeDataType": "String", "Mutable": False}
    standby = Standby(table, make_pool(Schema=[fixed]))
    user = person(1, **{"custom:tenant": "a"})
    standby.put(user)
    standby.users.apply(user.sub)
    first = standby.pool.users()["user1"].sub
    user = changed(user, **{"custom:tenant": "b"})
    standby.put(user)
    assert standby.users.apply(user.sub) is Applied.CREATED
    standby.check_same([user])
    assert standby.pool.users()["user1"].sub != first
    assert table.get(owner_key(first)) is None


def test_a_user_is_disabled_enabled_regrouped_and_confirmed(standby: Standby) -> None:
    for name in ("a", "b", "c"):
        standby.put_group(name)
    invited = replace(person(1), status="UNCONFIRMED")
    standby.put(invited, "a", "b")
    standby.users.apply(invited.sub)
    assert standby.pool.users()["user1"].status == "FORCE_CHANGE_PASSWORD"

    disabled = replace(invited, enabled=False, status="CONFIRMED")
    standby.put(disabled, "b", "c")
    assert standby.users.apply(disabled.sub) is Applied.CHANGED
    standby.check_same([disabled])
    assert standby.pool.users()["user1"].status == "CONFIRMED"

    enabled = replace(disabled, enabled=True)
    standby.put(enabled, "b", "c")
    standby.users.apply(enabled.sub)
    standby.check_same([enabled])


def test_second_factors_follow(table: BackupTable, make_pool: Callable[..., Pool]) -> None:
    pool = make_pool()
    pool.client.set_user_pool_mfa_config(
        UserPoolId=pool.pool_id,
        MfaConfiguration="OPTIONAL",
        SmsMfaConfiguration={"SmsConfiguration": {"SnsCallerArn": "arn:aws:iam::123456789012:role/sms"}},
    )
    standby = Standby(table, pool)
    standby.facts = replace(standby.facts, mfa="OPTIONAL")
    user = replace(person(1, phone_number="+15550001"), mfa=("SMS_MFA",), preferred_mfa="SMS_MFA")
    standby.put(user)
    standby.users.apply(user.sub)
    there = standby.groups.states.user("user1")
    assert there is not None
    assert (there.mfa, there.preferred_mfa) == (("SMS_MFA",), "SMS_MFA")
    standby.put(replace(user, mfa=(), preferred_mfa=""))
    assert standby.users.apply(user.sub) is Applied.CHANGED
    there = standby.groups.states.user("user1")
    assert there is not None
    assert (there.mfa, there.preferred_mfa) == ((), "")


def linked(user: User, *user_ids: str) -> User:
    entries = [{"providerName": "Google", "userId": each, "primary": False} for each in user_ids]
    return changed(user, identities=json.dumps(entries))


def test_linked_identities_follow(standby: Standby, monkeypatch: pytest.MonkeyPatch) -> None:
    """moto knows neither call, so both are taken down, and done to the pool's attribute."""
    done: list[tuple[str, ...]] = []
    inside = standby.pool.inside

    has: set[str] = set()

    def show() -> None:
        entries = json.dumps([{"providerName": "Google", "userId": each} for each in sorted(has)])
        inside.users["user1"].update_attributes([{"Name": "identities", "Value": entries}])

    def link(_: PoolChanger, username: str, provider: str, user_id: str) -> None:
        done.append(("link", username, user_id))
        has.add(user_id)
        show()

    def unlink(_: PoolChanger, provider: str, user_id: str) -> None:
        done.append(("unlink", provider, user_id))
        has.remove(user_id)
        show()

    monkeypatch.setattr(PoolChanger, "link", link)
    monkeypatch.setattr(PoolChanger, "unlink", unlink)
    user = linked(person(1), "g-1")
    standby.put(user)
    standby.users.apply(user.sub)
    standby.put(linked(user, "g-2"))
    standby.users.apply(user.sub)
    assert standby.users.apply(user.sub, look=True) is Applied.UNCHANGED
    assert done == [("link", "user1", "g-1"), ("unlink", "Google", "g-1"), ("link", "user1", "g-2")]


def test_federated_users_are_left_out_and_who_has_no_name_to_sign_in_with_is_refused(
    table: BackupTable, make_pool: Callable[..., Pool]
) -> None:
    standby = Standby(table, make_pool(UsernameAttributes=["email"]))
    federated = replace(person(1), status="EXTERNAL_PROVIDER")
    nameless = changed(person(2), "email", "email_verified")
    standby.put(federated)
    standby.put(nameless)
    assert standby.users.apply(federated.sub) is Applied.LEFT_OUT
    with pytest.raises(CognitoRefused, match="NoSignInName"):
        standby.users.apply(nameless.sub)
    assert standby.pool.users() == {}


def test_where_usernames_are_generated_the_user_is_found_again(
    table: BackupTable, make_pool: Callable[..., Pool]
) -> None:
    standby = Standby(table, make_pool(UsernameAttributes=["email"]))
    user = person(1)
    standby.put(user)
    standby.users.apply(user.sub)
    [name] = standby.pool.users()
    standby.put(changed(user, email="new@example.com"))
    assert standby.users.apply(user.sub) is Applied.CHANGED
    [(same, there)] = standby.pool.users().items()
    assert (same, there.attributes["email"]) == (name, "new@example.com")


def test_a_user_that_an_import_created_is_taken_over_and_completed(standby: Standby) -> None:
    user = person(1, name="Ann")
    there = standby.pool.add("user1", {"email": "user1@example.com"}, sub=sub_number(77))
    standby.put(user)
    assert standby.users.apply(user.sub) is Applied.CREATED
    standby.check_same([user])
    assert standby.pool.users()["user1"].sub == there
    # Whoever took the name beforehand does not get in with the password they chose.
    assert standby.pool.password_of("user1") != "Known-to-0thers"


# -- deleting ------------------------------------------------------------------------------------


def test_a_deleted_user_is_deleted_and_forgotten(standby: Standby) -> None:
    user = person(1)
    standby.put(user)
    standby.users.apply(user.sub)
    new_sub = standby.pool.users()["user1"].sub
    standby.drop(user)
    assert standby.users.apply(user.sub) is Applied.DELETED
    assert standby.pool.users() == {}
    assert standby.table.get(place_key(user.sub)) is None
    assert standby.table.get(owner_key(new_sub)) is None
    assert standby.users.apply(user.sub, removed=user) is Applied.UNCHANGED


def test_a_user_of_an_import_is_deleted_by_the_name_it_had(standby: Standby) -> None:
    user = person(1)
    standby.pool.add("user1", {"email": "user1@example.com"})
    assert standby.users.apply(user.sub) is Applied.UNCHANGED
    assert standby.users.apply(user.sub, removed=user) is Applied.DELETED
    assert standby.pool.users() == {}


def test_deletions_beyond_the_guard_are_held_until_they_are_permitted(standby: Standby) -> None:
    standby.listed(users=20)
    people = [person(number) for number in range(5)]
    for user in people:
        standby.put(user)
        standby.users.apply(user.sub)
    for user in people:
        standby.drop(user)
    done = [standby.users.apply(user.sub) for user in people]
    assert done == [Applied.DELETED] * 2 + [Applied.HELD] * 3
    assert [standby.users.apply(user.sub) for user in people[2:]] == [Applied.HELD] * 3
    assert standby.pool.users().keys() == {"user2", "user3", "user4"}
    assert standby.places.held() == [(Kind.USER, user.sub) for user in people[2:]]

    # One of them is in the backup again: an export has repaired what a lost event had taken.
    standby.put(people[2])
    assert standby.users.apply(people[2].sub) is not Applied.HELD
    assert [standby.users.apply(each.sub, permitted=True) for each in people[3:]] == [Applied.DELETED] * 2
    standby.check_same([people[2]])
    assert standby.items(HELD) == []


def test_before_the_first_export_nobody_is_deleted(table: BackupTable, pool: Pool) -> None:
    standby = Standby(table, pool)
    user = person(1)
    standby.put(user)
    standby.users.apply(user.sub)
    standby.drop(user)
    assert standby.users.apply(user.sub) is Applied.HELD


# -- one name, two users -------------------------------------------------------------------------


def test_a_name_goes_to_the_user_made_later_in_whatever_order_changes_come(standby: Standby) -> None:
    """Deleted and created anew under the same name: another sub, so another partition of the stream."""
    old = person(1, name="Old")
    new = replace(person(2, name="New"), username="user1", created_at="2026-03-01T00:00:00.000Z")
    standby.put(old)
    standby.users.apply(old.sub)
    standby.put(new)
    assert standby.users.apply(new.sub) is Applied.CREATED
    standby.drop(old)
    assert standby.users.apply(old.sub, removed=old) is Applied.UNCHANGED
    standby.check_same([new])
    assert standby.pool.users()["user1"].attributes["name"] == "New"


def test_a_user_whose_name_a_later_one_has_waits_and_is_given_up_in_the_end(
    standby: Standby, monkeypatch: pytest.MonkeyPatch
) -> None:
    new = person(1)
    old = replace(person(2), username="user1", created_at="2020-01-01T00:00:00.000Z")
    standby.put(new)
    standby.users.apply(new.sub)
    standby.put(old)
    with pytest.raises(CognitoUnavailable):
        standby.users.apply(old.sub)
    monkeypatch.setattr("lifeboat.sync.standby.users.now", lambda: "2999-01-01T00:00:00.000Z")
    with pytest.raises(UserExists):
        standby.users.apply(old.sub)
    standby.check_same([new])


def test_an_address_that_another_still_has_is_waited_for(standby: Standby) -> None:
    user = person(1)
    standby.put(user)
    error = standby.pool.client.exceptions.AliasExistsException(
        {"Error": {"Code": "AliasExistsException", "Message": "taken"}}, "AdminCreateUser"
    )
    with failing(standby.pool.client, "AdminCreateUser", error), pytest.raises(CognitoUnavailable) as raised:
        standby.users.apply(user.sub)
    assert not isinstance(raised.value, AliasExists)
    assert standby.users.apply(user.sub) is Applied.CREATED


# -- groups that come later ----------------------------------------------------------------------


def test_a_membership_waits_for_its_group(standby: Standby) -> None:
    user = person(1)
    standby.put(user, "late")
    standby.users.apply(user.sub)
    assert standby.pool.groups() == {}
    assert standby.places.awaiting("late") == [user.sub]
    standby.put_group("late")
    assert standby.groups.apply("late") is Applied.CREATED
    assert standby.users.apply(user.sub, look=True) is Applied.CHANGED
    standby.places.arrived("late", user.sub)
    standby.check_same([user])
    assert standby.items(awaited_partition("late")) == []


# -- two at a time, and dying --------------------------------------------------------------------


def test_whoever_is_overtaken_begins_again_and_the_latest_state_stays(
    standby: Standby, monkeypatch: pytest.MonkeyPatch
) -> None:
    user = person(1, name="First")
    standby.put(user)
    standby.users.apply(user.sub)
    later = changed(user, name="Second")
    standby.put(changed(user, name="Overtaken"))
    update = PoolChanger.update_attributes
    overtaken: list[bool] = []

    def overtake(changer: PoolChanger, username: str, attributes: Any, silent: Any = ()) -> None:
        if not overtaken:
            overtaken.append(True)
            standby.put(later)
            standby.users.apply(user.sub)
        update(changer, username, attributes, silent)

    monkeypatch.setattr(PoolChanger, "update_attributes", overtake)
    standby.users.apply(user.sub)
    standby.check_same([later])


def test_who_sees_another_at_work_that_ends_before_the_own_beginning_is_alone(
    standby: Standby, monkeypatch: pytest.MonkeyPatch
) -> None:
    user = person(1)
    standby.put(user)
    standby.users.apply(user.sub)
    target = standby.users.target(user.sub)
    assert target is not None
    other = standby.places.begin(user.sub, standby.places.get(user.sub))
    get = StandbyPlaces.get

    def get_and_let_the_other_end(places: StandbyPlaces, sub: str) -> Place | None:
        seen = get(places, sub)
        standby.places.finish(sub, other.revision, target.digest(standby.facts))
        return seen

    monkeypatch.setattr(StandbyPlaces, "get", get_and_let_the_other_end)
    assert standby.users.apply(user.sub, look=True) is Applied.UNCHANGED
    place = get(standby.places, user.sub)
    assert place is not None
    assert place.applied == target.digest(standby.facts)


@pytest.mark.parametrize("call", ["AdminSetUserPassword", "AdminAddUserToGroup", "AdminDisableUser"])
def test_what_dies_on_the_way_is_finished_by_the_next_attempt(standby: Standby, call: str) -> None:
    user = replace(person(1), enabled=False)
    standby.put_group("staff")
    standby.put(user, "staff")
    with failing(standby.pool.client, call, Killed()), pytest.raises(Killed):
        standby.users.apply(user.sub)
    standby.users.apply(user.sub)
    standby.check_same([user])
    assert standby.pool.users()["user1"].status == "CONFIRMED"


def test_after_a_failure_what_was_applied_is_known_after_a_death_only_later(standby: Standby) -> None:
    """Whoever died may not have died yet: it may still write something older than what is applied now."""
    user = person(1)
    standby.put(user)
    unavailable = standby.pool.client.exceptions.InternalErrorException(
        {"Error": {"Code": "InternalErrorException", "Message": ""}}, "AdminListGroupsForUser"
    )
    known: list[bool] = []
    for number, error in enumerate((unavailable, Killed()), start=1):
        user = changed(user, name=f"name-{number}")
        standby.put(user)
        with failing(standby.pool.client, "AdminListGroupsForUser", error), pytest.raises(Exception):  # noqa: B017, PT011
            standby.users.apply(user.sub)
        standby.users.apply(user.sub)
        standby.check_same([user])
        place = standby.places.get(user.sub)
        known.append(place is not None and bool(place.applied))
    assert known == [True, False]
    standby.users.apply(user.sub)
    place = standby.places.get(user.sub)
    assert place is not None
    assert place.applied


def test_a_deletion_that_dies_is_counted_once(standby: Standby) -> None:
    standby.listed(users=10)
    user = person(1)
    standby.put(user)
    standby.users.apply(user.sub)
    standby.drop(user)
    with (
        failing(standby.pool.client, "AdminDeleteUser", Killed()),
        pytest.raises(Killed),
    ):
        standby.users.apply(user.sub)
    assert standby.users.apply(user.sub) is Applied.DELETED
    assert standby.table.get(user_key(user.sub)) is None
