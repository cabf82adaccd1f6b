"""The commands that look, on the deployed application: each of them in a process of its own."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from tests.e2e.world import PRIMARY, World, backed_up

ROOT = Path(__file__).parents[2]


@pytest.fixture
def folder(exported: World, tmp_path: Path) -> Path:
    """A folder in which the command line finds the embedded AWS, as `make local` leaves one."""
    aws, deployment = exported.aws, exported.deployment
    stacks = {
        role: {"region": stack.region, "stack": stack.name}
        for role, stack in (("primary", deployment.primary), ("backup", deployment.backup))
    }
    urls = {"endpoint_url": aws.endpoint_url, "cognito_endpoint_url": aws.cognito_endpoint_url}
    (tmp_path / "stack.json").write_text(json.dumps({**urls, **stacks}))
    return tmp_path


def lifeboat(folder: Path, *words: str) -> tuple[int, dict[str, Any]]:
    """The exit status and the document of a command."""
    path = os.pathsep.join((str(ROOT), str(ROOT / "layers/lifeboat")))
    done = subprocess.run(
        [sys.executable, "-m", "cli", *words, "--json", "--local", "--local-dir", str(folder)],
        env={**os.environ, "PYTHONPATH": path},
        capture_output=True,
        text=True,
        check=False,
    )
    assert "Traceback" not in done.stdout + done.stderr
    return done.returncode, json.loads(done.stdout)


def test_an_operator_looks_around(exported: World, folder: Path) -> None:
    world = exported
    people = world.snapshot(world.deployment.user_pool_id)
    held = backed_up(world)
    new_pool = world.empty_pool()
    sub = next(iter(sorted(held)))

    _, verified = lifeboat(folder, "verify", "--share", "100")
    status, preflight = lifeboat(folder, "preflight", "--pool", new_pool)
    _, history = lifeboat(folder, "history", sub)
    began = min(each["started_at"] for each in world.items("EXPORT", PRIMARY))
    _, diff = lifeboat(folder, "diff", "--from", began)
    _, failed = lifeboat(folder, "failed")

    assert (verified["users"]["in_backup"], verified["users"]["in_pool"]) == (len(held), len(people))
    assert (status, preflight["problems"]) == (0, [])
    assert preflight["outlook"]["users"] == len(held)
    assert history["sub"] == sub
    assert history["versions"][-1]["by"].startswith(("export ", "live"))
    counts = diff["counts"]["users"]
    assert counts["unchanged"] + counts["added"] + counts["changed"] == len(held)
    assert {each["region"] for each in failed["dead_letters"]} == {"us-east-1", "eu-west-1"}
    assert failed["unreachable"] == {}
