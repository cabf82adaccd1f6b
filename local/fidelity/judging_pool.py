"""What became of the pool's configuration, where the import made the new pool from the backup."""

from collections.abc import Iterator, Mapping
from typing import Any, Final

from local.fidelity import limits
from local.fidelity.judging import Judgement
from local.fidelity.limits import Limit
from local.fidelity.pool_arguments import BACKUP_SENDER, SENDER
from local.fidelity.settings import MACHINE, Settings

ARN_MAP: Final = {SENDER: BACKUP_SENDER}
"""What the operator maps, of the pool's configuration; the rest that is of the lost Region is left out."""

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
    "UserPoolTags": "tags",
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
    """Judge one setting; what is empty is not set."""
    expected, actual = _stripped(was), _stripped(is_now)
    told = f"{name} is {actual} and was {expected}"
    if expected == actual or _mapped(expected) == actual:
        return Judgement(f"pool:{row}", name, expected == actual, _regional(expected), told)
    limit = _regional(expected) if _holds_no_arn_of_the_lost_region(actual, expected) else None
    return Judgement(f"pool:{row}", name, False, limit, told)


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
        inner = {name: _stripped(each) for name, each in value.items() if name not in OWN}
        return {name: each for name, each in inner.items() if each not in (None, "", [], {})}
    if isinstance(value, list):
        return sorted((_stripped(each) for each in value), key=str)
    return value


def _mapped(value: Any) -> Any:
    """Return a setting with its ARNs as the operator maps them."""
    if isinstance(value, Mapping):
        return {name: _mapped(each) for name, each in value.items()}
    if isinstance(value, list):
        return [_mapped(each) for each in value]
    return ARN_MAP.get(value, value) if isinstance(value, str) else value


def _arns(value: Any) -> set[str]:
    """Return the regional ARNs in a setting. An IAM role's has no Region."""
    if isinstance(value, Mapping):
        return {arn for each in value.values() for arn in _arns(each)}
    if isinstance(value, list):
        return {arn for each in value for arn in _arns(each)}
    return {value} if isinstance(value, str) and value.startswith("arn:") and value.split(":")[3] else set()


def _regional(value: Any) -> Limit | None:
    return limits.REGIONAL if _arns(value) else None


def _holds_no_arn_of_the_lost_region(actual: Any, expected: Any) -> bool:
    return not _arns(actual) & _arns(expected)
