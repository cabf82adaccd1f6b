"""What the embedded AWS counts is what AWS would bill."""

import json
import urllib.request
from collections.abc import Callable
from typing import Any

import pytest

from local.meter import PATH, Reading, difference
from tests.local.standin_application import BACKUP, PRIMARY, Standin
from tests.local.waiting import wait_for


def reading(standin: Standin) -> Reading:
    with urllib.request.urlopen(standin.aws.endpoint_url + PATH) as answer:
        found: Reading = json.load(answer)
    return found


def counted(standin: Standin, act: Callable[[], object]) -> Reading:
    """Everything that was counted while something was done."""
    before = reading(standin)
    act()
    return difference(reading(standin), before)


def item(pk: str, size: int = 10, **attributes: str) -> dict[str, Any]:
    return {
        "pk": {"S": pk},
        "sk": {"S": "x"},
        "data": {"S": "d" * size},
        **{name: {"S": value} for name, value in attributes.items()},
    }


def key(pk: str) -> dict[str, Any]:
    return {"pk": {"S": pk}, "sk": {"S": "x"}}


@pytest.mark.parametrize(("size", "units"), [(10, 1), (900, 1), (1_100, 2), (4_000, 4)])
def test_a_write_is_a_unit_for_each_started_kilobyte_in_each_region(
    standin: Standin, size: int, units: int
) -> None:
    client = standin.client("dynamodb", PRIMARY)
    found = counted(
        standin, lambda: client.put_item(TableName=standin.table, Item=item(f"METER#{size}", size))
    )
    table = found["dynamodb"]
    assert table[PRIMARY] == {"write_units": units, "items_written": 1, "written": {"METER": 1}}
    assert table[BACKUP] == {"replicated_write_units": units}
    assert found["requests"][PRIMARY]["dynamodb"] == {"PutItem": 1}


def test_an_entry_of_an_index_is_a_unit_more_and_a_deletion_is_a_write(standin: Standin) -> None:
    client = standin.client("dynamodb", PRIMARY)
    members = {"member_of": "g", "sub": "meter-1"}

    def write() -> None:
        request = {"PutRequest": {"Item": item("METER#index", 10, **members)}}
        client.batch_write_item(RequestItems={standin.table: [request]})

    assert counted(standin, write)["dynamodb"][PRIMARY]["write_units"] == 2
    # The same once more changes the item, as a put always does, but no entry of the index.
    assert counted(standin, write)["dynamodb"][PRIMARY]["write_units"] == 1
    found = counted(standin, lambda: client.delete_item(TableName=standin.table, Key=key("METER#index")))[
        "dynamodb"
    ]
    assert found[PRIMARY] == {"write_units": 2, "items_deleted": 1, "deleted": {"METER": 1}}


@pytest.mark.parametrize(("consistent", "units"), [(True, 3), (False, 1.5)])
def test_a_read_is_a_unit_for_each_started_four_kilobytes(
    standin: Standin, consistent: bool, units: float
) -> None:
    client = standin.client("dynamodb", PRIMARY)
    client.put_item(TableName=standin.table, Item=item("METER#read", 9_000))

    def get() -> None:
        client.get_item(TableName=standin.table, Key=key("METER#read"), ConsistentRead=consistent)

    def query() -> None:
        client.query(
            TableName=standin.table,
            KeyConditionExpression="pk = :pk",
            ExpressionAttributeValues={":pk": {"S": "METER#read"}},
            ConsistentRead=consistent,
            ProjectionExpression="sk",
        )

    def batch_get() -> None:
        wanted = {"Keys": [key("METER#read")], "ConsistentRead": consistent}
        client.batch_get_item(RequestItems={standin.table: wanted})

    for read in (get, query, batch_get):
        assert counted(standin, read)["dynamodb"] == {PRIMARY: {"read_units": units}}, read.__name__


def test_invocations_are_counted_with_their_memory(standin: Standin) -> None:
    name = standin.deployment.primary.outputs["ProbeFunctionArn"]
    lambda_client = standin.client("lambda", PRIMARY)
    memory = lambda_client.get_function_configuration(FunctionName=name)["MemorySize"]
    lambda_client.invoke(FunctionName=name, Payload=b"{}")
    found = counted(standin, lambda: lambda_client.invoke(FunctionName=name, Payload=b"{}"))
    (function,) = found["functions"][PRIMARY].values()
    assert function["invocations"] == 1
    assert function["gb_seconds"] == pytest.approx(function["seconds"] * memory / 1024)


def test_states_are_counted_as_they_are_entered(standin: Standin) -> None:
    states = standin.client("stepfunctions", PRIMARY)
    branch = {"StartAt": "Inner", "States": {"Inner": {"Type": "Pass", "End": True}}}
    machine = {
        "StartAt": "Outer",
        "States": {
            "Outer": {"Type": "Map", "ItemsPath": "$", "ItemProcessor": branch, "Next": "Last"},
            "Last": {"Type": "Succeed"},
        },
    }
    role = standin.deployment.primary.outputs["WorkflowRoleArn"]
    arn = states.create_state_machine(name="metered", definition=json.dumps(machine), roleArn=role)[
        "stateMachineArn"
    ]

    def run() -> None:
        execution = states.start_execution(stateMachineArn=arn, input="[1, 2, 3]")["executionArn"]
        wait_for(
            lambda: states.describe_execution(executionArn=execution)["status"] == "SUCCEEDED", "its end"
        )

    # Outer, three times Inner, Last, and the end.
    assert counted(standin, run)["states"][PRIMARY]["transitions"] == 6
