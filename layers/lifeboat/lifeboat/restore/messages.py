"""Reading the messages of the import's queues, and telling what can never be handled from what can."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Annotated, Any, TypeVar

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from lifeboat.cognito.pool import linked_identities
from lifeboat.model import User

M = TypeVar("M", bound=BaseModel)
Name = Annotated[str, Field(min_length=1)]


class Unusable(Exception):
    """A message that no repetition will make usable. The text is the reason, without values."""


class NewUser(BaseModel):
    """One message of NewUsersQueue or ApiUsersQueue: a user as it is to be restored, with its groups.

    `lane_reason` says in ApiUsersQueue why the user does not go by an import job.
    """

    model_config = ConfigDict(extra="forbid", strict=True)

    import_id: Name
    pool_id: Name
    sub: Name
    username: Name
    attributes: dict[str, str]
    enabled: bool
    status: str
    groups: list[str]
    mfa: list[str] = []
    preferred_mfa: str = ""
    lane_reason: str = ""

    def user(self) -> User:
        """The user to restore."""
        return User(
            self.sub,
            self.username,
            self.attributes,
            self.enabled,
            self.status,
            mfa=tuple(self.mfa),
            preferred_mfa=self.preferred_mfa,
        )


class Update(BaseModel):
    """One message of UpdatesQueue: the `number`th part of what a created user still needs.

    `username` may be the sign-in alias where the pool generates usernames. `links` are pairs of provider and
    the user's id there.
    """

    model_config = ConfigDict(extra="forbid", strict=True)

    import_id: Name
    pool_id: Name
    sub: Name
    username: Name
    number: int
    groups: list[str]
    disable: bool
    mfa: list[str] = []
    preferred_mfa: str = ""
    links: list[tuple[str, str]] = []


def read_new_user(body: str) -> NewUser:
    """A message of NewUsersQueue. Raises Unusable."""
    return _read(NewUser, body)


def read_update(body: str) -> Update:
    """A message of UpdatesQueue. Raises Unusable."""
    return _read(Update, body)


def _read(model: type[M], body: str) -> M:
    try:
        return model.model_validate_json(body)
    except ValidationError as error:
        first = error.errors(include_input=False, include_url=False)[0]
        key = first["loc"][0] if first["loc"] else ""
        where = key if key in model.model_fields else "the message"  # a key of another name may be a value
        raise Unusable(f"unusable message: {where}: {first['type']}") from None


GROUPS_IN_AN_UPDATE = 5
"""At 25 updates a second, a message with so many groups is handled well within a function's time."""


def new_user(import_id: str, pool_id: str, user: User, groups: Iterable[str], lane_reason: str) -> NewUser:
    """The message for a user."""
    return NewUser(
        import_id=import_id,
        pool_id=pool_id,
        sub=user.sub,
        username=user.username,
        attributes=dict(user.attributes),
        enabled=user.enabled,
        status=user.status,
        groups=sorted(groups),
        mfa=sorted(user.mfa),
        preferred_mfa=user.preferred_mfa,
        lane_reason=lane_reason,
    )


def updates_for(message: NewUser, username: str, by_api: bool) -> list[dict[str, Any]]:
    """What a created user still needs, in messages of a bounded size, numbered from 0.

    The first one disables before anything else is given. An import job's row has carried the SMS factor;
    a user created by the API needs it set.
    """
    user = message.user()
    mfa = sorted(user.mfa) if by_api else []
    links = linked_identities(user)
    groups = sorted(message.groups)
    parts = [
        groups[start : start + GROUPS_IN_AN_UPDATE] for start in range(0, len(groups), GROUPS_IN_AN_UPDATE)
    ]
    if not message.enabled or mfa or links:
        parts = [[], *parts]
    return [
        Update(
            import_id=message.import_id,
            pool_id=message.pool_id,
            sub=message.sub,
            username=username,
            number=number,
            groups=part,
            disable=not message.enabled and number == 0,
            mfa=mfa if number == 0 else [],
            preferred_mfa=message.preferred_mfa if number == 0 else "",
            links=links if number == 0 else [],
        ).model_dump()
        for number, part in enumerate(parts)
    ]
