"""How far the creation of a pool has come.

It is kept in the bucket, because up to 1,000 app clients do not fit into the ledger's entry.
"""

from __future__ import annotations

import csv
import io
from dataclasses import dataclass, field

from lifeboat.restore.comparison.expectation import Files
from lifeboat.restore.pool.clients import few
from lifeboat.restore.pool.new_pool import Notes

MOST_NOTES = 100
"""Notes that the ledger's entry holds; all of them lie in the bucket."""


@dataclass(slots=True)
class PoolProgress:
    """What was done so far.

    `left_out` is what the plan left out by which the pool was made. `done` names the steps taken, `refused`
    those of them that Cognito refused, each with what to do about it. `clients` is from an app client's old
    id to its name and its new id; `without` from what app clients had to be created without to their names.
    """

    files: Files
    key: str
    pool_id: str = ""
    left_out: Notes = field(default_factory=list)
    done: list[str] = field(default_factory=list)
    refused: dict[str, str] = field(default_factory=dict)
    clients: dict[str, list[str]] = field(default_factory=dict)
    without: dict[str, list[str]] = field(default_factory=dict)

    @classmethod
    def load(cls, files: Files, import_id: str) -> PoolProgress:
        """The progress of an import's pool, which may be none yet."""
        key = f"imports/{import_id}/pool.json"
        return cls(files, key, **(files.bucket.get_document(key) or {}))

    def save(self) -> None:
        """Keep the progress."""
        self.files.bucket.put_document(
            self.key,
            {
                "pool_id": self.pool_id,
                "left_out": self.left_out,
                "done": self.done,
                "refused": self.refused,
                "clients": self.clients,
                "without": self.without,
            },
        )

    def made(self, step: str) -> bool:
        """Whether a step was taken and not refused."""
        return step in self.done and step not in self.refused

    def save_client_map(self) -> None:
        """Write the map from old clients to new ones, as CSV."""
        text = io.StringIO()
        writer = csv.writer(text, lineterminator="\n")
        writer.writerow(("client_name", "client_id", "new_client_id"))
        writer.writerows((name, old, new) for old, (name, new) in sorted(self.clients.items()))
        self.files.bucket.put_text(self.files.client_map, text.getvalue(), "text/csv")

    def notes(self) -> Notes:
        """What the new pool has not got, by the plan or because Cognito refused it. At most MOST_NOTES."""
        clients = [
            f"{what} was taken out of the app clients {few(names)}, because the new pool has not got it; add "
            "it to them once it is there"
            for what, names in sorted(self.without.items())
        ]
        every = [*self.left_out, *clients, *self.refused.values()]
        if len(every) <= MOST_NOTES:
            return every
        rest = len(every) - MOST_NOTES + 1
        return [*every[: MOST_NOTES - 1], f"and {rest} more: see s3://{self.files.bucket.name}/{self.key}"]
