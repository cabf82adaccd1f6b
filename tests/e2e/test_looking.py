"""The commands that look, on the deployed application in both Regions."""

from __future__ import annotations

import json
from typing import Any

import pytest

from cli.app import main
from tests.e2e.world import PRIMARY, World, backed_up


def test_an_operator_looks_around(exported: World, capsys: pytest.CaptureFixture[str]) -> None:
    world = exported
    people = world.snapshot(world.deployment.user_pool_id)
    held = backed_up(world)
    new_pool, sub = world.empty_pool(), min(held)
    began = min(each["started_at"] for each in world.items("EXPORT", PRIMARY))

    def lifeboat(*words: str) -> tuple[int, dict[str, Any]]:
        status = main([*words, "--json", "--local", "--local-dir", str(world.aws.state_dir)])
        return status, json.loads(capsys.readouterr().out)

    _, verified = lifeboat("verify", "--share", "100")
    status, preflight = lifeboat("preflight", "--pool", new_pool)
    _, history = lifeboat("history", sub)
    _, diff = lifeboat("diff", "--from", began)
    _, failed = lifeboat("failed")

    assert (verified["users"]["in_backup"], verified["users"]["in_pool"]) == (len(held), len(people))
    assert (status, preflight["problems"]) == (0, [])
    assert preflight["outlook"]["users"] == len(held)
    assert history["sub"] == sub
    assert history["versions"][-1]["by"].startswith("export ")
    counts = diff["counts"]["users"]
    assert counts["unchanged"] + counts["added"] + counts["changed"] == len(held)
    assert {each["region"] for each in failed["dead_letters"]} == {"us-east-1", "eu-west-1"}
    assert failed["unreachable"] == {}
