"""May Cognito invoke a function for a pool? What the function's resource policy says about it.

A trigger runs only where the policy of the function has a statement for the service principal
cognito-idp.amazonaws.com whose conditions the pool meets. Used by the front and by ministack's patches, so
it knows of neither.
(cognito/latest/developerguide/cognito-user-pools-working-with-lambda-triggers.html,
lambda/latest/dg/access-control-resource-based.html)
"""

import fnmatch
from collections.abc import Callable
from typing import Any

PRINCIPAL = "cognito-idp.amazonaws.com"
ACTIONS = frozenset({"lambda:InvokeFunction", "lambda:*", "*"})
_OPERATORS: dict[str, Callable[[str, str], bool]] = {
    "ArnLike": fnmatch.fnmatchcase,
    "ArnEquals": fnmatch.fnmatchcase,
    "StringLike": fnmatch.fnmatchcase,
    "StringEquals": str.__eq__,
}


def permits(policy: dict[str, Any], pool_arn: str) -> bool:
    """Say whether a function's policy document lets Cognito invoke it for a pool."""
    return any(_allows(statement, pool_arn) for statement in policy.get("Statement") or ())


def _allows(statement: dict[str, Any], pool_arn: str) -> bool:
    principal = statement.get("Principal")
    services = principal.get("Service") if isinstance(principal, dict) else principal
    return (
        statement.get("Effect") == "Allow"
        and (principal == "*" or PRINCIPAL in _listed(services))
        and not ACTIONS.isdisjoint(_listed(statement.get("Action")))
        and _conditions_met(statement.get("Condition") or {}, pool_arn)
    )


def _conditions_met(conditions: dict[str, dict[str, Any]], pool_arn: str) -> bool:
    """Check every condition; one that names an unknown operator or key is not met."""
    known = {"aws:sourcearn": pool_arn, "aws:sourceaccount": pool_arn.split(":")[4]}
    for operator, wanted in conditions.items():
        matches = _OPERATORS.get(operator)
        for key, patterns in wanted.items():
            actual = known.get(key.lower())
            if matches is None or actual is None:
                return False
            if not any(matches(actual, str(pattern)) for pattern in _listed(patterns)):
                return False
    return True


def _listed(value: Any) -> list[Any]:
    return list(value) if isinstance(value, list) else [value]
