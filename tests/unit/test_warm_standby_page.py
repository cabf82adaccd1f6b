"""What docs/warm-standby.md tells an operator to run exists, and says what the functions say."""

from __future__ import annotations

import json
import re
import shlex
from pathlib import Path

from botocore import xform_name
from botocore.model import StructureShape

from lifeboat.sync.standby.check import MODES
from tests.template.reading import source
from tests.unit.test_federated_users_page import GLOBAL_OPTIONS, model

PAGE = (Path(__file__).parents[2] / "docs/warm-standby.md").read_text("utf-8")
OPTIONS = GLOBAL_OPTIONS | {"cli-binary-format", "cli-read-timeout"}


def commands() -> list[list[str]]:
    blocks = re.findall(r"^ *```sh\n(.*?)^ *```", PAGE, re.MULTILINE | re.DOTALL)
    found = re.findall(r"\baws ((?:.*\\\n)*.*)", "\n".join(blocks))
    return [shlex.split(each.replace("\\\n", " ").replace('")', '"')) for each in found]


def test_the_commands_and_their_options_exist() -> None:
    assert len(commands()) == 8
    for service, operation, *words in commands():
        operations = {xform_name(name, "-"): name for name in model(service).operation_names}
        takes = model(service).operation_model(operations[operation]).input_shape
        assert isinstance(takes, StructureShape)
        given = {word.removeprefix("--").removeprefix("no-") for word in words if word.startswith("--")}
        assert given <= {xform_name(name, "-") for name in takes.members} | OPTIONS
        assert {xform_name(name, "-") for name in takes.required_members} <= given


def test_what_is_sent_is_what_the_functions_take() -> None:
    sent = [json.loads(words[words.index("--payload") + 1]) for words in commands() if "--payload" in words]
    assert [each.keys() for each in sent] == [{"Mode"}, {"StandbyUserPoolId"}]
    assert set(re.findall(r'"Mode": "(\w+)"', PAGE)) <= set(MODES)
    assert re.findall(r"^\| `([A-Z]+)` \|", PAGE, re.MULTILINE) == list(MODES)


def test_names_on_the_page_are_those_of_the_template() -> None:
    template = source()
    outputs = set(re.findall(r"OutputKey=='(\w+)'", PAGE))
    assert len(outputs) == 3
    assert outputs <= template["Outputs"].keys()
    alarms = set(re.findall(r"^\| (Standby\w+) \|", PAGE, re.MULTILINE))
    written = {name.removesuffix("Alarm") for name in template["Resources"] if name.endswith("Alarm")}
    assert alarms == {name for name in written if name.startswith("Standby")}
    parameters = {"LiveSync", "StandbyUserPoolId", "BackupTableStreamArn", "MaxRetirePercent"}
    assert parameters <= template["Parameters"].keys() & set(re.findall(r"\w+", PAGE))


def test_the_metric_of_the_alarm_is_the_one_that_is_written() -> None:
    alarm = source()["Resources"]["StandbyDeletionsHeldAlarm"]["Properties"]
    code = Path(__file__).parents[2] / "layers/lifeboat/lifeboat/sync/standby/records.py"
    assert alarm["MetricName"] == "StandbyHeld"
    assert re.search(r'"Held"', code.read_text("utf-8"))
