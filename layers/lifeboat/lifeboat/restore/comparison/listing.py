"""Listing the new pool for the comparison: users by sub prefix, memberships by group."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import TypeVar

from lifeboat.cognito.pool import PoolFacts
from lifeboat.cognito.reader import PoolReader
from lifeboat.model import Group, User
from lifeboat.pacing import Deadline
from lifeboat.restore.comparison.expectation import Files, MemberFingerprint, digest, found
from lifeboat.restore.steps import StepProgress
from lifeboat.restore.tasks import ListingTask

LISTINGS = 8
"""Parts, or groups of a part, that a worker lists side by side: a listing by itself waits for each page."""

A = TypeVar("A")
B = TypeVar("B")


@dataclass(frozen=True, slots=True)
class RestoredListing:
    """Lists parts of the new pool into the bucket."""

    reader: PoolReader
    files: Files
    facts: PoolFacts
    progress: StepProgress

    def take(self, task: ListingTask, deadline: Deadline) -> ListingTask:
        """List some parts after others until all are done or time runs short.

        A part is `users:<prefix>` or `groups:<k>:<n>`, every nth group beginning with the kth.
        """
        waiting = list(task["Parts"])
        with self.progress.shown():
            while waiting and not (deadline.near() and len(waiting) < len(task["Parts"])):
                some, waiting = waiting[:LISTINGS], waiting[LISTINGS:]
                _side_by_side(self._list_part, some)
        return {"Run": task["Run"], "Parts": waiting, "Finished": not waiting}

    def _list_part(self, part: str) -> None:
        kind, _, rest = part.partition(":")
        if kind == "users":
            self._list_users(rest)
        else:
            start, _, step = rest.partition(":")
            self._list_groups(int(start), int(step))

    def _list_users(self, prefix: str) -> None:
        users = {user.sub: found(user, self.facts) for user in self._counted(self.reader.users(prefix))}
        self.files.spread("found", f"users-{prefix}", users.values())

    def _list_groups(self, start: int, step: int) -> None:
        groups: list[Group] = sorted(self.reader.groups(), key=lambda group: group.name)
        members: dict[tuple[str, str], MemberFingerprint] = {}
        for found_members in _side_by_side(self._members, [group.name for group in groups[start::step]]):
            for member in found_members:
                members[member["join"], member["group"]] = member
        self.files.spread("members", f"groups-{start}", members.values())
        if start == 0:
            self.files.bucket.put_document(
                f"{self.files.folder}/groups.json",
                [[group.name, group.description, group.precedence, group.role_arn] for group in groups],
            )

    def _members(self, group_name: str) -> list[MemberFingerprint]:
        return [
            {"join": digest(self.facts.join_key(user)), "group": group_name}
            for user in self._counted(self.reader.members(group_name))
        ]

    def _counted(self, users: Iterable[User]) -> Iterator[User]:
        """The same users, counted as they come."""
        for user in users:
            self.progress.count()
            yield user


def _side_by_side(work: Callable[[A], B], pieces: Iterable[A]) -> list[B]:
    """Do the work for each piece, some at a time. Raises what the first one that fails raises."""
    with ThreadPoolExecutor(LISTINGS) as executor:
        return list(executor.map(work, pieces))
