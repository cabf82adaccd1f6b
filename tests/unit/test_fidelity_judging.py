"""The judges: what is equal is restored, a documented limit is named, and all else is unexplained."""

from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import pytest

from local.comparison import Group
from local.fidelity.group_kinds import NEW_ROLE, OLD_ROLE
from local.fidelity.judging import Case, Judgement, Side, SignIn, judge
from local.fidelity.limits import LIMITS, Verdict
from local.fidelity.observing import Account, Observation
from local.fidelity.pool_kinds import PoolKind, chosen
from local.fidelity.probing import Abilities
from local.fidelity.specimens import Specimen
from local.fidelity.user_kinds import USER_KINDS, cast

OLD, NEW = "us-east-1_old", "eu-west-1_new"
BEFORE, AFTER = datetime(2026, 1, 1, tzinfo=UTC), datetime(2026, 2, 1, tzinfo=UTC)
ONE_KIND = {kind.key: kind for kind in USER_KINDS}


def account(specimen: Specimen, **differences: Any) -> Account:
    made = Account(
        username=specimen.username,
        sub=f"sub of {specimen.label}",
        attributes=specimen.attributes,
        enabled=specimen.enabled,
        status=specimen.status,
        created=BEFORE,
        groups=frozenset(specimen.groups),
        identities=frozenset(("Partner", user_id) for user_id in specimen.identities),
        factors=frozenset(specimen.factors),
        preferred=specimen.preferred,
    )
    return replace(made, **differences)


def case(
    kind: str, pool: str = "username", can: tuple[Abilities, Abilities] | None = None, **after: Any
) -> Case:
    """One user of a kind, before and after; `after` is what differs then."""
    (pool_kind,) = chosen(pool)
    everybody = cast(pool_kind, [ONE_KIND[kind]])
    (specimen,) = everybody.specimens
    was = account(specimen)
    is_now = replace(was, **{"sub": "new sub", "created": AFTER, "status": after_import(specimen), **after})
    usable = Abilities(password=True, forgot_password=True)
    before, then = can or (usable, replace(usable, password=False))
    return Case(
        everybody,
        (OLD, NEW),
        Side(observation(was), {specimen.label: before}),
        Side(observation(is_now), {specimen.label: then}),
        {was.sub: (is_now.sub, is_now.username)},
        {(specimen.label, user_id): SignIn(is_now.username, frozenset()) for user_id in specimen.identities},
    )


def after_import(specimen: Specimen) -> str:
    return {"CONFIRMED": "RESET_REQUIRED", "UNCONFIRMED": "FORCE_CHANGE_PASSWORD"}.get(
        specimen.status, specimen.status
    )


def observation(*accounts: Account, groups: Mapping[str, Group] | None = None) -> Observation:
    return Observation({each.username: each for each in accounts}, groups or {}, {})


def verdicts(judged: Case) -> dict[str, Verdict]:
    """The worst verdict of each row."""
    order = [Verdict.RESTORED, Verdict.CHANGED, Verdict.IMPOSSIBLE, Verdict.UNEXPLAINED]
    found: dict[str, Verdict] = {}
    for judgement in judge(judged):
        found[judgement.row] = max(found.get(judgement.row, order[0]), judgement.verdict, key=order.index)
    return found


def unexplained(judged: Case) -> set[str]:
    return {row for row, verdict in verdicts(judged).items() if verdict is Verdict.UNEXPLAINED}


def test_a_user_as_an_import_leaves_it_is_explained() -> None:
    found = verdicts(case("confirmed"))

    assert found["attributes"] is found["memberships"] is found["username"] is Verdict.RESTORED
    assert found["sub"] is found["status:CONFIRMED"] is Verdict.CHANGED
    assert found["password"] is found["dates"] is Verdict.IMPOSSIBLE
    assert Verdict.UNEXPLAINED not in found.values()


@pytest.mark.parametrize(
    ("differences", "row"),
    [
        ({"attributes": {}}, "attributes"),
        ({"enabled": False}, "enabled"),
        ({"status": "FORCE_CHANGE_PASSWORD"}, "status:CONFIRMED"),
        ({"status": "UNCONFIRMED"}, "status:CONFIRMED"),
        ({"groups": frozenset({"zero"})}, "memberships"),
        ({"identities": frozenset({("Partner", "x")})}, "identities"),
        ({"factors": frozenset({"SMS_MFA"})}, "factor:SMS_MFA"),
        ({"preferred": "SMS_MFA", "factors": frozenset({"SMS_MFA"})}, "preferred"),
    ],
)
def test_a_difference_that_no_limit_explains_is_unexplained(differences: dict[str, Any], row: str) -> None:
    assert row in unexplained(case("confirmed", **differences))


def test_another_username_is_explained_only_where_cognito_makes_it_up() -> None:
    same_address = case("confirmed", "email", username="made up again")

    assert verdicts(same_address)["username"] is Verdict.CHANGED
    assert unexplained(case("confirmed", username="another")) == {"present"}


def test_who_is_missing_and_who_is_there_twice_is_named() -> None:
    whole = case("confirmed")
    lost = replace(whole, after=replace(whole.after, observation=observation()))
    (there,) = whole.after.observation.accounts.values()
    doubled = observation(there, replace(there, username="double"))

    assert [judgement.who for judgement in judge(lost) if judgement.row == "present"] == ["confirmed"]
    named = judge(replace(whole, after=replace(whole.after, observation=doubled)))
    assert Judgement("present", "double", False, None, "is there and should not be") in list(named)


def test_a_map_that_names_another_user_is_found() -> None:
    assert unexplained(replace(case("confirmed"), sub_map={})) == {"map"}


def test_an_invited_user_must_not_stay_locked_out() -> None:
    refused = Abilities(password=False, forgot_password=False)
    works = Abilities(password=False, forgot_password=True)

    assert not unexplained(case("invited", can=(refused, works), status="RESET_REQUIRED"))
    assert unexplained(case("invited", can=(refused, refused))) == {
        "status:FORCE_CHANGE_PASSWORD+",
        "forgot:FORCE_CHANGE_PASSWORD+",
    }


def test_forgot_password_must_go_on_working() -> None:
    works = Abilities(password=True, forgot_password=True)
    refused = Abilities(password=False, forgot_password=False)

    assert unexplained(case("confirmed", can=(works, refused))) == {"forgot:CONFIRMED"}


def test_who_has_no_verified_address_is_said_to_have_no_way_in() -> None:
    by_password = Abilities(password=True, forgot_password=False)

    found = verdicts(case("no-email", can=(by_password, replace(by_password, password=False))))

    assert found["way-in"] is Verdict.IMPOSSIBLE


def test_a_password_that_still_works_would_be_unexplained() -> None:
    works = Abilities(password=True, forgot_password=True)

    assert unexplained(case("confirmed", can=(works, works))) == {"password"}


def test_an_unverified_address_stays_unverified() -> None:
    judged = case("unverified-email")
    (was,) = judged.before.observation.accounts.values()
    unmarked = {name: value for name, value in was.attributes.items() if name != "email_verified"}

    assert not unexplained(case("unverified-email", attributes=unmarked))
    verified = {**was.attributes, "email_verified": "true"}
    assert unexplained(case("unverified-email", attributes=verified)) == {"attributes:unverified-email"}


def test_the_old_sub_is_wanted_unless_an_earlier_one_is_there() -> None:
    fifty = case("fifty", "custom")
    (was,) = fifty.before.observation.accounts.values()

    assert verdicts(fifty)["source-sub"] is Verdict.RESTORED
    replaced = {**was.attributes, "custom:source_sub": was.sub}
    assert unexplained(case("fifty", "custom", attributes=replaced)) == {"source-sub"}


def test_an_authenticator_cannot_come_back() -> None:
    gone = case("mfa-totp", "mfa-totp", factors=frozenset(), preferred="")

    found = verdicts(gone)

    assert found["factor:SOFTWARE_TOKEN_MFA"] is found["preferred"] is Verdict.IMPOSSIBLE
    assert not unexplained(gone)


def test_a_federated_user_comes_by_signing_in_with_its_groups_in_the_token() -> None:
    groups = {"zero", "role", ONE_KIND_OF_NAME, f"{OLD}_Partner"}
    whole = federated_case("federated", groups, f"{NEW}_Partner")

    found = verdicts(whole)

    assert found["profile"] is Verdict.IMPOSSIBLE
    assert found["profile-groups"] is Verdict.CHANGED
    assert unexplained(federated_case("federated", {"zero"}, "")) == {"profile-groups"}


def test_a_disabled_federated_user_is_given_no_groups() -> None:
    assert verdicts(federated_case("federated-disabled", set(), ""))["profile-disabled"] is Verdict.IMPOSSIBLE
    assert unexplained(federated_case("federated-disabled", {"zero"}, "")) == {"profile-disabled"}


ONE_KIND_OF_NAME = next(
    name for name in cast(chosen("username")[0]).users["federated"][1].groups if "#" in name
)


def federated_case(kind: str, in_token: set[str], provider_group: str) -> Case:
    whole = case(kind)
    (specimen,) = whole.cast.specimens
    (was,) = whole.before.observation.accounts.values()
    there = observation(replace(was, groups=was.groups | {f"{OLD}_Partner"}))
    sign_in = SignIn(specimen.username, frozenset(in_token | ({provider_group} - {""})))
    return replace(
        whole,
        before=replace(whole.before, observation=there),
        after=replace(whole.after, observation=observation()),
        sign_ins={(specimen.label, specimen.identities[0]): sign_in},
    )


def with_groups(before: Mapping[str, Group], after: Mapping[str, Group]) -> Case:
    whole = case("unverified-email")
    (was,), (is_now,) = (side.observation.accounts.values() for side in (whole.before, whole.after))
    return replace(
        whole,
        before=replace(whole.before, observation=observation(was, groups=before)),
        after=replace(whole.after, observation=observation(is_now, groups=after)),
    )


def test_groups_are_judged_field_by_field() -> None:
    zero, none = Group("", 0, ""), Group("", None, "")

    assert not unexplained(with_groups({"zero": zero}, {"zero": zero}))
    assert unexplained(with_groups({"zero": zero}, {"zero": none})) == {"group:zero"}
    assert unexplained(with_groups({"empty": none}, {})) == {"group:empty"}


def test_a_role_of_the_lost_region_is_what_the_input_maps_it_to() -> None:
    old, new = Group("", None, OLD_ROLE), Group("", None, NEW_ROLE)

    assert not unexplained(with_groups({"regional": old}, {"regional": new}))
    assert unexplained(with_groups({"regional": old}, {"regional": old})) == {"group:regional"}


def test_the_lost_pools_own_group_of_a_provider_stands_beside_the_new_pools() -> None:
    none = Group("", None, "")
    before, new = {f"{OLD}_Partner": none}, {f"{NEW}_Partner": none}

    assert verdicts(with_groups(before, before | new))["group:provider"] is Verdict.RESTORED
    assert unexplained(with_groups(before, new)) == {"group:provider"}


def test_limits_are_told_apart_and_are_changes_or_impossibilities() -> None:
    assert len({limit.key for limit in LIMITS}) == len(LIMITS)
    assert {limit.verdict for limit in LIMITS} == {Verdict.CHANGED, Verdict.IMPOSSIBLE}


def test_passwordless_pools_leave_users_confirmed() -> None:
    def status_of(pool: PoolKind, status: str) -> Verdict:
        return verdicts(case("reset", pool.key, status=status))["status:RESET_REQUIRED"]

    (passwordless,) = chosen("passwordless")
    assert status_of(passwordless, "CONFIRMED") is Verdict.CHANGED
    assert "status:CONFIRMED" in unexplained(case("confirmed", "passwordless", status="RESET_REQUIRED"))


def test_a_factor_is_given_up_only_where_it_bars_the_way_back() -> None:
    by_password = Abilities(password=True, forgot_password=False)
    works = Abilities(password=False, forgot_password=True)

    barred = case("mfa-email", "mfa-email", can=(by_password, works), factors=frozenset(), preferred="")
    free = case("mfa-email", "mfa-optional", factors=frozenset(), preferred="")

    assert not unexplained(barred)
    assert verdicts(barred)["factor:EMAIL_OTP"] is Verdict.CHANGED
    assert unexplained(free) == {"factor:EMAIL_OTP", "preferred"}


def test_who_is_barred_from_the_way_back_must_not_stay_so() -> None:
    by_password = Abilities(password=True, forgot_password=False)

    barred = case("mfa-email", "mfa-email", can=(by_password, replace(by_password, password=False)))

    assert unexplained(barred) == {"forgot:CONFIRMED"}


def test_the_only_factor_need_not_be_preferred() -> None:
    assert not unexplained(case("mfa-sms", "mfa-sms", preferred=""))
    assert "preferred" in unexplained(case("mfa-sms", "mfa-sms", preferred="EMAIL_OTP"))
