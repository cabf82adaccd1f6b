"""What docs/on-demand.md tells an operator exists, and attaching a trigger resets nothing of the pool."""

from __future__ import annotations

import json
import re
import shlex
from typing import Any

from botocore import xform_name
from botocore.model import StructureShape
from botocore.validate import ParamValidator

from lifeboat.cognito.triggers import KEPT, PRE_TOKEN_GENERATION, USER_MIGRATION, PoolTriggers
from lifeboat.pacing import Budget
from lifeboat.restore.import_input import ImportInput
from tests.template.reading import ROOT, parameter_problem, source
from tests.unit.test_federated_users_page import GLOBAL_OPTIONS, NOT_GIVEN, described, model

PAGE = (ROOT / "docs/on-demand.md").read_text("utf-8")
MODULES = ("migration.py", "federated.py")


class Cognito:
    """One pool, with every setting that there is."""

    def __init__(self, pool: dict[str, Any]) -> None:
        self.pool = pool
        self.updates: list[dict[str, Any]] = []

    def describe_user_pool(self, **_: Any) -> dict[str, Any]:
        return {"UserPool": self.pool}

    def update_user_pool(self, **given: Any) -> None:
        self.updates.append(given)


def triggers_of(client: Any) -> PoolTriggers:
    return PoolTriggers(client, "eu-west-1_AbCdEf123", Budget(100, 1))


def test_attaching_gives_everything_that_it_would_reset() -> None:
    takes = model("cognito-idp").operation_model("UpdateUserPool").input_shape
    assert isinstance(takes, StructureShape)
    assert set(KEPT) == takes.members.keys() - NOT_GIVEN
    cognito = Cognito(described())
    triggers_of(cognito).change({PRE_TOKEN_GENERATION: "arn:aws:lambda:eu-west-1:1:function:a"}, ())
    [update] = cognito.updates
    assert update.keys() == {*KEPT, "UserPoolId"}
    assert not ParamValidator().validate(update, takes).has_errors()
    for name in update.keys() - {"LambdaConfig", "UserPoolId", "AdminCreateUserConfig"}:
        assert update[name] == cognito.pool[name]


def test_a_pool_with_hardly_a_setting_gets_the_triggers_and_loses_them() -> None:
    unset = {"SmsVerificationMessage": "", "SmsConfiguration": {}, "LambdaConfig": {}}
    cognito = Cognito({"Id": "eu-west-1_AbCdEf123", "Name": "people", **unset})
    triggers_of(cognito).change({USER_MIGRATION: "a", PRE_TOKEN_GENERATION: "b"}, ())
    [update] = cognito.updates
    assert update == {
        "UserPoolId": "eu-west-1_AbCdEf123",
        "LambdaConfig": {
            "UserMigration": "a",
            "PreTokenGenerationConfig": {"LambdaVersion": "V1_0", "LambdaArn": "b"},
        },
    }
    cognito.pool["LambdaConfig"] = update["LambdaConfig"]
    triggers = triggers_of(cognito)
    assert [triggers.function_of(name) for name in (USER_MIGRATION, PRE_TOKEN_GENERATION)] == ["a", "b"]
    triggers.change({}, [USER_MIGRATION, PRE_TOKEN_GENERATION])
    assert cognito.updates[-1]["LambdaConfig"] == {}
    triggers.change({}, [])
    assert len(cognito.updates) == 2, "nothing to change, nothing asked"


def test_inputs_on_the_page_are_taken() -> None:
    inputs = re.findall(r"^```json\n(.*?)^```", PAGE, re.MULTILINE | re.DOTALL)
    assert len(inputs) == 2
    for text in inputs:
        assert ImportInput.model_validate(json.loads(text)).OnDemand


def test_commands_on_the_page_and_their_options_exist() -> None:
    commands = re.findall(r"\baws ((?:.*\\\n)*.*)", PAGE)
    assert len(commands) == 2
    for command in commands:
        words = shlex.split(command.replace("\\\n", " "))
        service, operation = words[:2]
        operations = {xform_name(name, "-"): name for name in model(service).operation_names}
        takes = model(service).operation_model(operations[operation]).input_shape
        assert isinstance(takes, StructureShape)
        given = {word.removeprefix("--").removeprefix("no-") for word in words if word.startswith("--")}
        assert given <= {xform_name(name, "-") for name in takes.members} | GLOBAL_OPTIONS
        assert {xform_name(name, "-") for name in takes.required_members} <= given


def test_names_on_the_page_are_those_of_the_template_and_the_code() -> None:
    folder = ROOT / "layers/lifeboat/lifeboat/restore/on_demand"
    written = "".join((folder / name).read_text("utf-8") for name in MODULES)
    [listed] = re.findall(r"^\| metric .*?\n\n", PAGE, re.MULTILINE | re.DOTALL)
    assert set(re.findall(r"^\| (\w+) \|", listed, re.MULTILINE)) - {"metric"} == set(
        re.findall(r'"(OnDemand\w+)"', written)
    )
    alarms = set(re.findall(r"alarm (OnDemand\w+)", PAGE))
    assert {f"{name}Alarm" for name in alarms} == {"OnDemandFailedAlarm"}
    assert source()["Resources"].keys() >= {f"{name}Alarm" for name in alarms}
    for name in ("MigrateUserFunction", "RestoreFederatedGroupsFunction"):
        assert f"`{name}`" in PAGE
        assert f"{name}Arn" in source()["Outputs"]
    for name in ("PrimaryUserPoolId", "PrimaryAppClientId"):
        assert f"`{name}`" in PAGE
        assert parameter_problem(name, "") is None
    assert parameter_problem("PrimaryAppClientId", "no client") is not None
