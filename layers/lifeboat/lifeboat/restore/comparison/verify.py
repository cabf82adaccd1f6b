"""Comparing the new pool with the backup, field by field, one part at a time."""

from __future__ import annotations

import csv
import io
from collections import Counter
from collections.abc import Iterable
from typing import Any

from lifeboat.restore.comparison.expectation import LINKED, Files, Fingerprint, differing_fields
from lifeboat.restore.steps import StepProgress
from lifeboat.restore.tasks import Verified, VerifyTask

USER_MAP_COLUMNS = ("sub", "new_sub", "username", "new_username")


def verify(files: Files, task: VerifyTask, progress: StepProgress) -> Verified:
    """Join what was expected with what was found, and keep the differences for the report."""
    with progress.shown():
        return _verify(files, task, progress)


def _verify(files: Files, task: VerifyTask, progress: StepProgress) -> Verified:
    number = task["Bucket"]
    actual: dict[str, Fingerprint] = {}
    for entry in files.bucket.get_lines(files.part("found", number)):
        actual[entry["join"]] = entry
    memberships = later = 0
    for member in files.bucket.get_lines(files.part("members", number)):
        if member["join"] in actual:
            actual[member["join"]]["groups"].append(member["group"])
    different: list[dict[str, Any]] = []
    missing: list[str] = []
    pairs: list[tuple[str, ...]] = []
    equal = 0
    kinds: dict[str, Counter[str]] = {}
    kind_of: dict[str, str] = {}
    for expectation in files.bucket.get_lines(files.part("expected", number)):
        progress.count()
        kind = expectation.get("status", "")
        counted = kinds.setdefault(kind, Counter())
        counted["disabled"] += expectation["fields"]["enabled"] == "False"
        counted["linked"] += LINKED in expectation["fields"]
        there = actual.pop(expectation["join"], None)
        if there is None:
            missing.append(expectation["sub"])
            kind_of[expectation["sub"]] = kind
            continue
        memberships += len(set(there["groups"]) & set(expectation["groups"]))
        if expectation.get("at_sign_in"):
            later += len(set(expectation["groups"]) - set(there["groups"]))
        pairs.append((expectation["sub"], there["sub"], expectation["username"], there["username"]))
        fields = differing_fields(expectation, there)
        if fields:
            different.append({"sub": expectation["sub"], "new_sub": there["sub"], "fields": fields})
            kind_of[expectation["sub"]] = kind
        else:
            equal += 1
            counted["equal"] += 1
    unexpected = sorted(entry["sub"] for entry in actual.values())
    files.bucket.put_document(
        f"{files.folder}/verified/{number:05}.json",
        {
            "different": different,
            "missing": missing,
            "unexpected": unexpected,
            "kinds": kinds,
            "kind_of": kind_of,
        },
    )
    files.bucket.put_text(files.user_map(number), _table(pairs), "text/csv")
    return {
        "Bucket": number,
        "Equal": equal,
        "Different": len(different),
        "Missing": len(missing),
        "Unexpected": len(unexpected),
        "Memberships": memberships,
        "AtSignIn": later,
    }


def _table(rows: Iterable[tuple[str, ...]]) -> str:
    """The map from old users to new ones, as RFC 4180 has it."""
    text = io.StringIO()
    writer = csv.writer(text)
    writer.writerow(USER_MAP_COLUMNS)
    writer.writerows(rows)
    return text.getvalue()
