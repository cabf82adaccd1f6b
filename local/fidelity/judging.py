"""What became of every user and group: each field and state, before and after, and what explains it."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Final

from local.comparison import Group
from local.fidelity import limits
from local.fidelity.group_kinds import ARN_MAP, CROWD, GROUP_KINDS
from local.fidelity.limits import Limit, Verdict
from local.fidelity.observing import Account, Observation, account_of
from local.fidelity.pool_arguments import SOURCE_SUB
from local.fidelity.pool_kinds import PoolKind
from local.fidelity.probing import Abilities
from local.fidelity.rows import attributes_row
from local.fidelity.specimens import PROVIDER, Specimen
from local.fidelity.user_kinds import Cast, UserKind

FACTORS: Final = ("SMS_MFA", "EMAIL_OTP", "SOFTWARE_TOKEN_MFA")
FACTOR_ADDRESSES: Final = {"SMS_MFA": "phone_number", "EMAIL_OTP": "email"}
FLAGS: Final = ("email_verified", "phone_number_verified")


@dataclass(frozen=True, slots=True)
class Judgement:
    """What became of one field or state (a row) of one user, group or setting.

    `limit` explains a change; without one, anything but `same` is unexplained. `told` says what differs.
    """

    row: str
    who: str
    same: bool
    limit: Limit | None = None
    told: str = ""

    @property
    def verdict(self) -> Verdict:
        """The verdict: a limit's own, unless nothing changed."""
        if self.same:
            return Verdict.RESTORED
        return self.limit.verdict if self.limit is not None else Verdict.UNEXPLAINED


@dataclass(frozen=True, slots=True)
class Side:
    """A pool at one moment, and what its users could do then, by label."""

    observation: Observation
    abilities: Mapping[str, Abilities]


@dataclass(frozen=True, slots=True)
class SignIn:
    """What a sign-in through the provider led to: the username, and the groups in the token."""

    username: str
    groups: frozenset[str]

    @classmethod
    def of(cls, answer: Mapping[str, Any]) -> "SignIn":
        """Read the front's answer."""
        return cls(str(answer["username"]), frozenset(answer["groups"]))


@dataclass(frozen=True, slots=True)
class Case:
    """One kind of pool, before and after.

    `sub_map`: old sub → (new sub, new username), by the report. `sign_ins`: (label, identity) → where it led.
    """

    cast: Cast
    pool_ids: tuple[str, str]
    before: Side
    after: Side
    sub_map: Mapping[str, tuple[str, str]]
    sign_ins: Mapping[tuple[str, str], SignIn]

    @property
    def pool(self) -> PoolKind:
        """The kind of pool."""
        return self.cast.pool

    @property
    def provider_groups(self) -> tuple[str, str]:
        """The name of Cognito's own group of PROVIDER in the old pool and in the new one."""
        return f"{self.pool_ids[0]}_{PROVIDER}", f"{self.pool_ids[1]}_{PROVIDER}"


def judge(case: Case) -> Iterator[Judgement]:
    """Judge all users, groups and memberships."""
    there: set[str] = set()
    for label, (kind, specimen) in case.cast.users.items():
        before = account_of(case.before.observation, case.pool, specimen)
        after = account_of(case.after.observation, case.pool, specimen)
        if before is None:
            yield Judgement("present", label, False, None, "was not there to be restored")
        elif specimen.federated:
            yield from _federated(case, specimen, before)
        elif after is None:
            yield Judgement("present", label, False, None, "is lost")
        else:
            there.add(after.username)
            yield Judgement("present", label, True)
            yield from _user(case, kind, specimen, before, after)
    for name in sorted(case.after.observation.accounts.keys() - there):
        yield Judgement("present", name, False, None, "is there and should not be")
    yield from _groups(case)


def _user(
    case: Case, kind: UserKind, specimen: Specimen, before: Account, after: Account
) -> Iterator[Judgement]:
    label = specimen.label
    named = limits.USERNAME if case.pool.sign_in else None
    yield Judgement(
        "username", label, before.username == after.username, named, _told(before, after, "username")
    )
    yield Judgement("sub", label, before.sub == after.sub, limits.SUB)
    mapped = case.sub_map.get(before.sub)
    expected = (after.sub, after.username)
    yield Judgement("map", label, mapped == expected, None, f"the map has {mapped}, not {expected}")
    yield Judgement("enabled", label, before.enabled == after.enabled, None, _told(before, after, "enabled"))
    yield Judgement("dates", label, before.created == after.created, limits.DATES)
    yield _status(case, specimen, before, after)
    yield from _attributes(kind, label, before, after)
    yield from _factors(case.pool, specimen, before, after)
    yield from _memberships(case, label, before, after)
    if before.identities or after.identities:
        same = before.identities == after.identities
        yield Judgement("identities", label, same, None, _told(before, after, "identities"))
    for user_id in specimen.identities:
        led_to = case.sign_ins[label, user_id].username
        told = f"the identity {user_id} leads to {led_to!r}"
        yield Judgement("linked-sign-in", label, led_to == after.username, None, told)
    yield from _abilities(case, specimen)


def _status(case: Case, specimen: Specimen, before: Account, after: Account) -> Judgement:
    """Judge the status: only what AWS's statuses can become without a message is explained."""
    explained = {
        ("RESET_REQUIRED", "CONFIRMED"): (
            limits.PASSWORDLESS if case.pool.passwordless else limits.RANDOM_PASSWORD
        ),
        ("UNCONFIRMED", "FORCE_CHANGE_PASSWORD"): limits.NEVER_CONFIRMED,
    }
    if not case.pool.passwordless:
        explained["CONFIRMED", "RESET_REQUIRED"] = limits.RESET_BY_JOB
    invited = _invited_with_address(specimen)
    if invited:
        explained["FORCE_CHANGE_PASSWORD", "CONFIRMED"] = limits.INVITED
        explained["FORCE_CHANGE_PASSWORD", "RESET_REQUIRED"] = limits.INVITED
    # Who was invited must not stay so: nobody knows the temporary password any more.
    same = before.status == after.status and not invited
    limit = explained.get((before.status, after.status))
    return Judgement(
        f"status:{_status_row(specimen)}", specimen.label, same, limit, _told(before, after, "status")
    )


def _invited_with_address(specimen: Specimen) -> bool:
    verified = specimen.verified("email") or specimen.verified("phone_number")
    return specimen.status == "FORCE_CHANGE_PASSWORD" and verified


def _status_row(specimen: Specimen) -> str:
    return f"{specimen.status}+" if _invited_with_address(specimen) else specimen.status


def _attributes(kind: UserKind, label: str, before: Account, after: Account) -> Iterator[Judgement]:
    """Judge each attribute. An address that is not marked as verified is unverified."""
    row = attributes_row(kind)
    for name in sorted(before.attributes.keys() | after.attributes.keys()):
        default = "false" if name in FLAGS else None
        was, is_now = before.attributes.get(name, default), after.attributes.get(name, default)
        if name == SOURCE_SUB:
            wanted = was or before.sub
            yield Judgement("source-sub", label, is_now == wanted, None, f"{is_now!r} and not {wanted!r}")
        else:
            yield Judgement(row, label, was == is_now, None, f"{name} is {is_now!r} and was {was!r}")


def _factors(pool: PoolKind, specimen: Specimen, before: Account, after: Account) -> Iterator[Judgement]:
    label, lost = specimen.label, before.factors - after.factors
    given_up = limits.FACTOR_GIVEN_UP if bars_recovery(pool, specimen) and len(lost) == 1 else None
    for factor in FACTORS:
        if factor in before.factors | after.factors:
            limit = limits.TOTP if factor == "SOFTWARE_TOKEN_MFA" else given_up
            same = (factor in before.factors) == (factor in after.factors)
            allowed = limit if factor in lost else None
            yield Judgement(f"factor:{factor}", label, same, allowed, _told(before, after, "factors"))
    if before.factors or after.factors:
        limit = _preference_limit(before, after, given_up)
        same = before.preferred == after.preferred
        yield Judgement("preferred", label, same, limit, _told(before, after, "preferred"))


def bars_recovery(pool: PoolKind, specimen: Specimen) -> bool:
    """Whether every address that could recover the account is a second factor, and therefore cannot.

    (cognito/latest/developerguide/managing-users-passwords.html)
    """
    ways = {address for address in pool.recovers_by if specimen.verified(address)}
    return bool(ways) and ways <= {FACTOR_ADDRESSES.get(factor, "") for factor in specimen.factors}


def _preference_limit(before: Account, after: Account, given_up: Limit | None) -> Limit | None:
    if before.preferred == "SOFTWARE_TOKEN_MFA":
        return limits.TOTP_PREFERENCE
    if before.preferred == "SMS_MFA" and not after.preferred and after.factors == {"SMS_MFA"}:
        return limits.PREFERRED_BY_JOB
    return given_up if before.preferred not in after.factors and not after.preferred else None


def _memberships(case: Case, label: str, before: Account, after: Account) -> Iterator[Judgement]:
    row = "memberships:crowd" if set(CROWD) <= before.groups else "memberships"
    for name in sorted(before.groups | after.groups):
        told = "is in" if name in after.groups else "is not in"
        same = (name in before.groups) == (name in after.groups)
        yield Judgement(row, label, same, None, f"{told} group {name!r}")


def _abilities(case: Case, specimen: Specimen) -> Iterator[Judgement]:
    label = specimen.label
    before, after = case.before.abilities[label], case.after.abilities[label]
    if before.password or after.password:
        same = False  # a password that still works would be another's
        limit = limits.PASSWORD if before.password and not after.password else None
        yield Judgement("password", label, same, limit, "the old password is accepted")
    invited = _invited_with_address(specimen)
    locked_out_else = invited or bars_recovery(case.pool, specimen)
    limit = limits.FORGOT_NOW if locked_out_else and after.forgot_password else None
    told = f'"Forgot password" {"works" if after.forgot_password else "is refused"}'
    same = before.forgot_password == after.forgot_password and not locked_out_else
    yield Judgement(f"forgot:{_status_row(specimen)}", label, same, limit, told)
    if before.password and not before.forgot_password and not locked_out_else:
        yield Judgement("way-in", label, after.forgot_password, limits.NO_WAY_IN)
    for alias, found in before.found_by.items():
        same = found == after.found_by[alias]
        yield Judgement(
            f"alias:{alias}", label, same, None, f"{alias} {'does not lead' if found else 'leads'} there"
        )


def _federated(case: Case, specimen: Specimen, before: Account) -> Iterator[Judgement]:
    """Judge a federated user: absent at first, then there by a sign-in, with the groups in the token.

    One who was disabled is not given any: the new profile is enabled, and nothing but its provider bars it.
    """
    label = specimen.label
    sign_in = case.sign_ins[label, specimen.identities[0]]
    there = before.username in case.after.observation.accounts
    limit = limits.FEDERATED if not there and sign_in.username == before.username else None
    told = f"is there already, or the sign-in led to {sign_in.username!r}"
    yield Judgement("profile", label, False, limit, told)
    was, is_now = before.groups, sign_in.groups - {case.provider_groups[1]}
    told = f"{sorted(is_now)} and not {sorted(was)}"
    if specimen.enabled:
        limit = limits.GROUPS_IN_TOKEN if was == is_now else None
        yield Judgement("profile-groups", label, False, limit, told)
    else:
        limit = limits.FEDERATED_DISABLED if not is_now else None
        yield Judgement("profile-disabled", label, False, limit, told)


def _groups(case: Case) -> Iterator[Judgement]:
    before, after = case.before.observation, case.after.observation
    mine, theirs = case.provider_groups
    rows = {group.name: f"group:{group.name}" for group in GROUP_KINDS} | {mine: "group:provider"}
    for name in sorted(before.groups.keys() | after.groups.keys() - {theirs}):
        was, is_now = before.groups.get(name), after.groups.get(name)
        wanted = (
            Group(was.description, was.precedence, ARN_MAP.get(was.role_arn, was.role_arn)) if was else None
        )
        row = rows.get(name, "memberships:crowd")
        yield Judgement(row, name, wanted == is_now, None, f"group {name!r} is {is_now} and was {was}")


def _told(before: Account, after: Account, field: str) -> str:
    was, is_now = getattr(before, field), getattr(after, field)
    return f"{field} is {_plain(is_now)} and was {_plain(was)}"


def _plain(value: object) -> object:
    return sorted(value) if isinstance(value, frozenset) else value
