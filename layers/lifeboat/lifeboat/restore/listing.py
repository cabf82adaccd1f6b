"""Listing the new pool for the comparison: users by sub prefix, memberships by group."""

from __future__ import annotations

from dataclasses import dataclass

from lifeboat.cognito.pool import PoolFacts
from lifeboat.cognito.reader import PoolReader
from lifeboat.model import Group
from lifeboat.pacing import Deadline
from lifeboat.restore.expectation import Files, MemberFingerprint, digest, found
from lifeboat.restore.tasks import ListingTask


@dataclass(frozen=True, slots=True)
class RestoredListing:
    """Lists parts of the new pool into the bucket."""

    reader: PoolReader
    files: Files
    facts: PoolFacts

    def list(self, task: ListingTask, deadline: Deadline) -> ListingTask:
        """List part after part until all are done or time runs short.

        A part is `users:<prefix>` or `groups:<k>:<n>`, every nth group beginning with the kth.
        """
        waiting = list(task["Parts"])
        while waiting and not (deadline.near() and len(waiting) < len(task["Parts"])):
            kind, _, rest = waiting.pop(0).partition(":")
            if kind == "users":
                self._list_users(rest)
            else:
                start, _, step = rest.partition(":")
                self._list_groups(int(start), int(step))
        return {"Run": task["Run"], "Parts": waiting, "Finished": not waiting}

    def _list_users(self, prefix: str) -> None:
        users = {user.sub: found(user, self.facts) for user in self.reader.users(prefix)}
        self.files.spread("found", f"users-{prefix}", users.values())

    def _list_groups(self, start: int, step: int) -> None:
        groups: list[Group] = sorted(self.reader.groups(), key=lambda group: group.name)
        members: dict[tuple[str, str], MemberFingerprint] = {}
        for group in groups[start::step]:
            for user in self.reader.members(group.name):
                join = digest(self.facts.join_key(user))
                members[join, group.name] = {"join": join, "group": group.name}
        self.files.spread("members", f"groups-{start}", members.values())
        if start == 0:
            self.files.bucket.put_document(
                f"{self.files.folder}/groups.json",
                [[group.name, group.description, group.precedence, group.role_arn] for group in groups],
            )
