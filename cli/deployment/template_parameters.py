"""What template.yaml lets its parameters be, so that a value is refused before a deployment refuses it."""

from __future__ import annotations

import re
from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import Any, Final

import yaml

from cli.problems import WrongUse

TEMPLATE: Final = Path(__file__).parents[2] / "template.yaml"


class _Reader(yaml.SafeLoader):
    """Reads a template and leaves CloudFormation's functions (`!Ref` and so on) out."""


_Reader.add_multi_constructor("!", lambda _loader, _suffix, _node: None)


@cache
def parameters() -> Mapping[str, Any]:
    """The template's parameters, by name."""
    found: Mapping[str, Any] = yaml.load(TEMPLATE.read_text("utf-8"), _Reader)["Parameters"]
    return found


def check(name: str, value: str) -> None:
    """Raise WrongUse, with the template's own words, when a parameter may not have this value."""
    rules = parameters()[name]
    allowed = rules.get("AllowedValues")
    fits = (
        (allowed is None or value in [str(each) for each in allowed])
        and len(value) <= rules.get("MaxLength", len(value))
        and len(value) >= rules.get("MinLength", 0)
        and ("AllowedPattern" not in rules or re.fullmatch(rules["AllowedPattern"], value) is not None)
    )
    if not fits:
        raise WrongUse(f"{name} {rules['ConstraintDescription']}", "Give another value.")
