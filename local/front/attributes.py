"""What may be written in a user's attributes: names in the pool's schema, nothing reserved, values that fit.

cognito/latest/developerguide/user-pool-settings-attributes.html (the formats of email and phone_number,
custom attributes, immutability) and API_AdminCreateUser.html (`sub`, `identities` and `cognito:*` are
Cognito's own). A value's greatest length of 2,048 is checked with the other documented constraints, in
`constraints.py`.
"""

import re
from typing import Any

from local.front.hooks import Hooks
from local.front.pools import Pool, Pools
from local.front.protocol import Answer, Call, CognitoError, attributes_of

_CREATING = ("AdminCreateUser", "SignUp")
_UPDATING = ("AdminUpdateUserAttributes", "UpdateUserAttributes")
_RESERVED = ("sub", "identities")
_FORMATS = {
    "email": (re.compile(r"[^\s@]+@[^\s@]+"), "Invalid email address format."),
    "phone_number": (re.compile(r"\+[0-9]{1,18}"), "Invalid phone number format."),
}


class AttributeRules:
    """A feature: refuses attributes that Cognito refuses."""

    def __init__(self, pools: Pools) -> None:
        self._pools = pools

    def register(self, hooks: Hooks) -> None:
        """Plug in."""
        hooks.before(self._check_username, *_CREATING)
        hooks.before(self._check_sign_up, "SignUp")
        hooks.before(self._check, *_CREATING, *_UPDATING)

    async def _check(self, call: Call) -> None:
        attributes = attributes_of(call.data.get("UserAttributes"))
        if not attributes:
            return
        check_reserved(attributes)
        updating = call.operation in _UPDATING
        pool = await self._pools.of_call(call)
        if pool is not None and schema_problems(attributes, pool.schema, updating):
            # Before refusing, make sure: the schema may have grown behind the front's back.
            pool = await self._pools.of_call(call, fresh=True)
        problems = schema_problems(attributes, pool.schema, updating) if pool else []
        if problems:
            text = "".join(f"{problem}\n" for problem in problems)
            raise CognitoError(
                "InvalidParameterException", f"Attributes did not conform to the schema: {text}"
            )
        check_formats(attributes)

    async def _check_username(self, call: Call) -> None:
        """Refuse a username that looks like one of the pool's aliases: it could be another user's."""
        pool = await self._pools.of_call(call)
        problem = username_problem(pool, str(call.data.get("Username"))) if pool else None
        if problem:
            raise CognitoError("InvalidParameterException", problem)

    async def _check_sign_up(self, call: Call) -> Answer | None:
        pool = await self._pools.of_call(call)
        if pool is None:
            return None
        if (pool.description.get("AdminCreateUserConfig") or {}).get("AllowAdminCreateUserOnly"):
            raise CognitoError("NotAuthorizedException", "SignUp is not permitted for this user pool")
        missing = _missing(pool, attributes_of(call.data.get("UserAttributes")))
        if missing:
            text = "".join(f"{name}: The attribute is required\n" for name in missing)
            raise CognitoError(
                "InvalidParameterException", f"Attributes did not conform to the schema: {text}"
            )
        return None


def check_reserved(attributes: dict[str, str]) -> None:
    """Refuse the attributes that only Cognito writes."""
    for name in attributes:
        if name in _RESERVED or name.startswith("cognito:"):
            raise CognitoError("InvalidParameterException", f"Cannot modify the non-mutable attribute {name}")


def check_formats(attributes: dict[str, str]) -> None:
    """Refuse an email address or phone number that cannot be one. An empty value is no address at all."""
    for name, (pattern, text) in _FORMATS.items():
        value = attributes.get(name)
        if value and not pattern.fullmatch(value):
            raise CognitoError("InvalidParameterException", text)


def username_problem(pool: Pool, username: str) -> str | None:
    """Say why a new user of a pool cannot be called so, None if nothing is wrong."""
    aliases = pool.names("AliasAttributes")
    for attribute, words in (("email", "email"), ("phone_number", "phone number")):
        if attribute in aliases and _FORMATS[attribute][0].fullmatch(username):
            return f"Username cannot be of {words} format, since user pool is configured for {words} alias."
    return None


def schema_problems(
    attributes: dict[str, str], schema: dict[str, dict[str, Any]], updating: bool
) -> list[str]:
    """List what does not fit the schema, as Cognito words it."""
    problems = []
    for name, value in attributes.items():
        attribute = schema.get(name)
        if attribute is None:
            problems.append(f"{name}: Attribute does not exist in the schema.")
        elif updating and not attribute.get("Mutable", True):
            problems.append(f"{name}: Attribute cannot be updated.")
        elif value:
            problems += [f"{name}: {problem}" for problem in _value_problems(value, attribute)]
    return problems


def _value_problems(value: str, attribute: dict[str, Any]) -> list[str]:
    """Check a value against its attribute's type and constraints (API_SchemaAttributeType.html)."""
    kind = attribute.get("AttributeDataType")
    if kind == "String":
        limits = attribute.get("StringAttributeConstraints") or {}
        low, high = int(limits.get("MinLength") or 0), int(limits.get("MaxLength") or 2048)
        if len(value) < low:
            return [f"String must be at least {low} characters long"]
        if len(value) > high:
            return [f"String must be no longer than {high} characters"]
    elif kind == "Number":
        return _number_problems(value, attribute.get("NumberAttributeConstraints") or {})
    elif kind == "Boolean" and value.lower() not in ("true", "false"):
        return ["Attribute value must be a boolean"]
    return []


def _number_problems(value: str, limits: dict[str, str]) -> list[str]:
    if not re.fullmatch(r"-?[0-9]+(\.[0-9]+)?", value):
        return ["Attribute value must be a number"]
    if limits.get("MinValue") and float(value) < float(limits["MinValue"]):
        return [f"Number must be no less than {limits['MinValue']}"]
    if limits.get("MaxValue") and float(value) > float(limits["MaxValue"]):
        return [f"Number must be no greater than {limits['MaxValue']}"]
    return []


def _missing(pool: Pool, attributes: dict[str, str]) -> list[str]:
    """List the required attributes that a sign-up lacks; the username stands for one where it is an alias."""
    given = set(attributes) | pool.names("UsernameAttributes") | {"sub"}
    return [
        name for name, attribute in pool.schema.items() if attribute.get("Required") and name not in given
    ]
