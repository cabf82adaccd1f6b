"""Finding a restored user in the new pool by the name it was created with."""

from __future__ import annotations

from lifeboat.cognito.pool import PoolFacts
from lifeboat.cognito.reader import PoolReader
from lifeboat.model import User


def find_by_name(reader: PoolReader, facts: PoolFacts, name: str) -> User | None:
    """The user with a username, or with a sign-in address where the pool generates usernames.

    By ListUsers, which makes no billed active user, but shows a new user only after a moment. Where
    usernames are generated, a name that is one already (a repeated message) is found too.
    """
    if facts.generates_usernames:
        if "@" in name:
            return reader.user_where("email", name)
        return reader.user_where("phone_number" if name.startswith("+") else "username", name)
    # The filter is case-sensitive, even where the pool is not.
    there = reader.user_where("username", name)
    if there is None and not facts.case_sensitive and name != name.lower():
        there = reader.user_where("username", name.lower())
    return there
