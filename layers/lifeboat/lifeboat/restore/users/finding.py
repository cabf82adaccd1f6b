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
        attribute = "email" if "@" in name else "phone_number" if name.startswith("+") else "username"
        if attribute == "username":
            return reader.user_where("username", name)
        # Others may have the same address unverified. Where nobody has verified it, it must be one user's.
        having = reader.users_where(attribute, name)
        verified = [user for user in having if user.verified(attribute)]
        return next(iter(verified or (having if len(having) == 1 else [])), None)
    # The filter is case-sensitive, even where the pool is not.
    there = reader.user_where("username", name)
    if there is None and not facts.case_sensitive and name != name.lower():
        there = reader.user_where("username", name.lower())
    return there
