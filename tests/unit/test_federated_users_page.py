"""What docs/federated-users.md tells an operator to run is right, and resets nothing of the pool."""

from __future__ import annotations

import json
import re
import shlex
import subprocess
import sys
from functools import cache
from pathlib import Path
from typing import Any

import pytest
from botocore import xform_name
from botocore.loaders import Loader
from botocore.model import ListShape, MapShape, ServiceModel, Shape, StructureShape
from botocore.validate import ParamValidator

from tests.template.reading import source

PAGE = (Path(__file__).parents[2] / "docs/federated-users.md").read_text("utf-8")
FUNCTION_ARN = "arn:aws:lambda:eu-west-1:111122223333:function:restore"
GLOBAL_OPTIONS = {"region", "query", "output", "cli-input-json"}

# What UpdateUserPool takes and the page does not give: the pool itself, and its name, which it keeps.
NOT_GIVEN = {"UserPoolId", "PoolName"}


@cache
def model(service: str) -> ServiceModel:
    return ServiceModel(Loader().load_service_model(service, "service-2"), service)


def example(shape: Shape) -> Any:
    """A value of a shape with every member there is."""
    if isinstance(shape, StructureShape):
        return {name: example(member) for name, member in shape.members.items()}
    if isinstance(shape, ListShape):
        return [example(shape.member)]
    if isinstance(shape, MapShape):
        return {"key": example(shape.value)}
    if enum := getattr(shape, "enum", None):
        return enum[0]
    text = "text".ljust(shape.metadata.get("min", 0), "t")
    values: dict[str, Any] = {"string": text, "boolean": True, "integer": 7, "long": 7, "timestamp": "2026"}
    return values[shape.type_name]


def described() -> dict[str, Any]:
    """A pool with every setting that DescribeUserPool can show."""
    pool: dict[str, Any] = example(model("cognito-idp").shape_for("UserPoolType"))
    for name in ("PreTokenGeneration", "PreTokenGenerationConfig"):
        pool["LambdaConfig"].pop(name)
    return pool


def run(folder: Path, pool: dict[str, Any], *arguments: str) -> subprocess.CompletedProcess[str]:
    """The page's program, run on a pool."""
    [program] = re.findall(r"<<'END'\n(.*?)^END$", PAGE, re.MULTILINE | re.DOTALL)
    before = folder / "pool-before.json"
    before.write_text(json.dumps({"UserPool": pool}), "utf-8")
    return subprocess.run(
        [sys.executable, "-", str(before), *arguments],
        input=program,
        capture_output=True,
        text=True,
        check=False,
    )


def updated(folder: Path, pool: dict[str, Any], *arguments: str) -> dict[str, Any]:
    done = run(folder, pool, *arguments)
    assert done.returncode == 0, done.stderr
    update: dict[str, Any] = json.loads(done.stdout)
    return update


def test_the_update_gives_everything_that_it_would_reset(tmp_path: Path) -> None:
    update = updated(tmp_path, described(), FUNCTION_ARN)
    takes = model("cognito-idp").operation_model("UpdateUserPool").input_shape
    assert isinstance(takes, StructureShape)
    assert update.keys() == takes.members.keys() - NOT_GIVEN | {"UserPoolId"}
    assert not ParamValidator().validate(update, takes).has_errors()


def test_the_update_changes_the_trigger_and_nothing_else(tmp_path: Path) -> None:
    pool = described()
    update = updated(tmp_path, pool, FUNCTION_ARN)
    trigger = {"LambdaVersion": "V1_0", "LambdaArn": FUNCTION_ARN}
    assert update["LambdaConfig"] == {**pool["LambdaConfig"], "PreTokenGenerationConfig": trigger}
    assert update["UserPoolId"] == pool["Id"]
    pool["AdminCreateUserConfig"].pop("UnusedAccountValidityDays")
    for name in update.keys() - {"LambdaConfig", "UserPoolId"}:
        assert update[name] == pool[name]


def test_a_pool_with_hardly_a_setting_gets_the_trigger(tmp_path: Path) -> None:
    update = updated(tmp_path, {"Id": "eu-west-1_AbCdEf123", "Name": "people"}, FUNCTION_ARN)
    assert update.keys() == {"UserPoolId", "LambdaConfig"}


@pytest.mark.parametrize(
    "trigger",
    [
        {"PreTokenGeneration": "arn:aws:lambda:eu-west-1:111122223333:function:own"},
        {"PreTokenGenerationConfig": {"LambdaVersion": "V2_0", "LambdaArn": "arn"}},
    ],
)
def test_a_trigger_that_is_there_is_not_replaced_but_can_be_detached(
    tmp_path: Path, trigger: dict[str, Any]
) -> None:
    pool = described()
    others = dict(pool["LambdaConfig"])
    pool["LambdaConfig"].update(trigger)
    refused = run(tmp_path, pool, FUNCTION_ARN)
    assert (refused.returncode, refused.stdout) == (1, "")
    assert "already" in refused.stderr
    assert updated(tmp_path, pool)["LambdaConfig"] == others


def test_the_commands_and_their_options_exist() -> None:
    blocks = re.findall(r"^```sh\n(.*?)^```", PAGE, re.MULTILINE | re.DOTALL)
    text = re.sub(r"<<'END'\n.*?^END$", "", "\n".join(blocks), flags=re.MULTILINE | re.DOTALL)
    commands = re.findall(r"\baws ((?:.*\\\n)*.*)", text)
    assert len(commands) == 7
    for command in commands:
        words = shlex.split(command.replace("\\\n", " ").replace('")', '"'))
        service, operation = words[:2]
        operations = {xform_name(name, "-"): name for name in model(service).operation_names}
        takes = model(service).operation_model(operations[operation]).input_shape
        assert isinstance(takes, StructureShape)
        given = {word.removeprefix("--") for word in words if word.startswith("--")}
        assert given <= {xform_name(name, "-") for name in takes.members} | GLOBAL_OPTIONS
        required = {xform_name(name, "-") for name in takes.required_members}
        assert required <= given or "cli-input-json" in given


def test_names_on_the_page_are_those_of_the_template() -> None:
    assert "RestoreFederatedGroupsFunctionArn" in source()["Outputs"]
    [listed] = re.findall(r"^\| metric .*?\n\n", PAGE, re.MULTILINE | re.DOTALL)
    written = (
        Path(__file__).parents[2] / "layers/lifeboat/lifeboat/restore/on_demand/federated.py"
    ).read_text("utf-8")
    metrics = set(re.findall(r'"(Federated\w+)"', written))
    assert set(re.findall(r"^\| (Federated\w+) ", listed, re.MULTILINE)) == metrics
    alarms = set(re.findall(r"alarm (Federated\w+)", PAGE))
    assert {f"{name}Alarm" for name in alarms} <= source()["Resources"].keys()
    assert len(alarms) == 2
