"""How the new pool differs from the one that is backed up, and what a user would lose by it.

Three kinds of sentences: problems, with which an import would fail or change users; differences, by which
something would be lost that the operator may accept; warnings, by which no user loses anything.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator
from dataclasses import dataclass, field
from decimal import Decimal

from lifeboat.cognito.configuration import Part
from lifeboat.cognito.pool import PoolFacts
from lifeboat.restore.pool.clients import few
from lifeboat.restore.pool.messaging import FACTORS, factors
from lifeboat.restore.pool.new_pool import Document
from lifeboat.restore.pool.plan import Captured
from lifeboat.restore.pool.schema import GENERATED, effective_limits

SUB_LENGTH = 36
"""Characters of a sub, a UUID."""

MODES = ("OFF", "OPTIONAL", "ON")
TIERS = ("LITE", "ESSENTIALS", "PLUS")

RECOVERY_BY_DEFAULT = frozenset({"verified_email", "verified_phone_number"})
"""By what accounts are recovered in a pool without AccountRecoverySetting."""


@dataclass(frozen=True, slots=True)
class Found:
    """The new pool as it is. What could not be read is None, and not compared."""

    description: Document
    mfa: Document | None = None
    providers: Collection[str] | None = None
    resource_servers: Collection[str] | None = None
    clients: int | None = None
    groups: Collection[str] = field(default=())


def problems(captured: Captured, found: Found) -> Iterator[str]:
    """Why users could not be restored as they were."""
    source, target = PoolFacts.of(captured.pool), PoolFacts.of(found.description)
    if source.username_attributes != target.username_attributes:
        yield (
            f"NewUserPoolId: users sign in by {_sign_in(target)} in the new pool, but by {_sign_in(source)} "
            "in the backup; create the pool with the same sign-in options (UsernameAttributes)"
        )
    if source.alias_attributes != target.alias_attributes:
        yield (
            f"NewUserPoolId: the new pool's sign-in aliases are {_names(target.alias_attributes)}, but "
            f"{_names(source.alias_attributes)} in the backup; create the pool with the same AliasAttributes"
        )
    if source.case_sensitive and not target.case_sensitive:
        yield (
            "NewUserPoolId: usernames are case-sensitive in the backup but not in the new pool, so users "
            "could collide; create the pool with UsernameConfiguration CaseSensitive=true"
        )
    yield from _schema_problems(source, target)


def source_sub_problems(attribute: str, facts: PoolFacts) -> Iterator[str]:
    """Why a pool's users cannot carry their old sub in an attribute ("" for none)."""
    if not attribute:
        return
    entry = facts.schema.get(attribute)
    if entry is None:
        yield (
            f"SourceSubAttribute: the new pool's schema lacks {attribute}; add it with AddCustomAttributes "
            "(a String, not mutable), or leave SourceSubAttribute out"
        )
    elif entry.get("AttributeDataType") != "String":
        yield (
            f"SourceSubAttribute: {attribute} is of type {entry.get('AttributeDataType')}; name an attribute "
            "of type String"
        )
    elif Decimal(effective_limits(entry)[1]) < SUB_LENGTH:
        yield (
            f"SourceSubAttribute: {attribute} holds {effective_limits(entry)[1]} characters at most, and a "
            f"sub has {SUB_LENGTH}; name an attribute that holds them"
        )


def lane_problems(user_lane: str, auto_verified: Collection[str], remedy: str) -> Iterator[str]:
    """Why users cannot go by the lane that the operator wants."""
    if user_lane == "csv" and not auto_verified:
        yield (
            "UserLane: the new pool verifies neither email addresses nor phone numbers automatically, so "
            f'import jobs cannot start; {remedy}, or give "auto" or "api"'
        )


def differences(captured: Captured, found: Found) -> Iterator[str]:
    """What users or the application would lose."""
    source, target = PoolFacts.of(captured.pool), PoolFacts.of(found.description)
    if target.case_sensitive and not source.case_sensitive:
        yield (
            "NewUserPoolId: usernames are case-sensitive in the new pool but not in the backup, so who types "
            "theirs in another way cannot sign in; create the pool with UsernameConfiguration "
            "CaseSensitive=false"
        )
    fixed = [
        name
        for name, entry in source.schema.items()
        if entry.get("Mutable", True) and not target.schema.get(name, {}).get("Mutable", True)
    ]
    if fixed:
        yield (
            f"NewUserPoolId: the attributes {few(sorted(fixed))} can be changed in the backup's pool, but "
            "never in the new one; create the pool with Mutable=true for them"
        )
    lost = _recovery(captured.pool) - _recovery(found.description) - {"admin_only"}
    if lost:
        yield (
            f'NewUserPoolId: "Forgot password" no longer works by {" and ".join(sorted(lost))} in the new '
            "pool; set its AccountRecoverySetting to that of the backup"
        )
    yield from _mfa_differences(captured, found)
    if found.providers is not None:
        missing = sorted(captured.of(Part.IDP).keys() - set(found.providers))
        if missing:
            yield (
                f"NewUserPoolId: the new pool lacks the identity providers {few(missing)}, so nobody can "
                "sign in by them; create them with the same names"
            )


def warnings(captured: Captured, found: Found, groups: Collection[str]) -> Iterator[str]:
    """What is different without loss to a user. `groups` are those of the backup."""
    source, target = PoolFacts.of(captured.pool), PoolFacts.of(found.description)
    unverified = [name for name in source.auto_verified if name not in target.auto_verified]
    if unverified:
        yield (
            f"the new pool does not verify {' and '.join(unverified)} automatically: users who have nothing "
            "else that is verified go by the API lane, which makes them billed active users"
        )
    if target.mfa == "ON" and source.mfa != "ON":
        yield "the new pool demands a second factor: users who have none must set one up when they sign in"
    before, now = (pool.get("UserPoolTier") for pool in (captured.pool, found.description))
    if before in TIERS and now in TIERS and TIERS.index(now) < TIERS.index(before):
        yield f"the new pool's feature plan is {now}, but {before} in the backup: it can do less"
    if found.resource_servers is not None:
        missing = sorted(captured.of(Part.RESOURCE_SERVER).keys() - set(found.resource_servers))
        if missing:
            yield f"the new pool lacks resource servers whose scopes applications may need: {few(missing)}"
    clients = len(captured.of(Part.CLIENT))
    if found.clients is not None and found.clients < clients:
        yield f"the new pool has {found.clients} app clients, the backup {clients}: some may be missing"
    if captured.of(Part.DOMAIN) and not _has_domain(found.description):
        yield "the new pool has no domain, so its sign-in pages and OAuth endpoints cannot be reached"
    unknown = sorted(set(found.groups) - set(groups))
    if unknown:
        yield f"the new pool has groups that the backup does not know: {few(unknown)}"


def _mfa_differences(captured: Captured, found: Found) -> Iterator[str]:
    before = captured.mfa
    mode = before.get("MfaConfiguration", "OFF")
    now = found.description.get("MfaConfiguration", "OFF")
    if MODES.index(now) < MODES.index(mode):
        yield (
            f"NewUserPoolId: MFA is {now} in the new pool, but {mode} in the backup, so accounts would be "
            "less safe; set it (SetUserPoolMfaConfig)"
        )
    elif mode != "OFF" and found.mfa is not None:
        offered = factors(found.mfa)
        lost = [FACTORS[name] for name in factors(before) if name not in offered]
        if lost:
            yield (
                f"NewUserPoolId: the new pool does not offer {' and '.join(lost)} as a second factor, which "
                "users may have; set it (SetUserPoolMfaConfig)"
            )


def _schema_problems(source: PoolFacts, target: PoolFacts) -> Iterator[str]:
    missing = sorted(name for name in source.schema if name not in target.schema)
    if missing:
        yield (
            f"NewUserPoolId: the new pool's schema lacks the attributes {', '.join(missing)}; "
            "add them with AddCustomAttributes"
        )
    for name, entry in sorted(target.schema.items()):
        before = source.schema.get(name, {})
        if entry.get("Required") and name not in GENERATED and not before.get("Required"):
            yield (
                f"NewUserPoolId: the new pool requires the attribute {name}, which users of the backup "
                "may lack; create the pool without that requirement"
            )
        if not before:
            continue
        if before.get("AttributeDataType") != entry.get("AttributeDataType"):
            yield (
                f"NewUserPoolId: the attribute {name} is of type {entry.get('AttributeDataType')} in the new "
                f"pool but {before.get('AttributeDataType')} in the backup; create the pool with the same "
                "schema"
            )
        elif name not in GENERATED and _is_tighter(effective_limits(before), effective_limits(entry)):
            yield (
                f"NewUserPoolId: the attribute {name} may hold {_range(effective_limits(entry))} in the new "
                f"pool but {_range(effective_limits(before))} in the backup; create the pool with the same "
                "schema"
            )


def _is_tighter(before: tuple[str, str], after: tuple[str, str]) -> bool:
    """Whether some of what was allowed no longer is; "" stands for no limit."""
    least = bool(after[0]) and (not before[0] or Decimal(after[0]) > Decimal(before[0]))
    greatest = bool(after[1]) and (not before[1] or Decimal(after[1]) < Decimal(before[1]))
    return least or greatest


def _range(limited: tuple[str, str]) -> str:
    return f"{limited[0] or 'any'} to {limited[1] or 'any'}"


def _recovery(pool: Document) -> frozenset[str]:
    setting = pool.get("AccountRecoverySetting") or {}
    names = frozenset(mechanism["Name"] for mechanism in setting.get("RecoveryMechanisms") or [])
    return names or RECOVERY_BY_DEFAULT


def _has_domain(description: Document) -> bool:
    return bool(description.get("Domain") or description.get("CustomDomain"))


def _sign_in(facts: PoolFacts) -> str:
    return " or ".join(facts.username_attributes) or "username"


def _names(attributes: tuple[str, ...]) -> str:
    return ", ".join(attributes) or "none"
