"""Changing users through the admin API, without the two Regions ever drifting apart unseen.

The change is made in the pool and then captured: read again and written to the backup, from where it reaches
the other Region. Before the pool is touched, a message is left in the capture's retry queue that becomes
visible after the request must have ended. So whatever happens in between, a crash included, the user is
captured; and if that message cannot be left, the pool is not touched.

A capture reads by ListUsers, which may not show the change yet. So the backup is said to have it only if what
the backup has shows what was asked for; else it is left to the message, as if the capture had failed.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http import HTTPStatus
from typing import Any

from lifeboat.aws.queues import Queue
from lifeboat.cognito.editor import UserEditor
from lifeboat.cognito.reader import PoolReader
from lifeboat.errors import CognitoError, CognitoRefused, LifeboatError
from lifeboat.model import Membership, User
from lifeboat.pacing import stand_back
from lifeboat.sync.admin.answer import ApiResponse, answer, refused, response, unknown_user
from lifeboat.sync.admin.request import ApiRequest, UserChange, change_of, user_of
from lifeboat.telemetry import logger, publish

PROMISE_SECONDS = 35
"""After how long the message that stands for the capture can be seen: by then the function has ended."""

LOOKS = 2
"""How often a user is captured before what the listing does not show yet is left to the message."""

WRITTEN = "WRITTEN"
PENDING = "PENDING"


BackedUp = tuple[User, list[Membership]] | None
"""A user of the backup with its memberships; None if the backup does not have it."""


@dataclass(slots=True)
class Change:
    """How far a change came: the parts done, the one underway, and what stopped it."""

    done: list[str] = field(default_factory=list)
    underway: str = ""
    problem: CognitoError | None = None

    @contextmanager
    def part(self, name: str) -> Iterator[None]:
        """One part of the change: noted as done at its end."""
        self.underway = name
        yield
        self.done.append(name)


@dataclass(frozen=True, slots=True)
class Administration:
    """Changes and deletes users.

    `capture` brings a user of the pool into the backup, or raises; `in_backup` reads it there consistently.
    """

    stack_name: str
    group: str
    reader: PoolReader
    editor: UserEditor
    retries: Queue
    capture: Callable[[str], Any]
    in_backup: Callable[[str], BackedUp]
    pause: Callable[[int], None] = stand_back

    def put(self, request: ApiRequest) -> ApiResponse:
        """Change a user: 200 when the backup has it, 202 when it will."""
        return answer(request, self.group, self._put)

    def delete(self, request: ApiRequest) -> ApiResponse:
        """Delete a user: 200 when the backup has it, 202 when it will."""
        return answer(request, self.group, self._delete)

    def _put(self, request: ApiRequest, by: str) -> ApiResponse:
        wanted = change_of(request)
        return self._changed(
            user_of(request),
            by,
            lambda user, made: self._write(user, wanted, made),
            lambda found: shows(found, wanted),
        )

    def _delete(self, request: ApiRequest, by: str) -> ApiResponse:
        return self._changed(user_of(request), by, self._remove, lambda found: found is None)

    def _changed(
        self,
        sub: str,
        by: str,
        work: Callable[[User, Change], None],
        shown: Callable[[BackedUp], bool],
    ) -> ApiResponse:
        user = self.reader.user_where("sub", sub)
        if user is None:
            return unknown_user()
        self.retries.send_later({"sub": sub}, PROMISE_SECONDS)
        made = Change()
        try:
            work(user, made)
        except CognitoError as error:
            made.problem = error
        # What failed may have been done all the same, in part or whole: what to look for is not known.
        backup = self._captured(sub, shown if made.problem is None else None)
        if backup == WRITTEN and "user" in made.done:  # later captures find nothing to count
            publish(self.stack_name, {"CapturedDeletions": 1})
        code = made.problem.code if made.problem else ""
        logger.info("administrator's change", sub=sub, by=by, parts=made.done, backup=backup, error=code)
        if made.problem is not None:
            return refused(made.problem, made.underway, changed=made.done, backup=backup)
        status = HTTPStatus.OK if backup == WRITTEN else HTTPStatus.ACCEPTED
        return response(status, {"userId": sub, "changed": made.done, "backup": backup})

    def _write(self, user: User, wanted: UserChange, made: Change) -> None:
        """Bar before all else, let in after all else."""
        asked, username = wanted.asked, user.username
        if "enabled" in asked and not wanted.enabled:
            with made.part("enabled"):
                self.editor.set_enabled(username, False)
        if "attributes" in asked:
            with made.part("attributes"):
                self._set_attributes(user, wanted)
        if "groups" in asked:
            with made.part("groups"):
                self.editor.set_groups(username, self.reader.groups_of(username), wanted.groups)
        if "enabled" in asked and wanted.enabled:
            with made.part("enabled"):
                self.editor.set_enabled(username, True)

    def _set_attributes(self, user: User, wanted: UserChange) -> None:
        given = {name: value for name, value in wanted.attributes.items() if value is not None}
        dropped = wanted.attributes.keys() - given.keys()
        if given:
            self.editor.set_attributes(user.username, given)
        if dropped:
            self._drop_attributes(user, dropped)

    def _drop_attributes(self, user: User, names: Collection[str]) -> None:
        try:
            self.editor.delete_attributes(user.username, names)
        except CognitoRefused:
            # Perhaps because some are not there: the others are to go all the same.
            shown = self.reader.user_where("sub", user.sub) or user
            there = shown.attributes.keys() & set(names)
            if there:
                self.editor.delete_attributes(user.username, there)

    def _remove(self, user: User, made: Change) -> None:
        with made.part("user"):
            self.editor.delete(user.username)

    def _captured(self, sub: str, shown: Callable[[BackedUp], bool] | None) -> str:
        """Whether the backup has the change: only if it is known what to look for, and it is `shown`."""
        code = "NotShown"
        try:
            for attempt in range(LOOKS):
                if attempt:
                    self.pause(attempt)
                self.capture(sub)
                if shown is None:
                    break
                if shown(self.in_backup(sub)):
                    return WRITTEN
        except LifeboatError as error:
            code = str(getattr(error, "code", type(error).__name__))
        logger.warning("change left to the retry queue", sub=sub, error=code)
        publish(self.stack_name, {"AdminChangesPending": 1})
        return PENDING


def shows(found: BackedUp, wanted: UserChange) -> bool:
    """Whether what the backup has of a user is what a change has asked for. An empty value is none."""
    if found is None:
        return False
    user, memberships = found
    asked = wanted.asked
    return (
        all(
            (user.attributes.get(name) or None) == (value or None)
            for name, value in wanted.attributes.items()
        )
        and ("enabled" not in asked or user.enabled == wanted.enabled)
        and ("groups" not in asked or {each.group_name for each in memberships} == set(wanted.groups))
    )
