"""Comparing the new pool with the backup, field by field, one part at a time."""

from __future__ import annotations

from typing import Any

from lifeboat.restore.expectation import Files, Fingerprint, differing_fields
from lifeboat.restore.tasks import Verified, VerifyTask


def verify(files: Files, task: VerifyTask) -> Verified:
    """Join what was expected with what was found, and keep the differences for the report."""
    number = task["Bucket"]
    actual: dict[str, Fingerprint] = {}
    for entry in files.bucket.get_lines(files.part("found", number)):
        actual[entry["join"]] = entry
    memberships = 0
    for member in files.bucket.get_lines(files.part("members", number)):
        if member["join"] in actual:
            actual[member["join"]]["groups"].append(member["group"])
    different: list[dict[str, Any]] = []
    missing: list[str] = []
    pairs: list[dict[str, str]] = []
    equal = 0
    for expectation in files.bucket.get_lines(files.part("expected", number)):
        there = actual.pop(expectation["join"], None)
        if there is None:
            missing.append(expectation["sub"])
            continue
        memberships += len(set(there["groups"]) & set(expectation["groups"]))
        pairs.append({"sub": expectation["sub"], "new_sub": there["sub"]})
        fields = differing_fields(expectation, there)
        if fields:
            different.append({"sub": expectation["sub"], "new_sub": there["sub"], "fields": fields})
        else:
            equal += 1
    unexpected = sorted(entry["sub"] for entry in actual.values())
    files.bucket.put_document(
        f"{files.folder}/verified/{number:05}.json",
        {"different": different, "missing": missing, "unexpected": unexpected},
    )
    files.bucket.put_lines(f"{files.sub_map}{number:05}.jsonl.gz", pairs)
    return {
        "Bucket": number,
        "Equal": equal,
        "Different": len(different),
        "Missing": len(missing),
        "Unexpected": len(unexpected),
        "Memberships": memberships,
    }
