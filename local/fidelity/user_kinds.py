"""The kinds of user: for each, in which kinds of pool it can exist, and the users that stand for it.

Where a kind cannot exist, `rule` says why. The rules are Cognito's documented ones
(cognito/latest/developerguide/user-pool-settings-attributes.html, user-pool-settings-mfa.html,
signing-up-users-in-your-app.html).
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Final

from local.fidelity import specimens as made
from local.fidelity.group_kinds import AWKWARD, CROWD, DESCRIBED, NONE, REGIONAL_ROLE, WITH_ROLE, ZERO
from local.fidelity.pool_arguments import FILLERS
from local.fidelity.pool_kinds import PoolKind
from local.fidelity.specimens import Makes, Specimen
from local.fidelity.values import LONGEST, TEXTS


def everywhere(_: PoolKind) -> bool:
    """Whether a kind of user can exist in a pool that can hold any."""
    return True


@dataclass(frozen=True, slots=True)
class UserKind:
    """A kind of user. `makes` gives its users in a pool, from a number on that no other kind's users have.

    `attributes_row` is the title of the row that its attributes are judged in; "" for that of all others.
    """

    key: str
    what: str
    makes: Makes
    exists: Callable[[PoolKind], bool] = everywhere
    rule: str = ""
    attributes_row: str = ""


_NAMED = "usernames are made up by Cognito there"
_NEEDS_FACTOR = "the pool does not offer this factor"

USER_KINDS: Final[tuple[UserKind, ...]] = (
    UserKind(
        "confirmed",
        "CONFIRMED",
        made.one("confirmed", lambda it: replace(it, groups=(ZERO.name, NONE.name, DESCRIBED.name))),
    ),
    UserKind("unconfirmed", "UNCONFIRMED", made.signed_up),
    UserKind(
        "invited",
        "FORCE_CHANGE_PASSWORD with a verified address",
        made.one("invited", lambda it: replace(it, status="FORCE_CHANGE_PASSWORD", groups=(NONE.name,))),
    ),
    UserKind(
        "invited-unverified",
        "FORCE_CHANGE_PASSWORD without one",
        made.one(
            "invited-unverified",
            lambda it: replace(made.unverified(it, "email", "phone_number"), status="FORCE_CHANGE_PASSWORD"),
        ),
    ),
    UserKind(
        "reset",
        "RESET_REQUIRED",
        made.one("reset", lambda it: replace(it, status="RESET_REQUIRED", groups=(REGIONAL_ROLE.name,))),
    ),
    UserKind("federated", "EXTERNAL_PROVIDER", made.federated),
    UserKind("federated-disabled", "EXTERNAL_PROVIDER, disabled", made.federated_disabled),
    UserKind(
        "disabled",
        "disabled",
        made.one("disabled", lambda it: replace(it, enabled=False, groups=(WITH_ROLE.name, AWKWARD.name))),
    ),
    UserKind(
        "no-email",
        "no email address",
        made.without_email,
        lambda pool: pool.sign_in != {"email"} and "email" not in pool.required,
        "the email address is the username, or required",
        "No email address",
    ),
    UserKind(
        "no-address",
        "neither email address nor phone number",
        made.without_address,
        lambda pool: not pool.sign_in and "email" not in pool.required and "phone_number" in pool.addresses,
        "an address is the username, or required; or it is the same as having no email address",
        "No address at all",
    ),
    UserKind(
        "unverified-email",
        "unverified email",
        made.unverified_email,
        attributes_row="Unverified email address",
    ),
    UserKind(
        "unverified-phone",
        "unverified phone",
        made.unverified_phone,
        attributes_row="Unverified phone number",
    ),
    UserKind(
        "shared-email",
        "two users with the same unverified email",
        made.sharing,
        lambda pool: "email" not in pool.sign_in,
        "the email address is the username there, so nobody else's",
        "Unverified email address that two users share",
    ),
    UserKind(
        "lacking",
        "lacks an attribute that the pool requires",
        made.lacking,
        lambda pool: "birthdate" in pool.required,
        "the pool requires no attribute that users can lack; an administrator may leave such attributes out",
        "Lack of a required attribute",
    ),
    UserKind(
        "types",
        "custom attributes of every type",
        made.one("types", lambda it: replace(it, attributes={**it.attributes, **made.TYPES})),
        lambda pool: "number" in pool.custom,
        "the pool has no custom attributes",
        "Custom attributes: each type, mutable or not, at the limits of its constraints",
    ),
    UserKind(
        "fifty",
        "50 custom attributes",
        made.fifty,
        lambda pool: set(FILLERS) <= pool.custom,
        "the pool has no custom attributes",
        "50 custom attributes, the old sub of an earlier restore among them",
    ),
    UserKind(
        "row-too-long",
        "more than an import job's row can hold",
        made.row_too_long,
        lambda pool: set(FILLERS) <= pool.custom,
        "standard attributes alone are never so long",
        "More than the 16,000 characters of an import job's row",
    ),
    UserKind(
        "long-value",
        "2,048-byte values",
        made.one(
            "long-value",
            lambda it: made.with_attributes(it, profile="x" * LONGEST, nickname="𝔘" * (LONGEST // 4)),
        ),
        attributes_row="2,048-byte values",
    ),
    UserKind(
        "profile",
        "birthdate, updated_at and the other standard attributes",
        made.one(
            "profile",
            lambda it: made.with_attributes(
                it,
                birthdate="1900-02-28",
                updated_at="1767225600",
                given_name="Zoë",
                middle_name="O'Hara",
                family_name="Núñez-Łukasiewicz",
                gender="x",
                picture="https://example.com/p?a=1&b=2",
                profile="https://example.com/zoë",
                website="https://example.com/",
                zoneinfo="Europe/Warsaw",
            ),
        ),
        attributes_row="Every standard attribute, birthdate and updated_at among them",
    ),
    *(
        UserKind(f"text-{text.key}", text.title, made.text(text.key, text.value), attributes_row=text.title)
        for text in TEXTS
    ),
    UserKind(
        "awkward-name",
        "any character in a username",
        made.awkwardly_named,
        lambda pool: not pool.sign_in,
        _NAMED,
        "Any character in a username",
    ),
    UserKind(
        "differing-in-case",
        "usernames that differ in case",
        made.differing_in_case,
        lambda pool: bool(pool.arguments["UsernameConfiguration"]["CaseSensitive"]),
        "the pool does not tell them apart",
        "Usernames that differ in case only",
    ),
    UserKind(
        "aliased",
        "preferred username as an alias",
        made.aliased,
        lambda pool: "preferred_username" in pool.aliases,
        "the pool has no aliases",
        "Preferred username as an alias",
    ),
    UserKind("crowd", "100 groups", made.one("crowd", lambda it: replace(it, groups=CROWD))),
    UserKind(
        "linked", "linked identities", made.one("linked", lambda it: replace(it, identities=("mary", "m-2")))
    ),
    UserKind(
        "mfa-sms",
        "MFA by SMS",
        made.factor("with-sms", ("SMS_MFA",), "SMS_MFA"),
        lambda pool: "SMS_MFA" in pool.factors,
        _NEEDS_FACTOR,
    ),
    UserKind(
        "mfa-email",
        "MFA by email",
        made.factor("with-email", ("EMAIL_OTP",), "EMAIL_OTP"),
        lambda pool: "EMAIL_OTP" in pool.factors,
        _NEEDS_FACTOR,
    ),
    UserKind(
        "mfa-totp",
        "MFA by authenticator app",
        made.factor("with-totp", ("SOFTWARE_TOKEN_MFA",), "SOFTWARE_TOKEN_MFA"),
        lambda pool: "SOFTWARE_TOKEN_MFA" in pool.factors,
        _NEEDS_FACTOR,
    ),
    UserKind(
        "mfa-several",
        "MFA by SMS and email, neither preferred",
        made.factor("with-several", ("EMAIL_OTP", "SMS_MFA"), ""),
        lambda pool: {"EMAIL_OTP", "SMS_MFA"} <= pool.factors,
        _NEEDS_FACTOR,
    ),
)


@dataclass(frozen=True, slots=True)
class Cast:
    """Everybody in a pool of a kind, each with its kind."""

    pool: PoolKind
    users: Mapping[str, tuple[UserKind, Specimen]] = field(default_factory=dict)

    @property
    def specimens(self) -> tuple[Specimen, ...]:
        """All users."""
        return tuple(specimen for _, specimen in self.users.values())


def cast(pool: PoolKind, kinds: Sequence[UserKind] = USER_KINDS) -> Cast:
    """Return the users of all kinds that can exist in a pool, by label."""
    users: dict[str, tuple[UserKind, Specimen]] = {}
    for place, kind in enumerate(kinds):
        if kind.exists(pool):
            users |= {specimen.label: (kind, specimen) for specimen in kind.makes(pool, 10 * (place + 1))}
    return Cast(pool, users)
