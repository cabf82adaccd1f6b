"""The sample events: one for each function, of the shape that the function takes, about nobody."""

from __future__ import annotations

import hashlib
import json
import re
from typing import Any

import pytest
from aws_lambda_powertools.utilities.data_classes import SQSEvent
from pydantic import BaseModel

from lifeboat.export.begin import ExportInput
from lifeboat.restore.import_input import ImportInput
from lifeboat.restore.messages import read_new_user, read_update
from lifeboat.store.ledger import run_id
from tests.statemachines.payloads import FUNCTIONS, ROOT, misfits, taken_by

EVENTS = ROOT / "events"
CONSUMERS = {"create_users": read_new_user, "update_users": read_update}
INPUTS: dict[str, type[BaseModel]] = {"begin_export": ExportInput, "begin_import": ImportInput}


def event_of(function: str) -> Any:
    """A function's sample event."""
    return json.loads((EVENTS / f"{function}.json").read_text("utf-8"))


def test_each_function_has_one_event() -> None:
    assert sorted(path.name for path in EVENTS.iterdir()) == [f"{name}.json" for name in FUNCTIONS]


@pytest.mark.parametrize("function", FUNCTIONS)
def test_event_fits_what_the_function_takes(function: str) -> None:
    assert list(misfits(event_of(function), taken_by(function))) == []


@pytest.mark.parametrize("function", CONSUMERS)
def test_messages_can_be_read_by_their_consumer(function: str) -> None:
    records = list(SQSEvent(event_of(function)).records)
    assert records
    for record in records:
        assert record.event_source == "aws:sqs"
        assert record.attributes.approximate_receive_count == "1"
        assert record.md5_of_body == hashlib.md5(record.body.encode()).hexdigest()
        CONSUMERS[function](record.body)


@pytest.mark.parametrize("function", INPUTS)
def test_input_is_what_an_operator_may_type(function: str) -> None:
    INPUTS[function].model_validate(event_of(function)["Input"])


@pytest.mark.parametrize("workflow", ["export", "import"])
def test_ids_are_those_of_their_execution(workflow: str) -> None:
    """Every event of a workflow belongs to the run that its Begin event starts."""
    begun = event_of(f"begin_{workflow}")
    identifier = run_id(begun["ExecutionId"], begun["StartedAt"])
    runs = [run for name in FUNCTIONS if (run := event_of(name).get("Run"))]
    found = {run[key] for run in runs for key in [f"{workflow.title()}Id"] if key in run}
    assert found == {identifier}
    assert event_of(f"fail_{workflow}")["ExecutionId"] == begun["ExecutionId"]


@pytest.mark.parametrize("function", FUNCTIONS)
def test_event_is_about_nobody(function: str) -> None:
    text = (EVENTS / f"{function}.json").read_text("utf-8")
    assert set(re.findall(r"@[\w.-]+", text)) <= {"@example.com"}
    assert not re.search(r"\+\d{6,}", text), "a phone number"
