r"""The grammar of ListUsers' Filter, and what it matches.

    filter     = attribute ( "=" | "^=" ) '"' value '"'
    attribute  = one of ATTRIBUTES, bare or in quotation marks
    value      = any characters; \" and \\ stand for a quotation mark and a backslash

One condition, no other operator, at most 256 characters (the model's constraint)
(cognito-user-identity-pools/latest/APIReference/API_ListUsers.html). "^=" is "starts with".
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from local.front.protocol import CognitoError, attributes_of

ATTRIBUTES = frozenset(
    {
        "cognito:user_status",
        "email",
        "family_name",
        "given_name",
        "name",
        "phone_number",
        "preferred_username",
        "status",
        "sub",
        "username",
    }
)
CASE_SENSITIVE = frozenset({"username", "status"})

_FILTER = re.compile(
    r'\s*(?P<quote>"?)(?P<name>[^\s"=^]+)(?P=quote)\s*(?P<operator>\^?=)\s*"(?P<value>(?:[^"\\]|\\.)*)"\s*',
    re.DOTALL,
)


@dataclass(frozen=True, slots=True)
class Filter:
    """One condition on a user."""

    attribute: str
    prefix: bool
    value: str

    def matches(self, user: Mapping[str, Any]) -> bool:
        """Say whether a user, as ListUsers gives it, fits."""
        found, wanted = self._of(user), self.value
        if self.attribute not in CASE_SENSITIVE:
            found, wanted = found.casefold(), wanted.casefold()
        return found.startswith(wanted) if self.prefix else found == wanted

    def _of(self, user: Mapping[str, Any]) -> str:
        if self.attribute == "username":
            return str(user["Username"])
        if self.attribute == "cognito:user_status":
            return str(user["UserStatus"])
        if self.attribute == "status":
            return "Enabled" if user["Enabled"] else "Disabled"
        return attributes_of(user.get("Attributes")).get(self.attribute, "")

    def __str__(self) -> str:
        value = re.sub(r'(["\\])', r"\\\1", self.value)
        return f'{self.attribute} {"^=" if self.prefix else "="} "{value}"'


def parse(text: str) -> Filter:
    """Parse a filter; raises InvalidParameterException with Cognito's words."""
    match = _FILTER.fullmatch(text)
    if match is None:
        raise CognitoError("InvalidParameterException", "Error while parsing filter.")
    if match["name"] not in ATTRIBUTES:
        raise CognitoError("InvalidParameterException", f"Invalid search attribute: {match['name']}")
    value = re.sub(r"\\(.)", r"\1", match["value"], flags=re.DOTALL)
    return Filter(match["name"], match["operator"] == "^=", value)
