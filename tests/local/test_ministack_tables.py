"""What the product relies on in the embedded DynamoDB."""

import json
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest

from local.deployment import PRIMARY as PRIMARY_ENVIRONMENT
from local.deployment import deploy
from tests.local.standin_application import BACKUP, BUILD, PRIMARY, SOURCE, Standin
from tests.local.waiting import wait_for


def put(standin: Standin, region: str, pk: str, sk: str = "x", **attributes: Any) -> None:
    """Write an item of strings."""
    item = {"pk": {"S": pk}, "sk": {"S": sk}, **{name: {"S": value} for name, value in attributes.items()}}
    standin.client("dynamodb", region).put_item(TableName=standin.table, Item=item)


def get(standin: Standin, region: str, pk: str, sk: str = "x") -> dict[str, Any] | None:
    """Read an item."""
    key = {"pk": {"S": pk}, "sk": {"S": sk}}
    found: dict[str, Any] | None = (
        standin.client("dynamodb", region).get_item(TableName=standin.table, Key=key).get("Item")
    )
    return found


@pytest.mark.parametrize(("here", "there"), [(PRIMARY, BACKUP), (BACKUP, PRIMARY)])
def test_items_replicate_both_ways(standin: Standin, here: str, there: str) -> None:
    pk = f"FROM#{here}"
    put(standin, here, pk, note="naïve ✓")
    found = wait_for(lambda: get(standin, there, pk), "the replicated item")
    assert (found or {})["note"] == {"S": "naïve ✓"}
    key = {"pk": {"S": pk}, "sk": {"S": "x"}}
    standin.client("dynamodb", there).delete_item(TableName=standin.table, Key=key)
    wait_for(lambda: get(standin, here, pk) is None, "the replicated deletion")


@pytest.mark.parametrize("region", [PRIMARY, BACKUP])
def test_every_replica_has_what_the_template_says(standin: Standin, region: str) -> None:
    dynamodb = standin.client("dynamodb", region)
    table = dynamodb.describe_table(TableName=standin.table)["Table"]
    assert {replica["RegionName"] for replica in table["Replicas"]} | {region} == {PRIMARY, BACKUP}
    assert table["SSEDescription"]["Status"] == "ENABLED"
    assert table["StreamSpecification"]["StreamViewType"] == "NEW_AND_OLD_IMAGES"
    assert table["DeletionProtectionEnabled"] is (region == PRIMARY)
    expiry = dynamodb.describe_time_to_live(TableName=standin.table)["TimeToLiveDescription"]
    assert expiry == {"TimeToLiveStatus": "ENABLED", "AttributeName": "expires_at"}
    backups = dynamodb.describe_continuous_backups(TableName=standin.table)["ContinuousBackupsDescription"]
    assert backups["PointInTimeRecoveryDescription"]["PointInTimeRecoveryStatus"] == "ENABLED"


@pytest.mark.parametrize("region", [PRIMARY, BACKUP])
def test_the_index_has_the_included_attributes_of_memberships_only(standin: Standin, region: str) -> None:
    put(standin, PRIMARY, "USER#0a", "1", data="no membership")
    put(standin, PRIMARY, "USER#0a", "1#g", member_of="g", sub="1", content_hash="h", data="left out")
    put(standin, PRIMARY, "USER#0b", "2#g", member_of="g", sub="2", content_hash="i", data="left out")
    found = standin.client("dynamodb", region).query(
        TableName=standin.table,
        IndexName="ByGroup",
        KeyConditionExpression="member_of = :g AND #s > :s",
        ExpressionAttributeNames={"#s": "sub"},
        ExpressionAttributeValues={":g": {"S": "g"}, ":s": {"S": "1"}},
    )["Items"]
    assert [set(item) for item in found] == [{"pk", "sk", "member_of", "sub", "content_hash"}]
    assert found[0]["content_hash"] == {"S": "i"}


def test_of_many_conditional_writes_one_wins(standin: Standin) -> None:
    dynamodb = standin.client("dynamodb")

    def take(owner: int) -> bool:
        try:
            dynamodb.put_item(
                TableName=standin.table,
                Item={"pk": {"S": "LOCK"}, "sk": {"S": "race"}, "owner": {"N": str(owner)}},
                ConditionExpression="attribute_not_exists(pk)",
            )
        except dynamodb.exceptions.ConditionalCheckFailedException:
            return False
        return True

    with ThreadPoolExecutor(16) as pool:
        assert sum(pool.map(take, range(64))) == 1


def test_a_query_goes_on_from_page_to_page(standin: Standin) -> None:
    requests = [
        {"PutRequest": {"Item": {"pk": {"S": "PAGES"}, "sk": {"S": f"{n:02}"}, "text": {"S": "x" * 100_000}}}}
        for n in range(25)
    ]
    dynamodb = standin.client("dynamodb")
    for first in range(0, 25, 5):
        assert not dynamodb.batch_write_item(RequestItems={standin.table: requests[first : first + 5]})[
            "UnprocessedItems"
        ]
    pages = list(
        dynamodb.get_paginator("query").paginate(
            TableName=standin.table,
            KeyConditionExpression="pk = :p",
            ExpressionAttributeValues={":p": {"S": "PAGES"}},
        )
    )
    assert len(pages) > 1, "a page is 1 MB at most"
    assert [item["sk"]["S"] for page in pages for item in page["Items"]] == [f"{n:02}" for n in range(25)]


def test_a_replica_goes_with_its_line_in_the_template_and_all_with_the_stack(standin: Standin) -> None:
    stacks = standin.client("cloudformation")
    name = {"StackName": "replicas"}

    def template(*regions: str) -> str:
        properties = {
            "TableName": "replicas",
            "BillingMode": "PAY_PER_REQUEST",
            "AttributeDefinitions": [{"AttributeName": "pk", "AttributeType": "S"}],
            "KeySchema": [{"AttributeName": "pk", "KeyType": "HASH"}],
            "Replicas": [{"Region": region} for region in regions],
        }
        return json.dumps(
            {"Resources": {"T": {"Type": "AWS::DynamoDB::GlobalTable", "Properties": properties}}}
        )

    def exists(region: str) -> bool:
        return "replicas" in standin.client("dynamodb", region).list_tables()["TableNames"]

    stacks.create_stack(**name, TemplateBody=template(PRIMARY, BACKUP))
    stacks.get_waiter("stack_create_complete").wait(**name, WaiterConfig={"Delay": 1})
    assert (exists(PRIMARY), exists(BACKUP)) == (True, True)
    stacks.update_stack(**name, TemplateBody=template(PRIMARY))
    stacks.get_waiter("stack_update_complete").wait(**name, WaiterConfig={"Delay": 1})
    assert (exists(PRIMARY), exists(BACKUP)) == (True, False)
    stacks.update_stack(**name, TemplateBody=template(PRIMARY, BACKUP))
    stacks.get_waiter("stack_update_complete").wait(**name, WaiterConfig={"Delay": 1})
    stacks.delete_stack(**name)
    stacks.get_waiter("stack_delete_complete").wait(**name, WaiterConfig={"Delay": 1})
    assert (exists(PRIMARY), exists(BACKUP)) == (False, False)


def test_an_index_is_added_to_every_replica_and_one_at_a_time(standin: Standin) -> None:
    stacks = standin.client("cloudformation")
    name = {"StackName": "indexes"}

    def template(*indexed: str) -> str:
        properties = {
            "TableName": "indexes",
            "BillingMode": "PAY_PER_REQUEST",
            "AttributeDefinitions": [
                {"AttributeName": each, "AttributeType": "S"} for each in ("pk", *indexed)
            ],
            "KeySchema": [{"AttributeName": "pk", "KeyType": "HASH"}],
            "GlobalSecondaryIndexes": [
                {
                    "IndexName": f"By{each}",
                    "KeySchema": [{"AttributeName": each, "KeyType": "HASH"}],
                    "Projection": {"ProjectionType": "KEYS_ONLY"},
                }
                for each in indexed
            ],
            "Replicas": [{"Region": region} for region in (PRIMARY, BACKUP)],
        }
        return json.dumps(
            {"Resources": {"T": {"Type": "AWS::DynamoDB::GlobalTable", "Properties": properties}}}
        )

    def found(region: str, attribute: str) -> list[str]:
        answer = standin.client("dynamodb", region).query(
            TableName="indexes",
            IndexName=f"By{attribute}",
            KeyConditionExpression="#a = :v",
            ExpressionAttributeNames={"#a": attribute},
            ExpressionAttributeValues={":v": {"S": "x"}},
        )
        return [item["pk"]["S"] for item in answer["Items"]]

    stacks.create_stack(**name, TemplateBody=template())
    stacks.get_waiter("stack_create_complete").wait(**name, WaiterConfig={"Delay": 1})
    put = standin.client("dynamodb").put_item
    put(TableName="indexes", Item={"pk": {"S": "1"}, "email": {"S": "x"}})
    put(TableName="indexes", Item={"pk": {"S": "2"}})
    stacks.update_stack(**name, TemplateBody=template("email"))
    stacks.get_waiter("stack_update_complete").wait(**name, WaiterConfig={"Delay": 1})
    put(TableName="indexes", Item={"pk": {"S": "3"}, "email": {"S": "x"}})
    for region in (PRIMARY, BACKUP):
        assert sorted(found(region, "email")) == ["1", "3"], region
    stacks.update_stack(**name, TemplateBody=template("email", "name", "phone"))

    def status() -> str:
        return str(stacks.describe_stacks(**name)["Stacks"][0]["StackStatus"])

    wait_for(lambda: status() == "UPDATE_ROLLBACK_COMPLETE", "the refusal of two indexes at once")
    stacks.delete_stack(**name)
    stacks.get_waiter("stack_delete_complete").wait(**name, WaiterConfig={"Delay": 1})


def test_deploying_again_changes_nothing_and_keeps_the_items(standin: Standin) -> None:
    put(standin, BACKUP, "KEPT", note="still here")
    overrides = {"BackupTableName": standin.table, "Note": "another"}
    again = deploy(
        standin.aws,
        PRIMARY_ENVIRONMENT,
        overrides=overrides,
        stack_suffix="-one",
        source_dir=SOURCE,
        build_dir=BUILD,
    )
    assert again.outputs == standin.deployment.primary.outputs
    assert get(standin, PRIMARY, "KEPT") is not None
    assert standin.invoke({"do": "look", "for": "new settings"})[1]["environment"]["NOTE"] == "another"
