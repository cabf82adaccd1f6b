"""Who a federated user is at its identity provider: what stays the same when the pool is another.

The username, the sub and the profile of a federated user are the pool's; the provider's name and the user's
id there are not. Cognito keeps both in the attribute `identities`, a JSON list
(https://docs.aws.amazon.com/cognito/latest/developerguide/cognito-user-pools-identity-federation-consolidate-users.html).
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

LONGEST = 2048
"""Bytes. What DynamoDB takes as the key of an index; it refuses the whole item that has a longer one."""


def identity_of(attributes: Mapping[str, Any]) -> str | None:
    """`<providerName>/<userId>` of a federated user's own identity; None if the attribute gives none.

    The own identity is the entry that is `primary`, else the first. Nothing else is guessed at: a wrong
    identity would hand one person's groups to another.
    """
    try:
        entries = json.loads(attributes.get("identities", "[]"))
    except (ValueError, TypeError, RecursionError):
        return None
    if not isinstance(entries, list):
        return None
    own = next((entry for entry in entries if _primary(entry)), entries[0] if entries else None)
    if not isinstance(own, dict):
        return None
    provider, user_id = own.get("providerName"), own.get("userId")
    if not (isinstance(provider, str) and provider and isinstance(user_id, str) and user_id):
        return None
    return _written(provider, user_id)


def _primary(entry: Any) -> bool:
    # The claim of that name in an ID token says "true", the attribute says true.
    return isinstance(entry, dict) and str(entry.get("primary")).lower() == "true"


def _written(provider: str, user_id: str) -> str | None:
    # Both may contain a slash. With none in the first part, the first slash is the one in between.
    identity = f"{provider.replace('%', '%25').replace('/', '%2F')}/{user_id}"
    try:
        return identity if len(identity.encode()) <= LONGEST else None
    except UnicodeEncodeError:
        return None  # half of a surrogate pair, which no store takes
