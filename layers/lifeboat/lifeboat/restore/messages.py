"""Reading the messages of the import's queues, and telling what can never be handled from what can."""

from __future__ import annotations

from typing import TypeVar

from pydantic import BaseModel, ConfigDict, ValidationError

from lifeboat.model import User
from lifeboat.restore.tasks import UpdateMessage

M = TypeVar("M", bound=BaseModel)


class Unusable(Exception):
    """A message that no repetition will make usable. The text is the reason, without values."""


class NewUser(BaseModel):
    """A NewUserMessage, validated."""

    model_config = ConfigDict(extra="forbid", strict=True)

    import_id: str
    pool_id: str
    sub: str
    username: str
    attributes: dict[str, str]
    enabled: bool
    status: str
    groups: list[str]

    def user(self) -> User:
        """The user to restore."""
        return User(self.sub, self.username, self.attributes, self.enabled, self.status)


class Update(BaseModel):
    """An UpdateMessage, validated."""

    model_config = ConfigDict(extra="forbid", strict=True)

    import_id: str
    pool_id: str
    sub: str
    username: str
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


def updates_for(message: NewUser, username: str) -> list[UpdateMessage]:
    """What a created user still needs, in messages of a bounded size, numbered from 0."""
    groups = sorted(message.groups)
    parts = [
        groups[start : start + GROUPS_IN_AN_UPDATE] for start in range(0, len(groups), GROUPS_IN_AN_UPDATE)
    ]
    if not parts and not message.enabled:
        parts = [[]]
    return [
        {
            "import_id": message.import_id,
            "pool_id": message.pool_id,
            "sub": message.sub,
            "username": username,
            "number": number,
            "groups": part,
            "disable": not message.enabled and number == 0,
        }
        for number, part in enumerate(parts)
    ]
