"""The command line against the deployed application, as an operator uses it."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from cli.app import main
from tests.e2e.world import BACKUP, PRIMARY, World, restorable, seen, wait_for

ROOT = Path(__file__).parents[2]
LISTENING = """
import signal, sys
from cli.app import main
signal.signal(signal.SIGINT, signal.default_int_handler)
sys.exit(main(sys.argv[1:]))
"""
"""`lifeboat`, with Ctrl-C as at a terminal: a shell's background job would not hear it."""

Ask = Callable[..., tuple[int, Any]]


@pytest.fixture
def ask(exported: World, capsys: pytest.CaptureFixture[str]) -> Ask:
    """Runs a command with --json; returns its exit status and document."""

    def run(*arguments: str) -> tuple[int, Any]:
        capsys.readouterr()
        status = main([*arguments, "--json", "--local", "--local-dir", str(exported.aws.state_dir)])
        return status, json.loads(capsys.readouterr().out)

    return run


def reasons(document: Any) -> str:
    return " | ".join(reason["reason"] for reason in document["reasons"])


def test_status_sees_both_regions_and_tells_when_one_is_lost(exported: World, ask: Ask) -> None:
    def replicated() -> Any:
        _, document = ask("status")
        return document if len(set(document["replicas"].values())) == 1 else None

    document = wait_for(replicated, "the last export's entry in the replica")
    exported.region_available(PRIMARY, False)
    _, lost = ask("status", "--region", BACKUP)

    assert document["regions"] == {
        "primary": {"region": PRIMARY, "answers": True},
        "backup": {"region": BACKUP, "answers": True},
    }
    assert document["last_good_export"]["counts"]["users"]["listed"] > 0
    assert document["unread"] == []
    alarms = {(alarm["name"], alarm["region"]): alarm for alarm in document["alarms"]}
    assert alarms["ExportOverdue", PRIMARY]["state"] == "OK"
    assert alarms["UpdatesDeadLetters", BACKUP]["state"] in ("OK", "ALARM")
    assert all(alarm["description"] for alarm in alarms.values())
    assert {queue["name"] for queue in document["queues"]} >= {"NewUsers", "UpdatesDeadLetter", "Capture"}
    assert f"Cognito in {PRIMARY}" in reasons(lost)
    assert lost["last_good_export"] == document["last_good_export"]


def test_an_export_is_waited_for(exported: World, ask: Ask) -> None:
    status, document = ask("export", "--wait")

    entry = exported.ledger("export", document["run_id"])
    assert (status, document["status"]) == (0, "COMPLETED")
    for kind in ("users", "memberships"):
        assert document["counts"][kind]["listed"] == entry["counts"][kind]["listed"] > 0
        assert entry.get(f"tally_{kind}", 0) <= entry["counts"][kind]["listed"], "shown of long exports only"


def test_an_import_survives_ctrl_c_and_is_watched_to_its_end(exported: World, ask: Ask) -> None:
    world = exported
    pool_id = world.empty_pool()
    command = ["import", "--pool", pool_id, "--wait", "--local", "--local-dir", str(world.aws.state_dir)]
    with subprocess.Popen(
        [sys.executable, "-c", LISTENING, *command],
        env={**os.environ, "PYTHONPATH": f"{ROOT}{os.pathsep}{ROOT / 'layers' / 'lifeboat'}"},
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    ) as shown:
        assert shown.stdout is not None
        lines = [next(shown.stdout)]
        while "running" not in lines[-1] and not lines[-1].startswith("import "):
            lines.append(next(shown.stdout))
        shown.send_signal(signal.SIGINT)
        rest = shown.stdout.read()
    status, document = ask("watch")

    assert shown.returncode == 130
    assert "`lifeboat watch`" in rest
    assert "Traceback" not in rest
    assert f"the empty pool {pool_id}" in "".join(lines)
    assert (status, document["status"], document["user_pool_id"]) == (0, "SUCCEEDED", pool_id)
    assert document["report"].endswith("report.json")
    assert ask("watch", document["run_id"])[1]["status"] == "SUCCEEDED"
    restored = seen(world.snapshot(pool_id))
    assert restored == restorable(world.snapshot(world.deployment.user_pool_id))


def test_a_preflight_that_fails_lists_every_problem(exported: World, ask: Ask) -> None:
    status, document = ask("import", "--pool", f"{BACKUP}_NoSuchPool", "--wait")

    assert (status, document["status"]) == (1, "FAILED")
    assert any("there is no user pool" in problem for problem in document["problems"])


def test_config_has_the_quotas_of_the_account(exported: World, ask: Ask) -> None:
    status, document = ask("config")

    quotas = {line["category"]: line for line in document["quotas"][PRIMARY]["quotas"]}
    assert status == 0
    assert document["parameters"]["BackupTableName"]["primary"] == exported.output("BackupTableName", PRIMARY)
    assert document["differences"] == []
    assert all(line["account"] == line["assumed"] for line in quotas.values())
    assert document["native_replication"]["verdict"].startswith("not eligible")
