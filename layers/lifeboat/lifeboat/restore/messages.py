"""Reading the messages of the import's queues, and telling what can never be handled from what can."""

from __future__ import annotations

from typing import Annotated, Any, TypeVar

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from lifeboat.model import User

M = TypeVar("M", bound=BaseModel)
Name = Annotated[str, Field(min_length=1)]


class Unusable(Exception):
    """A message that no repetition will make usable. The text is the reason, without values."""


class NewUser(BaseModel):
    """One message of NewUsersQueue: a user as it is in the backup, with its groups."""

    model_config = ConfigDict(extra="forbid", strict=True)

    import_id: Name
    pool_id: Name
    sub: Name
    username: Name
    attributes: dict[str, str]
    enabled: bool
    status: str
    groups: list[str]

    def user(self) -> User:
        """The user to restore."""
        return User(self.sub, self.username, self.attributes, self.enabled, self.status)


class Update(BaseModel):
    """One message of UpdatesQueue: the `number`th part of what a created user still needs."""

    model_config = ConfigDict(extra="forbid", strict=True)

    import_id: Name
    pool_id: Name
    sub: Name
    username: Name
    number: int
    groups: list[str]
    disable: bool


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


def updates_for(message: NewUser, username: str) -> list[dict[str, Any]]:
    """What a created user still needs, in messages of a bounded size, numbered from 0."""
    groups = sorted(message.groups)
    parts = [
        groups[start : start + GROUPS_IN_AN_UPDATE] for start in range(0, len(groups), GROUPS_IN_AN_UPDATE)
    ]
    if not parts and not message.enabled:
        parts = [[]]
    return [
        Update(
            import_id=message.import_id,
            pool_id=message.pool_id,
            sub=message.sub,
            username=username,
            number=number,
            groups=part,
            disable=not message.enabled and number == 0,
        ).model_dump()
        for number, part in enumerate(parts)
    ]
