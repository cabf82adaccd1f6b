"""What may be written in a user's attributes, and what deleted: names in the pool's schema, nothing reserved.

cognito/latest/developerguide/user-pool-settings-attributes.html (the formats of email and phone_number,
custom attributes, immutability) and API_AdminCreateUser.html (`sub`, `identities` and `cognito:*` are
Cognito's own). A required attribute is not deleted, neither by name nor by a blank value
(API_SchemaAttributeType.html: without it "registration or sign-in does not succeed"; unverified for
deletions: the words are those that clients report). A value's greatest length of 2,048 is checked with the
other documented constraints, in `constraints.py`.
"""

import re
from collections.abc import Callable, Iterable
from typing import Any

from local.front.hooks import Hooks
from local.front.pools import Pool, Pools
from local.front.protocol import Answer, Call, CognitoError, attributes_of

_CREATING = ("AdminCreateUser", "SignUp")
_UPDATING = ("AdminUpdateUserAttributes", "UpdateUserAttributes")
_DELETING = ("AdminDeleteUserAttributes", "DeleteUserAttributes")
_RESERVED = ("sub", "identities")
_FORMATS = {
    "email": (re.compile(r"[^\s@]+@[^\s@]+"), "Invalid email address format."),
    "phone_number": (re.compile(r"\+[0-9]{1,18}"), "Invalid phone number format."),
}

Schema = dict[str, dict[str, Any]]


class AttributeRules:
    """A feature: refuses attributes that Cognito refuses."""

    def __init__(self, pools: Pools) -> None:
        self._pools = pools

    def register(self, hooks: Hooks) -> None:
        """Plug in."""
        hooks.before(self._check_username, *_CREATING)
        hooks.before(self._check_sign_up, "SignUp")
        hooks.before(self._check, *_CREATING, *_UPDATING)
        hooks.before(self._check_deleted, *_DELETING)

    async def _check(self, call: Call) -> None:
        attributes = attributes_of(call.data.get("UserAttributes"))
        if not attributes:
            return
        check_reserved(attributes)
        updating = call.operation in _UPDATING
        await self._check_schema(call, lambda schema: schema_problems(attributes, schema, updating))
        if updating:
            await self._check_required(call, [name for name, value in attributes.items() if not value])
        check_formats(attributes)

    async def _check_deleted(self, call: Call) -> None:
        names = call.data.get("UserAttributeNames") or []
        # Of a deletion no value can be wrong: nothing but names and mutability is looked at.
        absent = dict.fromkeys(names, "")
        check_reserved(absent)
        await self._check_schema(call, lambda schema: schema_problems(absent, schema, updating=True))
        await self._check_required(call, names)

    async def _check_schema(self, call: Call, problems_in: Callable[[Schema], list[str]]) -> None:
        pool = await self._pools.of_call(call)
        if pool is not None and problems_in(pool.schema):
            # Before refusing, make sure: the schema may have grown behind the front's back.
            pool = await self._pools.of_call(call, fresh=True)
        problems = problems_in(pool.schema) if pool else []
        if problems:
            text = "".join(f"{problem}\n" for problem in problems)
            raise CognitoError(
                "InvalidParameterException", f"Attributes did not conform to the schema: {text}"
            )

    async def _check_required(self, call: Call, names: Iterable[str]) -> None:
        pool = await self._pools.of_call(call)
        schema = pool.schema if pool else {}
        for name in names:
            if schema.get(name, {}).get("Required"):
                text = f"user.{name}: Required attribute cannot be deleted."
                raise CognitoError("InvalidParameterException", text)

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


def schema_problems(attributes: dict[str, str], schema: Schema, updating: bool) -> list[str]:
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
