"""What the roles of a stack may do, and what the policies of its resources refuse."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from fnmatch import fnmatchcase
from typing import Any

from tests.template.reading import Stack


@dataclass(frozen=True)
class Statement:
    """One statement of a policy, its lists made lists."""

    effect: str
    actions: tuple[str, ...]
    resources: tuple[str, ...]
    principal: Any
    condition: dict[str, Any]


def statements(document: dict[str, Any]) -> Iterator[Statement]:
    """The statements of a policy document."""
    for each in document["Statement"]:
        yield Statement(
            effect=each["Effect"],
            actions=_tuple(each["Action"]),
            resources=_tuple(each.get("Resource", ())),
            principal=each.get("Principal"),
            condition=each.get("Condition", {}),
        )


def role_statements(stack: Stack) -> dict[str, list[Statement]]:
    """Everything each role may do: its own policies and the policies attached to it."""
    found: dict[str, list[Statement]] = {}
    for name, role in stack.of_type("AWS::IAM::Role").items():
        found[name] = [
            each for policy in role.get("Policies", ()) for each in statements(policy["PolicyDocument"])
        ]
    for policy in stack.of_type("AWS::IAM::Policy").values():
        for role in policy["Roles"]:
            found[role.strip("<>")] += statements(policy["PolicyDocument"])
    return found


def all_documents(stack: Stack) -> dict[str, dict[str, Any]]:
    """Every policy document in the stack, trust policies included, by where it stands."""
    documents: dict[str, dict[str, Any]] = {}
    for name, resource in stack.resources.items():
        properties = resource["Properties"]
        for key in ("AssumeRolePolicyDocument", "PolicyDocument"):
            if key in properties:
                documents[f"{name}.{key}"] = properties[key]
        for policy in properties.get("Policies", []):
            documents[f"{name}.{policy['PolicyName']}"] = policy["PolicyDocument"]
    return documents


def granted(found: list[Statement]) -> dict[str, set[str]]:
    """Which resources each allowed action may be used on."""
    rights: dict[str, set[str]] = {}
    for each in found:
        assert each.effect == "Allow"
        for action in each.actions:
            rights.setdefault(action, set()).update(each.resources)
    return rights


def admits(each: Statement, partition: str) -> bool:
    """Whether a statement's conditions let a request for an item of a partition of the table through."""
    checks = {
        "ForAllValues:StringEquals": lambda patterns: partition in patterns,
        "ForAllValues:StringNotEquals": lambda patterns: partition not in patterns,
        "ForAllValues:StringLike": lambda patterns: any(fnmatchcase(partition, one) for one in patterns),
    }
    for operator, keys in each.condition.items():
        assert keys.keys() == {"dynamodb:LeadingKeys"}
        if not checks[operator](_tuple(keys["dynamodb:LeadingKeys"])):
            return False
    return True


def refuses_plain_http(document: dict[str, Any], resources: set[str]) -> bool:
    """Whether the policy denies everyone whatever does not come over TLS, on all these resources."""
    return any(
        each.effect == "Deny"
        and each.principal == "*"
        and resources <= set(each.resources)
        and each.condition == {"Bool": {"aws:SecureTransport": "false"}}
        for each in statements(document)
    )


def _tuple(value: Any) -> tuple[str, ...]:
    return (value,) if isinstance(value, str) else tuple(value)
