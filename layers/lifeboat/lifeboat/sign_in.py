"""The names a user may sign in by, as the keys that users of the backup are found by.

A key is the name in lower case, whatever the pool's rules are: who looks a name up compares what was found
by the pool's own (`lifeboat.restore.on_demand.known`). So one index serves pools that tell cases apart and
pools that do not, and a backup needs no knowledge of its pool to be written.
"""

from __future__ import annotations

from collections.abc import Mapping

from lifeboat.model import User

USERNAME_KEY, EMAIL_KEY, PHONE_KEY = "username_key", "email_key", "phone_key"
SIGN_IN_KEYS = (USERNAME_KEY, EMAIL_KEY, PHONE_KEY)
"""The attributes of a user's item that put it into the indexes ByUsername, ByEmail and ByPhoneNumber."""

LONGEST = 2048
"""Bytes. What DynamoDB takes as the key of an index; it refuses the whole item that has a longer one."""


def sign_in_key(name: str) -> str | None:
    """A name as a key; None for what no index takes, and nobody signs in by."""
    key = name.lower()
    try:
        return key if 0 < len(key.encode()) <= LONGEST else None
    except UnicodeEncodeError:
        return None  # half of a surrogate pair, which no store takes


def sign_in_keys(user: User) -> Mapping[str, str]:
    """The keys of a user, by attribute: none for a federated one, who has no password to sign in with.

    A username that Cognito has made up is the sub, which another pool cannot give again.
    """
    if user.federated:
        return {}
    names = {
        USERNAME_KEY: "" if user.username == user.sub else user.username,
        EMAIL_KEY: user.attributes.get("email", ""),
        PHONE_KEY: user.attributes.get("phone_number", ""),
    }
    keys = {attribute: sign_in_key(name) for attribute, name in names.items()}
    return {attribute: key for attribute, key in keys.items() if key is not None}
