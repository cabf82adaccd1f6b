"""Finding a user of the backup by what somebody signs in with, by the rules of the pool signed in to."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from lifeboat.cognito.pool import PoolFacts
from lifeboat.model import Membership, User
from lifeboat.sign_in import sign_in_key
from lifeboat.store.keys import Key
from lifeboat.store.table import BackupTable


@dataclass(frozen=True, slots=True)
class Known:
    """A user of the backup, where it lies, and its memberships."""

    key: Key
    user: User
    memberships: list[Membership]


def kind_of(name: str, facts: PoolFacts) -> str | None:
    """What a name is: `email`, `phone_number` or `username`; None if the pool takes no such name.

    One look at the name is enough, so that one query is: where addresses are names of their own, Cognito
    lets no username look like one
    (https://docs.aws.amazon.com/cognito/latest/developerguide/user-pool-settings-attributes.html). A
    preferred username is not looked for.
    """
    addresses = facts.username_attributes or facts.alias_attributes
    if "@" in name and "email" in addresses:
        return "email"
    if name.startswith("+") and name[1:].isdecimal() and "phone_number" in addresses:
        return "phone_number"
    return None if facts.generates_usernames else "username"


def find_known(table: BackupTable, facts: PoolFacts, name: str) -> Known | None:
    """The user of the backup that the pool would take a name for; None if nobody.

    The indexes hold names in lower case and are a moment behind the table: what they name is read and
    compared. Of several the one made last counts: the others are deleted users that no export has retired
    yet.
    """
    kind, key = kind_of(name, facts), sign_in_key(name)
    if kind is None or key is None:
        return None
    by: dict[str, Callable[[str], list[Key]]] = {
        "username": table.users_by_username,
        "email": table.users_by_email,
        "phone_number": table.users_by_phone_number,
    }
    found = [
        Known(place, *whole)
        for place in by[kind](key)
        if (whole := table.user_with_groups(place)) is not None and answers_to(whole[0], kind, name, facts)
    ]
    return max(found, key=lambda known: (known.user.created_at, known.user.sub), default=None)


def answers_to(user: User, kind: str, name: str, facts: PoolFacts) -> bool:
    """Whether a user signs in with a name of a kind in this pool.

    An address is its user's alone once it is verified. One that is not counts only where a restore would
    create the user under it.
    """
    if user.federated:
        return False
    own = user.username if kind == "username" else user.attributes.get(kind, "")
    if _same(own, name, facts):
        is_own_name = kind == "username" or facts.sign_in_name(user) == own
        return is_own_name or user.verified(kind)
    return False


def _same(own: str, name: str, facts: PoolFacts) -> bool:
    return own == name if facts.case_sensitive else own.lower() == name.lower()
