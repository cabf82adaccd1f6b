"""The users that stand for each kind: how they are made in a pool of some kind."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Final, Literal

from local.fidelity.group_kinds import AWKWARD, WITH_ROLE, ZERO
from local.fidelity.pool_arguments import FILLERS, SOURCE_SUB
from local.fidelity.pool_kinds import PoolKind
from local.fidelity.values import LONGEST, USERNAME

Status = Literal["CONFIRMED", "UNCONFIRMED", "FORCE_CHANGE_PASSWORD", "RESET_REQUIRED", "EXTERNAL_PROVIDER"]

PROVIDER: Final = "Partner"
"""The external identity provider of every pool."""

EARLIER_SUB: Final = "0a1b2c3d-0000-4000-8000-000000000001"
"""What a user carries who has been restored once before."""


@dataclass(frozen=True, slots=True)
class Specimen:
    """A user to be. `username` is what the user is created with: where addresses are usernames, an address.

    `identities` are users of PROVIDER linked to this one; a federated user's own is its only one.
    """

    label: str
    username: str
    attributes: Mapping[str, str]
    status: Status = "CONFIRMED"
    enabled: bool = True
    groups: tuple[str, ...] = ()
    identities: tuple[str, ...] = ()
    factors: tuple[str, ...] = ()
    preferred: str = ""

    @property
    def federated(self) -> bool:
        """Whether the user comes from PROVIDER."""
        return self.status == "EXTERNAL_PROVIDER"

    def verified(self, address: str) -> bool:
        """Whether the user has this address, verified."""
        return self.attributes.get(f"{address}_verified") == "true"


def person(pool: PoolKind, label: str, number: int, addresses: Sequence[str] | None = None) -> Specimen:
    """Make an ordinary user of a pool, with these verified addresses; the pool's own ones if not given."""
    attributes = {"name": f"Person {number}", "locale": "en-GB"}
    if "birthdate" in pool.required:
        attributes |= {"birthdate": "1984-02-29", "updated_at": "1767225600"}
    for address in pool.addresses if addresses is None else addresses:
        value = f"person{number}@example.com" if address == "email" else f"+1555010{number:04}"
        attributes |= {address: value, f"{address}_verified": "true"}
    return Specimen(label, sign_in_name(pool, label, attributes), attributes)


def sign_in_name(pool: PoolKind, label: str, attributes: Mapping[str, str]) -> str:
    """Return what a user is created with: the label, or an address where that is the username."""
    addresses = [
        attributes[name] for name in ("email", "phone_number") if name in pool.sign_in & set(attributes)
    ]
    return addresses[0] if addresses else label


def unverified(specimen: Specimen, *addresses: str) -> Specimen:
    """Return the user with these addresses unverified."""
    flags = {f"{address}_verified": "false" for address in addresses if address in specimen.attributes}
    return replace(specimen, attributes={**specimen.attributes, **flags})


def with_attributes(specimen: Specimen, **attributes: str) -> Specimen:
    """Return the user with more attributes; `custom__x` is custom:x."""
    named = {name.replace("custom__", "custom:"): value for name, value in attributes.items()}
    return replace(specimen, attributes={**specimen.attributes, **named})


Makes = Callable[[PoolKind, int], tuple[Specimen, ...]]
"""Makes the users of a kind in a pool, from a number on that no other kind's users have."""


def one(key: str, change: Callable[[Specimen], Specimen] = lambda it: it) -> Makes:
    """Make one ordinary user, changed in some way."""
    return lambda pool, number: (change(person(pool, key, number)),)


def signed_up(pool: PoolKind, number: int) -> tuple[Specimen, ...]:
    """Make one who signed up and never confirmed: nobody can sign up with a verified address."""
    made = person(pool, "unconfirmed", number)
    given = {name: value for name, value in made.attributes.items() if not name.endswith("_verified")}
    return (replace(made, attributes=given, status="UNCONFIRMED", groups=(AWKWARD.name,)),)


def from_provider(pool: PoolKind, label: str, number: int, *groups: str) -> Specimen:
    """Make a user who comes from PROVIDER, which verifies no address for Cognito."""
    given = person(pool, label, number).attributes
    attributes = {name: value for name, value in given.items() if not name.endswith("_verified")}
    made = Specimen(label, f"{PROVIDER}_visitor-{number}", attributes, "EXTERNAL_PROVIDER")
    return replace(made, groups=groups, identities=(f"visitor-{number}",))


def federated(pool: PoolKind, number: int) -> tuple[Specimen, ...]:
    """Make one with groups."""
    groups = ZERO.name, AWKWARD.name, WITH_ROLE.name
    return (from_provider(pool, "federated", number, *groups),)


def federated_disabled(pool: PoolKind, number: int) -> tuple[Specimen, ...]:
    """Make one who has been disabled since."""
    return (replace(from_provider(pool, "federated-disabled", number, ZERO.name), enabled=False),)


def without_email(pool: PoolKind, number: int) -> tuple[Specimen, ...]:
    """Make one with a phone number, where the pool uses it, and no email address."""
    phone = ("phone_number",) if "phone_number" in pool.addresses else ()
    return (person(pool, "no-email", number, phone),)


def without_address(pool: PoolKind, number: int) -> tuple[Specimen, ...]:
    """Make one who has neither."""
    return (person(pool, "no-address", number, ()),)


def unverified_email(pool: PoolKind, number: int) -> tuple[Specimen, ...]:
    """Make one whose email address nobody has verified; a phone number of the pool is."""
    made = person(pool, "unverified-email", number, sorted({*pool.addresses, "email"}))
    return (unverified(made, "email"),)


def unverified_phone(pool: PoolKind, number: int) -> tuple[Specimen, ...]:
    """Make one whose phone number nobody has verified; an email address of the pool is."""
    made = person(pool, "unverified-phone", number, sorted({*pool.addresses, "phone_number"}))
    return (unverified(made, "phone_number"),)


def sharing(pool: PoolKind, number: int) -> tuple[Specimen, ...]:
    """Make two with the same email address, verified by neither."""
    both = [person(pool, f"shared-{n}", number + n - 1, pool.addresses) for n in (1, 2)]
    shared = {"email": "family@example.com"}
    return tuple(
        unverified(replace(made, attributes={**made.attributes, **shared}), "email") for made in both
    )


def fifty(pool: PoolKind, number: int) -> tuple[Specimen, ...]:
    """Make one with every custom attribute, restored once before: the old sub is there already."""
    fillers = {f"custom:{name}": f"{name}, of {len(FILLERS)}" for name in FILLERS}
    types = {**TYPES, SOURCE_SUB: EARLIER_SUB}
    made = person(pool, "fifty", number)
    return (replace(made, attributes={**made.attributes, **types, **fillers}),)


def row_too_long(pool: PoolKind, number: int) -> tuple[Specimen, ...]:
    """Make one whose values together are longer than a row of an import job may be."""
    made = person(pool, "row-too-long", number)
    fillers = {f"custom:{name}": name.ljust(LONGEST, "x") for name in FILLERS}
    return (replace(made, attributes={**made.attributes, **fillers}),)


def differing_in_case(pool: PoolKind, number: int) -> tuple[Specimen, ...]:
    """Make two whose usernames differ in case only."""
    return (person(pool, "Twin", number), person(pool, "twin", number + 1))


def aliased(pool: PoolKind, number: int) -> tuple[Specimen, ...]:
    """Make one with a preferred username."""
    return (with_attributes(person(pool, "aliased", number), preferred_username="Captain-🛟"),)


def awkwardly_named(pool: PoolKind, number: int) -> tuple[Specimen, ...]:
    """Make one with a username of every kind of character."""
    return (replace(person(pool, "awkward-name", number), username=USERNAME),)


def lacking(pool: PoolKind, number: int) -> tuple[Specimen, ...]:
    """Make one whom an administrator made without attributes that the pool requires."""
    made = person(pool, "lacking", number)
    kept = {name: value for name, value in made.attributes.items() if name not in ("birthdate", "updated_at")}
    return (replace(made, attributes=kept),)


def factor(key: str, factors: tuple[str, ...], preferred: str) -> Makes:
    """Make one with these second factors, and one of them or none preferred."""
    return one(key, lambda it: replace(it, factors=factors, preferred=preferred))


def text(key: str, value: str) -> Makes:
    """Make one with a text in several attributes."""

    def makes(pool: PoolKind, number: int) -> tuple[Specimen, ...]:
        made = with_attributes(person(pool, f"text-{key}", number), nickname=value, address=value)
        return (with_attributes(made, custom__text=value) if "text" in pool.custom else made,)

    return makes


TYPES: Final[Mapping[str, str]] = {
    "custom:text": "text",
    "custom:text_fixed": "cannot be changed, ever",
    "custom:code": "abcde",
    "custom:number": "1234567890",
    "custom:percent": "-5",
    "custom:moment": "2026-01-02T03:04:05.678Z",
    "custom:moment_fixed": "1999-12-31T23:59:59Z",
    "custom:flag": "true",
    "custom:flag_fixed": "false",
}
