"""What became of the pool's configuration, where the import made the new pool from the backup."""

from collections.abc import Iterator, Mapping
from typing import Any, Final

from local.fidelity import limits
from local.fidelity.judging import Judgement
from local.fidelity.pool_arguments import BACKUP_SENDER, SENDER, SMS_ROLE
from local.fidelity.settings import MACHINE, Settings

ARN_MAP: Final = {SENDER: BACKUP_SENDER, SMS_ROLE: SMS_ROLE}
"""What the operator maps, of the pool's configuration; the rest that is of the lost Region is left out.

The role for SMS messages is no Region's own, but is used again only where the operator says so.
"""

MARK: Final = "lifeboat:import"
"""The tag of a pool that an import has made."""

MEMBERS: Final[Mapping[str, str]] = {
    "UsernameAttributes": "sign-in",
    "AliasAttributes": "sign-in",
    "UsernameConfiguration": "sign-in",
    "SchemaAttributes": "schema",
    "Policies": "policies",
    "AutoVerifiedAttributes": "verification",
    "AdminCreateUserConfig": "verification",
    "VerificationMessageTemplate": "verification",
    "EmailVerificationMessage": "verification",
    "EmailVerificationSubject": "verification",
    "SmsVerificationMessage": "verification",
    "SmsAuthenticationMessage": "verification",
    "UserAttributeUpdateSettings": "verification",
    "AccountRecoverySetting": "recovery",
    "MfaConfiguration": "mfa-settings",
    "DeviceConfiguration": "devices",
    "UserPoolTier": "plan",
    "UserPoolAddOns": "plan",
    "DeletionProtection": "protection",
    "EmailConfiguration": "senders",
    "SmsConfiguration": "senders",
    "LambdaConfig": "triggers",
    "Domain": "domain",
}
"""Member of DescribeUserPool's answer → the row it is judged in; others are judged in `rest`."""

OWN: Final = frozenset(
    {
        "Id",
        "Arn",
        "Name",
        "CreationDate",
        "LastModifiedDate",
        "EstimatedNumberOfUsers",
        "Status",
        "UserPoolId",
        "UserPoolTags",
        "ClientId",
        "ManagedLoginBrandingId",
        "CSSVersion",
        "AWSAccountId",
        "Version",
        "S3Bucket",
    }
)
"""What names a pool or a part of it, and what changes by itself."""


def judge_pool(before: Settings, after: Settings, signs_in: bool) -> Iterator[Judgement]:
    """Judge every part. `signs_in`: whether the machine's client gets a token with its old secret."""
    tags = dict(after.pool.get("UserPoolTags", {}))
    marked = bool(tags.pop(MARK, ""))
    yield Judgement("pool:tags", MARK, not marked, limits.MARKED)
    yield _member("tags", "UserPoolTags", before.pool.get("UserPoolTags"), tags)
    names = (before.pool.keys() | after.pool.keys()) - OWN
    for name in sorted(names):
        yield _member(MEMBERS.get(name, "rest"), name, before.pool.get(name), after.pool.get(name))
    for name in sorted(before.mfa.keys() | after.mfa.keys()):
        yield _member("mfa-settings", name, before.mfa.get(name), after.mfa.get(name))
    yield from _clients(before, after, signs_in)
    yield from _parts("providers", before.providers, after.providers)
    yield from _parts("resource-servers", before.servers, after.servers)
    yield _member("domain", "domain", before.domain, after.domain)
    for row, was, is_now in (("ui", before.ui, after.ui), ("ui", before.branding, after.branding)):
        if was or is_now:
            yield _member(row, "look", was, is_now)
    if before.risk or after.risk:
        yield _member("risk", "risk", before.risk, after.risk)
    if before.logs or after.logs:
        yield _member("logs", "logs", before.logs, after.logs)


def _member(row: str, name: str, was: Any, is_now: Any) -> Judgement:
    """Judge one setting; what is empty is not set, and what is of the lost Region may be left out."""
    expected, actual = _set(_stripped(was)), _set(_stripped(is_now))
    explained = actual in (_mapped(expected), _set(_without_regional(expected)))
    told = f"{name} is {actual} and was {expected}"
    return Judgement(f"pool:{row}", name, expected == actual, limits.REGIONAL if explained else None, told)


def _clients(before: Settings, after: Settings, signs_in: bool) -> Iterator[Judgement]:
    for name in sorted(before.clients.keys() | after.clients.keys()):
        was, is_now = dict(before.clients.get(name, {})), dict(after.clients.get(name, {}))
        ids = was.get("ClientId"), is_now.get("ClientId")
        limit = limits.CLIENT_ID if all(ids) else None
        yield Judgement("pool:client-ids", name, False, limit, f"ids {ids}")
        secrets = was.pop("ClientSecret", None), is_now.pop("ClientSecret", None)
        if any(secrets):
            same = secrets[0] == secrets[1]
            yield Judgement("pool:client-secrets", name, same, None, "another secret, or none")
        yield _member("clients", name, was, is_now)
    if MACHINE in before.clients:
        yield Judgement("pool:machine", MACHINE, signs_in, None, "no token for the old secret")


def _parts(
    row: str, before: Mapping[str, Mapping[str, Any]], after: Mapping[str, Mapping[str, Any]]
) -> Iterator[Judgement]:
    for name in sorted(before.keys() | after.keys()):
        yield _member(row, name, before.get(name), after.get(name))


def _stripped(value: Any) -> Any:
    """Return a setting without what is its own, what is empty, and the order of what has none."""
    if isinstance(value, Mapping):
        inner = {name: _set(_stripped(each)) for name, each in value.items() if name not in OWN}
        return {name: each for name, each in inner.items() if each is not None}
    if isinstance(value, list):
        return sorted((_stripped(each) for each in value), key=str)
    return value


def _set(value: Any) -> Any:
    """Return a setting, None for one that is empty."""
    return None if value in ("", [], {}) else value


def _mapped(value: Any) -> Any:
    """Return a setting with its ARNs as mapped, and without the Region that messages go through."""
    if isinstance(value, Mapping):
        return {name: _mapped(each) for name, each in value.items() if name != "SnsRegion"}
    if isinstance(value, list):
        return [_mapped(each) for each in value]
    return ARN_MAP.get(value, value) if isinstance(value, str) else value


def _is_regional(value: Any) -> bool:
    """Whether a setting is an ARN of a Region, or is given by such ARNs. An IAM role's has no Region."""
    if isinstance(value, Mapping):
        return any(_is_regional(each) for each in value.values())
    return isinstance(value, str) and value.startswith("arn:") and bool(value.split(":")[3])


def _without_regional(value: Any) -> Any:
    """Return a setting without its members that are regional, and lists without such items."""
    if isinstance(value, Mapping):
        return {name: each for name, each in value.items() if not _is_regional(each)}
    if isinstance(value, list):
        return [each for each in value if not _is_regional(each)]
    return value
