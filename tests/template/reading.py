"""The template as CloudFormation would see it: read, transformed by SAM, and resolved for one stack.

References to resources are left as `<LogicalId>` and `<LogicalId.Attribute>`, so that what points
where can be compared as text.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import boto3
from cfnlint.decode import decode
from samtranslator.parser.parser import Parser
from samtranslator.translator.translator import Translator

ROOT = Path(__file__).parents[2]
TEMPLATE = ROOT / "template.yaml"

ACCOUNT = "111122223333"
REGIONS = {"primary": "us-east-1", "backup": "eu-west-1"}
KEY_ARN = "arn:aws:kms:{region}:444455556666:key/mrk-1234abcd12ab34cd56ef1234567890ab"
EXAMPLES = {
    "primary": {
        "StackRole": "primary",
        "UserPoolId": "us-east-1_AbCdEf123",
        "BackupRegion": REGIONS["backup"],
        "BackupTableName": "backup-table",
    },
    "backup": {
        "StackRole": "backup",
        "BackupRegion": REGIONS["backup"],
        "BackupTableName": "backup-table",
    },
}
"""The parameters without a default, for a stack of each role."""

WITH_ADMIN_API = {"AdminApi": "ON", "LiveSync": "CAPTURE"}
"""What a primary stack needs to have the admin API."""
WITH_STANDBY = {
    "LiveSync": "WARM_STANDBY",
    "StandbyUserPoolId": "eu-west-1_Standby12",
    "BackupTableStreamArn": (
        "arn:aws:dynamodb:eu-west-1:111122223333:table/backup-table/stream/2026-03-01T00:00:00.000"
    ),
}
"""What a backup stack needs to keep a standby pool up to date."""

EVERYTHING = {"primary": WITH_ADMIN_API, "backup": WITH_STANDBY}
"""With these a stack has all that its role can have."""


ARTIFACTS = {"CodeUri", "ContentUri", "DefinitionUri"}

NO_VALUE = object()


@dataclass(frozen=True)
class Stack:
    """One stack: its resources and outputs with conditions applied and functions resolved."""

    role: str
    resources: dict[str, Any]
    outputs: dict[str, Any]

    def of_type(self, kind: str) -> dict[str, Any]:
        """The properties of all resources of one type, by logical id."""
        return {name: each["Properties"] for name, each in self.resources.items() if each["Type"] == kind}


@cache
def source() -> dict[str, Any]:
    """The template as written, functions in their long form."""
    template, problems = decode(str(TEMPLATE))
    assert not problems
    return json.loads(json.dumps(template))  # type: ignore[no-any-return]


def resources_of_type(kind: str) -> dict[str, Any]:
    """The resources of one type as written, by logical id."""
    return {name: each for name, each in source()["Resources"].items() if each["Type"] == kind}


@cache
def transformed() -> dict[str, Any]:
    """The template after the SAM transform, as if its artifacts had been uploaded."""
    template = json.loads(json.dumps(source()))
    for resource in template["Resources"].values():
        for name in ARTIFACTS & resource.get("Properties", {}).keys():
            resource["Properties"][name] = "s3://bucket/key"
    translator = Translator({}, Parser(), boto_session=boto3.Session(region_name=REGIONS["primary"]))
    return translator.translate(template, dict(EXAMPLES["primary"]))  # type: ignore[no-any-return]


def stack(role: str, stack_name: str = "lifeboat", **parameters: str) -> Stack:
    """The stack of this role with these parameters, the others as in EXAMPLES or by default."""
    return _stack(role, stack_name, tuple(sorted(parameters.items())))


@cache
def _stack(role: str, stack_name: str, parameters: tuple[tuple[str, str], ...]) -> Stack:
    template = transformed()
    resolver = Resolver(REGIONS[role], stack_name, EXAMPLES[role] | dict(parameters))
    resources = {
        name: resolver.value(each)
        for name, each in template["Resources"].items()
        if resolver.holds(each.get("Condition"))
    }
    outputs = {
        name: resolver.value(each["Value"])
        for name, each in template["Outputs"].items()
        if resolver.holds(each.get("Condition"))
    }
    return Stack(role, resources, outputs)


def parameter_problem(name: str, value: str) -> str | None:
    """What CloudFormation would object to in this parameter's value; None if nothing."""
    parameter = source()["Parameters"].get(name)
    if parameter is None:
        return f"there is no parameter {name}"
    allowed = [str(each) for each in parameter.get("AllowedValues", [])]
    refused = (
        (allowed and value not in allowed)
        or ("AllowedPattern" in parameter and not re.fullmatch(parameter["AllowedPattern"], value))
        or not parameter.get("MinLength", 0) <= len(value) <= parameter.get("MaxLength", 4096)
    )
    if not refused and parameter["Type"] == "Number":
        number = float(value)
        refused = not parameter.get("MinValue", number) <= number <= parameter.get("MaxValue", number)
    return parameter["ConstraintDescription"] if refused else None


def broken_rules(region: str, parameters: Mapping[str, str]) -> list[str]:
    """The descriptions of the assertions in Rules that do not hold."""
    resolver = Resolver(region, "lifeboat", parameters)
    return [
        assertion["AssertDescription"]
        for rule in source()["Rules"].values()
        if resolver.value(rule["RuleCondition"])
        for assertion in rule["Assertions"]
        if not resolver.value(assertion["Assert"])
    ]


class Resolver:
    """CloudFormation's functions, as far as the template uses them."""

    def __init__(self, region: str, stack_name: str, parameters: Mapping[str, str]) -> None:
        defaults = {name: each.get("Default") for name, each in source()["Parameters"].items()}
        self.names: dict[str, Any] = {
            **{name: str(value) for name, value in defaults.items() if value is not None},
            **parameters,
            "AWS::AccountId": ACCOUNT,
            "AWS::NoValue": NO_VALUE,
            "AWS::Partition": "aws",
            "AWS::Region": region,
            "AWS::StackName": stack_name,
        }

    def holds(self, condition: str | None) -> bool:
        """Whether the named condition holds; having none holds."""
        return condition is None or bool(self.value(source()["Conditions"][condition]))

    def value(self, node: Any) -> Any:
        """The node with every function in it carried out."""
        if isinstance(node, list):
            return [each for each in map(self.value, node) if each is not NO_VALUE]
        if not isinstance(node, dict):
            return node
        if len(node) == 1:
            name, argument = next(iter(node.items()))
            if name == "Ref":
                return self.names.get(argument, f"<{argument}>")
            if name == "Condition" and isinstance(argument, str):
                return self.holds(argument)
            if name.startswith("Fn::"):
                return getattr(self, "_" + name.removeprefix("Fn::").lower())(argument)
        resolved = {name: self.value(each) for name, each in node.items() if name != "Condition"}
        if "Condition" in node and isinstance(node["Condition"], dict):
            resolved["Condition"] = {key: self.value(each) for key, each in node["Condition"].items()}
        return {name: each for name, each in resolved.items() if each is not NO_VALUE}

    def _if(self, argument: Any) -> Any:
        condition, then, otherwise = argument
        return self.value(then if self.holds(condition) else otherwise)

    def _equals(self, argument: Any) -> bool:
        left, right = map(self.value, argument)
        return str(left) == str(right)

    def _not(self, argument: Any) -> bool:
        return not self.value(argument[0])

    def _and(self, argument: Any) -> bool:
        return all(map(self.value, argument))

    def _getatt(self, argument: Any) -> str:
        return f"<{argument if isinstance(argument, str) else '.'.join(argument)}>"

    def _select(self, argument: Any) -> Any:
        index, values = argument
        return self.value(values)[int(index)]

    def _split(self, argument: Any) -> list[str]:
        separator, text = argument
        resolved: str = self.value(text)
        return resolved.split(separator)

    def _sub(self, argument: Any) -> str:
        text, variables = (argument, {}) if isinstance(argument, str) else argument

        def replace(match: re.Match[str]) -> str:
            name = match[1]
            if name in variables:
                return str(self.value(variables[name]))
            return str(self.names.get(name, f"<{name}>"))

        return re.sub(r"\$\{([^!}]+)\}", replace, text)
