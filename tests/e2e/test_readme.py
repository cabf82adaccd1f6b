"""Every command that the README shows works: targets exist, deployments are configured, calls are made."""

import json
import re
import shlex
import tomllib
from datetime import UTC, datetime
from pathlib import Path

from tests.e2e.world import BACKUP, PRIMARY, World, outcome

ROOT = Path(__file__).parents[2]
EXAMPLE_POOL = "eu-west-1_AbCdEf123"
EXAMPLE_MOMENT = "2026-11-21T08:00:00Z"
EXAMPLE_IMPORT = "2026-11-21T09:25:21.878Z-86b993c5"


def commands() -> list[list[str]]:
    """The commands in the README's shell blocks, as words."""
    blocks = re.findall(r"^ *```sh\n(.*?)^ *```", (ROOT / "README.md").read_text(), re.MULTILINE | re.DOTALL)
    lines = "\n".join(blocks).replace("\\\n", " ").splitlines()
    return [words for line in lines if (words := shlex.split(line))]


def started(words: list[str], replacements: dict[str, str]) -> dict[str, str]:
    """The options of an `aws stepfunctions start-execution` command, with this world's names in them."""
    assert words[:3] == ["aws", "stepfunctions", "start-execution"]
    options = dict(zip(words[3::2], words[4::2], strict=True))
    assert set(options) == {"--region", "--state-machine-arn", "--input"}
    for name, value in replacements.items():
        options = {option: text.replace(name, value) for option, text in options.items()}
    return options


def test_there_are_commands_of_every_kind_and_no_other() -> None:
    assert {words[0] for words in commands()} == {"make", "sam", "aws"}


def test_make_targets_exist() -> None:
    targets = set(re.findall(r"^([a-z-]+):", (ROOT / "Makefile").read_text(), re.MULTILINE))
    shown = {words[1] for words in commands() if words[0] == "make"}
    shown |= set(re.findall(r"`make ([a-z-]+)", (ROOT / "README.md").read_text()))
    assert shown <= targets


def test_deployments_are_configured() -> None:
    configured = tomllib.loads((ROOT / "samconfig.toml").read_text())
    deployed = [words for words in commands() if words[0] == "sam"]
    assert deployed[0] == ["sam", "build"]
    assert [words[:3] for words in deployed[1:]] == [["sam", "deploy", "--config-env"]] * 2
    assert all("deploy" in configured[words[3]] for words in deployed[1:])


def test_an_export_and_an_import_and_its_resumption_are_started_as_shown(exported: World) -> None:
    world = exported
    new_pool = world.empty_pool()
    replacements = {
        EXAMPLE_MOMENT: f"{datetime.now(UTC):%Y-%m-%dT%H:%M:%SZ}",
        "$EXPORT_WORKFLOW_ARN": world.output("ExportWorkflowArn", PRIMARY),
        "$IMPORT_WORKFLOW_ARN": world.output("ImportWorkflowArn"),
        EXAMPLE_POOL: new_pool,
    }
    shown = [words for words in commands() if words[0] == "aws"]
    regions = []
    for words in shown:
        options = started(words, replacements)
        execution = world.client("stepfunctions", options["--region"]).start_execution(
            stateMachineArn=options["--state-machine-arn"], input=options["--input"]
        )["executionArn"]
        result = world.result(execution)
        assert outcome(result) == "SUCCEEDED"
        regions.append(options["--region"])
        replacements[EXAMPLE_IMPORT] = json.loads(result["output"]).get("ImportId", "")
    assert regions == [PRIMARY, BACKUP, BACKUP, BACKUP, BACKUP]
