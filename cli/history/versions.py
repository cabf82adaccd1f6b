"""The history of one user, as a person reads it: what changed when, and what brought it into the backup."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Final

from cli.history.fields import Changed, changes, user_fields
from lifeboat.model import Kind, now
from lifeboat.store.items import Change, Item, membership_from, user_from
from lifeboat.store.ledger import Ledger
from lifeboat.store.table import BackupTable
from lifeboat.store.user_versions import user_versions

CAPTURE: Final = "live capture"
"""What has written a version that no export has: a capture, or the admin API, which captures too."""

KEPT: Final = "kept"
"""What the oldest version is if earlier ones have expired."""


@dataclass(frozen=True, slots=True)
class Writers:
    """Who wrote at a moment: an export writes everything at the moment of its beginning."""

    exports: Mapping[str, str]

    @classmethod
    def of(cls, table: BackupTable) -> Writers:
        """Read them from the ledger."""
        entries = Ledger(table, "export").all(("run_id", "started_at"))
        return cls({str(each["started_at"]): str(each["run_id"]) for each in entries if "started_at" in each})

    def at(self, moment: str) -> str:
        """The export of a moment, or CAPTURE."""
        run_id = self.exports.get(moment)
        return CAPTURE if run_id is None else f"export {run_id}"


def history(table: BackupTable, sub: str) -> dict[str, Any]:
    """The document of a user's history: versions newest first, each with what it changed, and memberships.

    `what` of a version is added, changed, or KEPT for the oldest one whose predecessors have expired. A user
    who was gone for a while has an entry `gone` between two versions, and at the top if still gone.
    """
    present, earlier = user_versions(table, sub, now())
    writers = Writers.of(table)
    everything = sorted([*present, *earlier], key=lambda item: str(item["valid_from"]), reverse=True)
    versions = [item for item in everything if item["kind"] == Kind.USER.value]
    return {
        "sub": sub,
        "present": any(item["kind"] == Kind.USER.value for item in present),
        "versions": list(_versions(versions, writers)),
        "memberships": [
            {"group": membership_from(item).group_name, **_interval(item, writers)}
            for item in everything
            if item["kind"] == Kind.MEMBERSHIP.value
        ],
    }


def _versions(items: list[Item], writers: Writers) -> Iterable[dict[str, Any]]:
    until: str | None = None
    for place, item in enumerate(items):
        interval = _interval(item, writers)
        ended = interval["valid_to"]
        if ended is not None and ended != until:
            yield {
                "what": "gone",
                "valid_from": ended,
                "valid_to": until,
                "by": writers.at(ended),
                "changes": [],
            }
        until = interval["valid_from"]
        older = items[place + 1] if place + 1 < len(items) else None
        fields = user_fields(user_from(item))
        follows = older is not None and older.get("valid_to") == interval["valid_from"]
        before = user_fields(user_from(older)) if older is not None and follows else {}
        yield {
            "what": _what(item, follows),
            **interval,
            "changes": [_written(each) for each in changes(before, fields)] if before else [],
            "user": fields,
        }


def _what(item: Item, follows: bool) -> str:
    if follows:
        return str(Change.CHANGED)
    return str(Change.ADDED) if item["change"] == Change.ADDED else KEPT


def _written(changed: Changed) -> dict[str, Any]:
    return {"field": changed.field, "before": changed.before, "after": changed.after}


def _interval(item: Item, writers: Writers) -> dict[str, Any]:
    until = item.get("valid_to")
    return {
        "valid_from": item["valid_from"],
        "valid_to": until,
        "by": writers.at(str(item["valid_from"])),
        "ended_by": None if until is None else writers.at(str(until)),
    }
