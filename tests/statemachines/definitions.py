"""The product's state machines, with what the template and the package say of their surroundings."""

from __future__ import annotations

import re
from functools import cache

from lifeboat.restore.portions import LISTING_WORKERS, SCAN_WORKERS
from tests.statemachines.graph import Machine, Surroundings, read, states
from tests.statemachines.payloads import ROOT, given_by
from tests.template.reading import resources_of_type, source

WORKFLOWS = ("export", "import", "drill")


def text_of(workflow: str) -> str:
    """A state machine's definition as it is written, before substitution."""
    return (ROOT / f"statemachines/{workflow}_workflow.asl.json").read_text("utf-8")


def machine_of(workflow: str) -> Machine:
    """A state machine's definition, a fresh copy each time."""
    return read(text_of(workflow))


def tasks_of(workflow: str) -> dict[str, str]:
    """The function that each Task state invokes."""
    return {
        name: function_named(state["Resource"])
        for name, state in states(machine_of(workflow))
        if state["Type"] == "Task"
    }


def function_named(placeholder: str) -> str:
    """The function behind a placeholder: "${BeginExportFunctionArn}" is begin_export."""
    words = re.findall("[A-Z][a-z]+", placeholder.strip("${}").removesuffix("FunctionArn"))
    return "_".join(words).lower()


@cache
def surroundings() -> Surroundings:
    """What surrounds both state machines."""
    functions = resources_of_type("AWS::Serverless::Function")
    exporters = int(source()["Parameters"]["ExportConcurrency"]["MaxValue"])
    return Surroundings(
        timeouts={f"{name}Arn": int(each["Properties"]["Timeout"]) for name, each in functions.items()},
        answers={f"{name}Arn": given_by(function_named(f"{name}Arn")) for name in functions},
        workers={
            "Export User Portions": exporters,
            "Export Membership Portions": exporters,
            "Retire Portions": exporters,
            "Scan Backup": SCAN_WORKERS,
            "List New Pool": LISTING_WORKERS,
        },
    )
