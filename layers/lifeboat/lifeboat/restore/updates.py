"""Updating one restored user: group memberships and the disabled flag."""

from __future__ import annotations

from dataclasses import dataclass

from lifeboat.cognito.writer import PoolWriter
from lifeboat.restore.messages import Update
from lifeboat.store.outcomes import Outcomes


@dataclass(frozen=True, slots=True)
class UserUpdate:
    """Updates users of one import. Every call it makes can be repeated without effect."""

    writer: PoolWriter
    outcomes: Outcomes

    def apply(self, message: Update) -> None:
        """Make the updates of one message. Raises CognitoError."""
        for group_name in message.groups:
            self.writer.add_to_group(message.username, group_name)
        if message.disable:
            self.writer.disable(message.username)
        self.outcomes.updated(message.sub, message.number)
