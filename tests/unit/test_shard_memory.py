"""A worker compares a shard of 200,000 users in less memory than half of what its function has."""

from __future__ import annotations

import json
import os
import subprocess
import sys

from tests.statemachines.payloads import ROOT

USERS = 200_000
MOST_BYTES = 256 * 1024 * 1024


def test_a_shard_of_200_000_users_is_compared_within_256_megabytes() -> None:
    paths = os.pathsep.join([str(ROOT / "layers/lifeboat"), str(ROOT)])
    program = [sys.executable, "-m", "tests.unit.shard_memory", str(USERS)]
    ended = subprocess.run(
        program,
        env={**os.environ, "PYTHONPATH": paths, "AWS_DEFAULT_REGION": "eu-west-1"},
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=True,
    )
    measured = json.loads(ended.stdout.splitlines()[-1])
    counts = measured["counts"]
    assert (counts["stored"], counts["absent"]) == (USERS, USERS // 100)
    assert counts["unchanged"] == counts["listed"] == USERS - USERS // 100
    assert measured["peak"] < MOST_BYTES
