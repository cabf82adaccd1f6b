"""Which groups an import gives a user, and which it leaves to the sign-in."""

from __future__ import annotations

from collections.abc import Iterable

from lifeboat.model import User
from lifeboat.restore.tasks import Run, leaves_groups


def at_sign_in(run: Run, user: User) -> bool:
    """Whether a user's groups are left to the sign-in.

    Not those of a user whom the trigger would not know again, for want of a verified address, nor of one who
    cannot sign in: they would never come.
    """
    return leaves_groups(run) and user.enabled and (user.verified("email") or user.verified("phone_number"))


def groups_now(run: Run, user: User, groups: Iterable[str]) -> list[str]:
    """The groups that the import gives a user, sorted."""
    return [] if at_sign_in(run, user) else sorted(groups)
