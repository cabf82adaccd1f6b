"""What README.md and docs/ tell an operator to type exists, and what they point to is there."""

from __future__ import annotations

import json
import re
import tomllib
from pathlib import Path

import pytest
from botocore import xform_name
from botocore.model import StructureShape
from typer._click.exceptions import UsageError

from cli.app import SHARED, in_front
from lifeboat.restore.import_input import EXPECTED as IMPORT_EXPECTED
from tests.cli.documented import PAGES, ROOT, blocks, commands, examples, headings, mentioned, parse
from tests.template.reading import source
from tests.unit.test_federated_users_page import GLOBAL_OPTIONS, model

RUNBOOK = ROOT / "docs/runbook.md"
TARGETS = set(re.findall(r"^([a-z][a-z-]*):", (ROOT / "Makefile").read_text("utf-8"), re.MULTILINE))
ids = [page.name for page in PAGES]


@pytest.mark.parametrize("page", PAGES, ids=ids)
def test_every_lifeboat_command_in_a_block_can_be_typed(page: Path) -> None:
    wrong = []
    for shown in blocks(page):
        if shown.words[0] == "lifeboat":
            try:
                parse(list(shown.words[1:]))
            except UsageError as error:
                wrong.append(f"{shown.line}: {error.format_message()}")
    assert wrong == []


@pytest.mark.parametrize("page", PAGES, ids=ids)
def test_every_lifeboat_command_in_the_text_exists_with_its_options(page: Path) -> None:
    wrong = []
    for text in mentioned(page):
        if not text.startswith("lifeboat ") or text.startswith("lifeboat --"):
            continue
        name, *rest = in_front(text.split()[1:])
        while name in SHARED:
            rest = rest[1:] if SHARED[name] else rest
            name, *rest = rest
        command = commands().get(name)
        known = {option for each in command.params for option in each.opts} if command else set()
        options = {word.partition("=")[0] for word in rest if word.startswith("--")}
        if command is None or not options <= known | {*SHARED, "--help"}:
            wrong.append(text)
    assert wrong == []


@pytest.mark.parametrize("page", PAGES, ids=ids)
def test_every_make_target_exists(page: Path) -> None:
    named = {shown.words[1] for shown in blocks(page) if shown.words[0] == "make"}
    named |= {text.split()[1] for text in mentioned(page) if text.startswith("make ")}
    assert named <= TARGETS


def test_deployments_are_configured() -> None:
    configured = tomllib.loads((ROOT / "samconfig.toml").read_text("utf-8"))
    for page in PAGES:
        for shown in blocks(page):
            if shown.words[:2] == ("sam", "deploy"):
                assert "deploy" in configured[shown.words[shown.words.index("--config-env") + 1]]


@pytest.mark.parametrize("page", PAGES, ids=ids)
def test_every_aws_command_has_its_options(page: Path) -> None:
    for shown in blocks(page):
        if shown.words[0] != "aws":
            continue
        service, operation, *words = shown.words[1:]
        operations = {xform_name(name, "-"): name for name in model(service).operation_names}
        takes = model(service).operation_model(operations[operation]).input_shape
        assert isinstance(takes, StructureShape)
        given = {word.removeprefix("--").removeprefix("no-") for word in words if word.startswith("--")}
        allowed = {xform_name(name, "-") for name in takes.members}
        assert given <= allowed | GLOBAL_OPTIONS | {"cli-binary-format", "cli-read-timeout"}, shown.line


@pytest.mark.parametrize("page", [*PAGES, ROOT / "docs/decisions/README.md"], ids=[*ids, "decisions"])
def test_every_link_leads_somewhere(page: Path) -> None:
    text = page.read_text("utf-8")
    for link in re.findall(r"\]\(([^)\s]+)\)", re.sub(r"```.*?```", "", text, flags=re.DOTALL)):
        if "://" in link:
            continue
        path, _, fragment = link.partition("#")
        target = (page.parent / path).resolve() if path else page
        assert target.exists(), link
        if fragment and target.suffix == ".md":
            assert fragment in {name for _, name in headings(target.read_text("utf-8"))}, link


def test_every_section_of_the_runbook_that_is_named_anywhere_is_there() -> None:
    sections = {name for _, name in headings(RUNBOOK.read_text("utf-8"))}
    folders = ("cli", "functions", "layers/lifeboat/lifeboat", "statemachines")
    files = [ROOT / "template.yaml", *(path for each in folders for path in (ROOT / each).rglob("*.py"))]
    named = {
        name for path in files for name in re.findall(r"docs/runbook\.md#([a-z-]+)", path.read_text("utf-8"))
    }
    assert named <= sections


def test_every_alarm_has_its_section_in_the_runbook() -> None:
    text = RUNBOOK.read_text("utf-8")
    alarms = {name.removesuffix("Alarm") for name in source()["Resources"] if name.endswith("Alarm")}
    assert {name for name in alarms if not re.search(rf"\b{name}\b", text)} == set()


def test_every_parameter_is_on_its_page_with_its_default() -> None:
    rows = re.findall(
        r"^\| ([\w, ]+) \|(.*?)\|", (ROOT / "docs/parameters.md").read_text("utf-8"), re.MULTILINE
    )
    shown: dict[str, str] = {}
    for names, defaults in rows:
        values = [each.strip(" `") for each in defaults.split(",")]
        shown.update(zip(names.split(", "), [*values, "", ""], strict=False))
    for name, parameter in source()["Parameters"].items():
        assert name in shown, name
        assert shown[name] == str(parameter.get("Default", "")).strip(), name


def test_what_the_workflows_take_is_on_its_page() -> None:
    text = (ROOT / "docs/workflow-input.md").read_text("utf-8")
    keys = set(re.findall(r"^\| (\w+) \| `--", text, re.MULTILINE))
    assert keys == IMPORT_EXPECTED.keys()


def test_every_command_has_an_example_that_can_be_typed() -> None:
    found = examples()
    assert {name for name, _ in found} == set(commands())
    for name, words in found:
        assert parse(words[1:]) == name


def test_every_json_block_is_json() -> None:
    for page in PAGES:
        for block in re.findall(r"```json\n(.*?)```", page.read_text("utf-8"), re.DOTALL):
            json.loads(block)
