"""What live capture and standby rely on: a replica's stream, transactions, a rule's queue, an API."""

from __future__ import annotations

import json
import urllib.error
import urllib.request
from typing import TYPE_CHECKING, Any

import pytest

from local.meter import PATH
from tests.local.live_application import stream_role, template
from tests.local.standin_application import BACKUP, PRIMARY, Standin
from tests.local.waiting import wait_for

if TYPE_CHECKING:
    from collections.abc import Iterator

PASSWORD = "Correct-horse-1"


class Live:
    """The live application beside the stand-in, in the backup Region, and a pool in each Region."""

    def __init__(self, standin: Standin) -> None:
        self.standin = standin
        self.pools = {region: self._pool(region) for region in (PRIMARY, BACKUP)}
        probe = standin.client("lambda", BACKUP).get_function_configuration(
            FunctionName=standin.deployment.backup.outputs["ProbeFunctionArn"]
        )
        table = standin.client("dynamodb", BACKUP).describe_table(TableName=standin.table)["Table"]
        pool_arns = [
            f"arn:aws:cognito-idp:{region}:000000000000:userpool/{pool}"
            for region, (pool, _) in self.pools.items()
        ]
        self.template = template(
            probe["Role"],
            [layer["Arn"] for layer in probe["Layers"]],
            standin.table,
            table["LatestStreamArn"],
            pool_arns,
        )
        body = self.template
        self.stream_arn = table["LatestStreamArn"]
        stacks = standin.client("cloudformation", BACKUP)
        name = {"StackName": "live"}
        stacks.create_stack(
            **name, TemplateBody=json.dumps(body), Capabilities=["CAPABILITY_IAM", "CAPABILITY_AUTO_EXPAND"]
        )
        stacks.get_waiter("stack_create_complete").wait(**name, WaiterConfig={"Delay": 1})
        outputs = stacks.describe_stacks(**name)["Stacks"][0]["Outputs"]
        self.outputs = {output["OutputKey"]: output["OutputValue"] for output in outputs}

    def _pool(self, region: str) -> tuple[str, str]:
        cognito = self.standin.client("cognito-idp", region)
        pool = cognito.create_user_pool(PoolName="live")["UserPool"]["Id"]
        client = cognito.create_user_pool_client(
            UserPoolId=pool, ClientName="app", ExplicitAuthFlows=["ALLOW_ADMIN_USER_PASSWORD_AUTH"]
        )["UserPoolClient"]["ClientId"]
        return pool, client

    def token(self, region: str) -> str:
        """Return the ID token of a new administrator in a Region's pool."""
        pool, client = self.pools[region]
        cognito, user = self.standin.client("cognito-idp", region), {"UserPoolId": pool, "Username": "ada"}
        cognito.admin_create_user(**user, MessageAction="SUPPRESS")
        cognito.admin_set_user_password(**user, Password=PASSWORD, Permanent=True)
        cognito.create_group(UserPoolId=pool, GroupName="admins")
        cognito.admin_add_user_to_group(**user, GroupName="admins")
        answer = cognito.admin_initiate_auth(
            UserPoolId=pool,
            ClientId=client,
            AuthFlow="ADMIN_USER_PASSWORD_AUTH",
            AuthParameters={"USERNAME": "ada", "PASSWORD": PASSWORD},
        )
        return str(answer["AuthenticationResult"]["IdToken"])

    def put(self, token: str | None, body: Any) -> tuple[int, Any]:
        """Put a user through the API."""
        url = f"{self.standin.aws.endpoint_url}/_aws/execute-api/{self.outputs['ApiId']}/v1/users/u-1"
        headers = {"Content-Type": "application/json"} | ({"Authorization": token} if token else {})
        request = urllib.request.Request(url, json.dumps(body).encode(), headers, method="PUT")
        try:
            with urllib.request.urlopen(request, timeout=20) as answer:
                return answer.status, json.load(answer)
        except urllib.error.HTTPError as error:
            with error:
                return error.code, json.load(error)

    def message(self, output: str) -> dict[str, Any] | None:
        """Receive a message of a queue, if there is one, and delete it."""
        queue = self.outputs[output]
        sqs = self.standin.client("sqs", BACKUP)
        for message in sqs.receive_message(QueueUrl=queue).get("Messages", ()):
            sqs.delete_message(QueueUrl=queue, ReceiptHandle=message["ReceiptHandle"])
            return dict(json.loads(message["Body"]))
        return None

    def write(self, sk: str, n: int, **more: str) -> None:
        """Write a version of an item in the primary Region."""
        item = {"pk": {"S": f"LIVE#{sk}"}, "sk": {"S": sk}, "n": {"N": str(n)}}
        item |= {name: {"S": value} for name, value in more.items()}
        self.standin.client("dynamodb").put_item(TableName=self.standin.table, Item=item)

    def seen(self, sk: str) -> list[int]:
        """Return an item's versions in the order in which the function got them."""
        key = {"pk": {"S": "SEEN"}, "sk": {"S": sk}}
        found = self.standin.client("dynamodb", BACKUP).get_item(
            TableName=self.standin.table, Key=key, ConsistentRead=True
        )
        return [int(each["N"]) for each in found.get("Item", {}).get("seen", {"L": []})["L"]]


@pytest.fixture(scope="module")
def live(standin: Standin) -> Iterator[Live]:
    made = Live(standin)
    yield made
    stacks = standin.client("cloudformation", BACKUP)
    stacks.delete_stack(StackName="live")
    stacks.get_waiter("stack_delete_complete").wait(StackName="live", WaiterConfig={"Delay": 1})


def test_a_replicas_stream_tells_every_version_in_order(live: Live) -> None:
    versions = list(range(30))
    for version in versions:
        for sk in ("ana", "ben", "eva"):
            live.write(sk, version)
    for sk in ("ana", "ben", "eva"):
        wait_for(lambda sk=sk: live.seen(sk) == versions, f"the versions of {sk}")  # type: ignore[misc]


def test_poison_is_told_of_and_passed_over(live: Live) -> None:
    live.write("tom", 1)
    live.write("tom", 2, poison="yes")
    live.write("tom", 3)
    told: Any = wait_for(lambda: live.message("GaveUpQueueUrl"), "the record that was given up")
    assert told["requestContext"]["condition"] == "RetryAttemptsExhausted"
    assert told["DDBStreamBatchInfo"]["batchSize"] == 1
    # What stood before the poison in its batch may come again with half of it.
    wait_for(lambda: list(dict.fromkeys(live.seen("tom"))) == [1, 3], "what follows the poison")
    assert live.message("GaveUpQueueUrl") is None


def test_a_transaction_happens_whole_or_not_at_all(live: Live) -> None:
    dynamodb, table = live.standin.client("dynamodb"), live.standin.table

    def put(sk: str, n: int, condition: str) -> dict[str, Any]:
        item = {"pk": {"S": f"LIVE#{sk}"}, "sk": {"S": sk}, "n": {"N": str(n)}}
        return {"Put": {"TableName": table, "Item": item, "ConditionExpression": condition}}

    def units() -> float:
        with urllib.request.urlopen(f"{live.standin.aws.endpoint_url}{PATH}", timeout=20) as answer:
            counted = json.load(answer)["dynamodb"][PRIMARY]
        return float(counted["write_units"])

    before = units()
    absent = "attribute_not_exists(pk)"
    dynamodb.transact_write_items(TransactItems=[put("ida", 1, absent), put("jan", 1, absent)])
    assert units() - before == 4.0, "a transaction's writes count twice"
    wait_for(lambda: live.seen("ida") == live.seen("jan") == [1], "both in the replica's stream")
    with pytest.raises(dynamodb.exceptions.TransactionCanceledException) as caught:
        dynamodb.transact_write_items(TransactItems=[put("kim", 1, absent), put("ida", 2, absent)])
    reasons = [reason["Code"] for reason in caught.value.response["CancellationReasons"]]
    assert reasons == ["None", "ConditionalCheckFailed"]
    key = {"pk": {"S": "LIVE#kim"}, "sk": {"S": "kim"}}
    assert "Item" not in dynamodb.get_item(TableName=table, Key=key, ConsistentRead=True)


def test_an_event_source_needs_its_roles_rights(live: Live) -> None:
    stacks, name = live.standin.client("cloudformation", BACKUP), {"StackName": "rightless"}
    role = stream_role(live.standin.table, live.stream_arn, "dynamodb:GetRecords")
    resources = {**live.template["Resources"], "StreamRole": {"Type": "AWS::IAM::Role", "Properties": role}}
    kept = {each: resources[each] for each in ("GaveUpQueue", "StreamRole", "StreamFunction")}
    body = {**live.template, "Resources": kept, "Outputs": {}}
    capabilities = ["CAPABILITY_IAM", "CAPABILITY_AUTO_EXPAND"]
    stacks.create_stack(**name, TemplateBody=json.dumps(body), Capabilities=capabilities)

    def reasons() -> list[str]:
        events = stacks.describe_stack_events(**name)["StackEvents"]
        return [event.get("ResourceStatusReason", "") for event in events]

    wait_for(lambda: any("does not allow dynamodb:GetRecords" in each for each in reasons()), "the refusal")
    stacks.delete_stack(**name)
    stacks.get_waiter("stack_delete_complete").wait(**name, WaiterConfig={"Delay": 1})


def test_an_event_of_cognito_reaches_the_rules_queue(live: Live) -> None:
    pool, _ = live.pools[BACKUP]
    cognito = live.standin.client("cognito-idp", BACKUP)
    cognito.admin_create_user(UserPoolId=pool, Username="captured", MessageAction="SUPPRESS")
    cognito.admin_disable_user(UserPoolId=pool, Username="captured")
    user = cognito.admin_get_user(UserPoolId=pool, Username="captured")
    sub = next(item["Value"] for item in user["UserAttributes"] if item["Name"] == "sub")
    event: Any = wait_for(lambda: live.message("ChangesQueueUrl"), "the event")
    assert (event["source"], event["detail"]["eventName"]) == ("aws.cognito-idp", "AdminCreateUser")
    assert event["detail"]["additionalEventData"]["sub"] == sub
    assert live.message("ChangesQueueUrl") is None, "the rule asks for nothing else"
    assert live.message("ShutQueueUrl") is None, "its policy does not let the rule in"


def test_the_api_takes_the_tokens_of_both_regions_and_throttles(live: Live) -> None:
    assert live.put(None, {"email": "a"})[0] == 401
    assert live.put("no.such.token", {"email": "a"})[0] == 401
    tokens = [live.token(region) for region in (PRIMARY, BACKUP)]
    for token in tokens:
        status, answer = live.put(token, {"email": "a"})
        assert (status, answer["user"], answer["groups"]) == (200, "u-1", "[admins]")
        assert json.loads(answer["body"]) == {"email": "a"}
    assert live.put(tokens[0], {"name": "a"}) == (400, {"message": "Invalid request body"})
    statuses = [live.put(tokens[0], {"email": "a"})[0] for _ in range(4)]
    assert statuses == [200, 200, 200, 429]
