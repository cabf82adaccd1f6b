"""A standby pool follows the table's replica, until the application uses it instead of the lost pool."""

import json
from collections.abc import Iterator
from itertools import count
from typing import Any

import pytest

from local.deployment import BACKUP as BACKUP_ENVIRONMENT
from local.deployment import PRIMARY as PRIMARY_ENVIRONMENT
from local.deployment import Stack, deploy
from local.live import reset_and_sign_in
from tests.e2e.world import BACKUP, PRIMARY, World, backed_up, outcome, restorable, seen, wait_for

ALIASES: dict[str, Any] = {"AliasAttributes": ["phone_number"]}
"""A verified number is one user's, as in many pools; email is none, as some usernames look like addresses."""


class Standby:
    """The backup stack with a standby pool, which the stream has not yet told anything."""

    def __init__(self, world: World) -> None:
        self.world = world
        self.pool_id = world.empty_pool(**ALIASES)
        table = world.client("dynamodb").describe_table(TableName=world.output("BackupTableName"))["Table"]
        parameters = {
            "LiveSync": "WARM_STANDBY",
            "StandbyUserPoolId": self.pool_id,
            "BackupTableStreamArn": table["LatestStreamArn"],
            "MaxRetirePercent": "50",
        }
        self.stack: Stack = deploy(world.aws, BACKUP_ENVIRONMENT, overrides=parameters)

    def check(self, mode: str) -> dict[str, Any]:
        """Check Standby until it has come to the end; the sums of its answers."""
        sums: dict[str, Any] = {}
        following = None
        while following != "":
            task = {"Mode": mode, **({"Next": following} if following else {})}
            answer = self.world.client("lambda").invoke(
                FunctionName=self.stack.outputs["CheckStandbyFunctionName"], Payload=json.dumps(task)
            )
            checked = json.loads(answer["Payload"].read())
            assert "FunctionError" not in answer, checked
            following = checked.pop("Next")
            for name in ("Users", "Differing", "Repaired", "Failed"):
                sums[name] = sums.get(name, 0) + checked[name]
        return sums

    def applying(self, enabled: bool) -> None:
        functions = self.world.client("lambda")
        [mapping] = functions.list_event_source_mappings(
            FunctionName=self.stack.outputs["ApplyChangesFunctionName"]
        )["EventSourceMappings"]
        functions.update_event_source_mapping(UUID=mapping["UUID"], Enabled=enabled)

    def sign_in(self, name: str) -> dict[str, Any]:
        """An application's sign-in after "Forgot password"; the tokens. Cognito refuses with an exception."""
        cognito = self.world.client("cognito-idp")
        client: dict[str, Any] = cognito.create_user_pool_client(
            UserPoolId=self.pool_id, ClientName="app", ExplicitAuthFlows=["ALLOW_USER_PASSWORD_AUTH"]
        )["UserPoolClient"]
        tokens: dict[str, Any] = reset_and_sign_in(cognito, client["ClientId"], name)
        return tokens

    def same(self) -> bool:
        lost = self.world.deployment.user_pool_id
        return seen(self.world.snapshot(self.pool_id)) == restorable(
            self.world.snapshot(lost)
        ) and self.world.groups(self.pool_id) == self.world.groups(lost)


@pytest.fixture(scope="module")
def standby(world: World) -> Iterator[Standby]:
    made = Standby(world)
    yield made
    made.applying(enabled=False)


class People:
    """Changes users in every way that an export sees; in the end the pool is as it was before."""

    def __init__(self, world: World) -> None:
        self.world = world
        self.cognito: Any = world.client("cognito-idp", PRIMARY)
        self.pool = {"UserPoolId": world.deployment.user_pool_id}
        self.users: list[str] = []
        self.groups: list[str] = []
        self.numbers = count(1000)

    def add(self, name: str) -> None:
        address = [
            {"Name": "email", "Value": f"{name}@example.com"},
            {"Name": "email_verified", "Value": "true"},
            {"Name": "phone_number", "Value": f"+1555010{next(self.numbers)}"},
            {"Name": "phone_number_verified", "Value": "true"},
        ]
        self.cognito.admin_create_user(
            **self.pool, Username=name, MessageAction="SUPPRESS", UserAttributes=address
        )
        self.users.append(name)

    def change(self, name: str) -> None:
        """Add a user and a group, delete the user added first, change the one added last; export."""
        self.cognito.admin_delete_user(**self.pool, Username=self.users.pop(0))
        changed = {**self.pool, "Username": self.users[-1]}
        note = [{"Name": "custom:note", "Value": name}]
        self.cognito.admin_update_user_attributes(**changed, UserAttributes=note)
        self.cognito.create_group(**self.pool, GroupName=name, Precedence=3)
        self.groups.append(name)
        self.cognito.admin_add_user_to_group(**changed, GroupName=name)
        self.cognito.admin_disable_user(**changed)
        self.add(name)
        assert outcome(self.world.export()) == "SUCCEEDED"

    def exchange_numbers(self) -> None:
        """Give each the verified phone number of the next one; export."""
        users = self.world.snapshot(self.pool["UserPoolId"])
        numbers = [users[name]["attributes"]["phone_number"] for name in self.users]
        for name, number in zip(self.users, numbers[1:] + numbers[:1], strict=True):
            self.cognito.admin_update_user_attributes(
                **self.pool,
                Username=name,
                UserAttributes=[
                    {"Name": "phone_number", "Value": number},
                    {"Name": "phone_number_verified", "Value": "true"},
                ],
            )
        assert outcome(self.world.export()) == "SUCCEEDED"

    def leave(self) -> None:
        for name in self.users:
            self.cognito.admin_delete_user(**self.pool, Username=name)
        for name in self.groups:
            self.cognito.delete_group(**self.pool, GroupName=name)


@pytest.fixture
def people(world: World) -> Iterator[People]:
    made = People(world)
    for name in ("first", "second", "third"):
        made.add(name)
    yield made
    world.region_available(PRIMARY, True)
    made.leave()
    world.export({"AllowMassRetirement": True})


def test_the_standby_pool_follows_and_is_failed_over_to(
    world: World, standby: Standby, people: People
) -> None:
    # Given a pool that follows
    assert outcome(world.export({"AllowMassRetirement": True})) == "SUCCEEDED"
    world.front("DELETE", "messages")
    wait_for(lambda: backed_up(world, BACKUP) == backed_up(world), "the replica")
    assert standby.check("REPAIR")["Failed"] == 0
    wait_for(lambda: not standby.check("COMPARE")["Differing"], "everybody to be applied")
    lost = world.deployment.user_pool_id
    assert seen(world.snapshot(standby.pool_id)) == restorable(world.snapshot(lost))
    assert world.groups(standby.pool_id) == world.groups(lost)
    people.change("newcomer")
    wait_for(standby.same, "the standby pool to follow")

    # When applying is stopped, nothing reaches it
    standby.applying(enabled=False)
    before = world.snapshot(standby.pool_id)
    people.change("latecomer")
    wait_for(lambda: standby.check("COMPARE")["Differing"], "the changes in the replica")
    assert world.snapshot(standby.pool_id) == before

    # And a drill ends where it began: applying goes on where it was
    standby.applying(enabled=True)
    wait_for(standby.same, "the standby pool to catch up")

    # Then the lost Region is not missed, and nobody was sent anything
    world.region_available(PRIMARY, False)
    assert standby.check("LOOK")["Failed"] == 0
    assert world.snapshot(standby.pool_id).keys() >= {"newcomer", "latecomer"}
    assert not sum(world.front("GET", "messages").get(BACKUP, {}).values())
    assert not world.receive_all(standby.stack.outputs["StandbyDeadLetterQueueUrl"])

    # And whoever uses the application chooses a new password, and is signed in
    assert standby.sign_in("latecomer")["AccessToken"]


def test_users_who_exchange_verified_numbers_are_applied_and_repaired(
    world: World, standby: Standby, people: People
) -> None:
    # Given a pool that follows
    standby.applying(enabled=True)
    assert outcome(world.export({"AllowMassRetirement": True})) == "SUCCEEDED"
    wait_for(lambda: backed_up(world, BACKUP) == backed_up(world), "the replica")
    assert standby.check("REPAIR")["Failed"] == 0
    wait_for(standby.same, "the standby pool to follow")
    world.front("DELETE", "messages")

    # When three exchange their numbers, each finds the own one taken; it is applied all the same
    people.exchange_numbers()
    wait_for(standby.same, "the standby pool to follow")

    # And a repair does the same
    standby.applying(enabled=False)
    people.exchange_numbers()
    wait_for(lambda: standby.check("COMPARE")["Differing"] >= len(people.users), "the replica")
    repaired = standby.check("REPAIR")
    assert (repaired["Failed"], repaired["Repaired"]) == (0, repaired["Differing"])
    assert standby.same()
    assert standby.check("COMPARE")["Differing"] == 0

    # Then nobody was sent anything, and nothing was given up
    assert not sum(world.front("GET", "messages").get(BACKUP, {}).values())
    assert not world.receive_all(standby.stack.outputs["StandbyDeadLetterQueueUrl"])
    standby.applying(enabled=True)


def test_the_way_back_is_a_second_pair_of_stacks_the_other_way_round(
    exported: World, standby: Standby
) -> None:
    # Given a standby pool that the application uses, because the first Region is lost
    world = exported
    wait_for(lambda: backed_up(world, BACKUP) == backed_up(world), "the replica")
    assert standby.check("REPAIR")["Failed"] == 0
    standby.applying(enabled=False)
    cognito = world.client("cognito-idp", BACKUP)
    cognito.admin_create_user(UserPoolId=standby.pool_id, Username="since-then", MessageAction="SUPPRESS")
    cognito.admin_set_user_password(
        UserPoolId=standby.pool_id, Username="since-then", Password="Back-to-the-1st!", Permanent=True
    )
    used = world.snapshot(standby.pool_id)

    # When it is exported, and imported into a new pool of the first Region
    common = {"BackupRegion": PRIMARY, "BackupTableName": "lifeboat-local-way-back", "LiveSync": "OFF"}
    pool = {"StackRole": "primary", "UserPoolId": standby.pool_id, "StandbyUserPoolId": ""}
    there = deploy(
        world.aws,
        BACKUP_ENVIRONMENT,
        overrides={**common, **pool, "BackupTableStreamArn": ""},
        stack_suffix="-way-back",
    )
    back = deploy(
        world.aws, PRIMARY_ENVIRONMENT, overrides={**common, "StackRole": "backup"}, stack_suffix="-way-back"
    )
    started = world.client("stepfunctions", BACKUP).start_execution(
        stateMachineArn=there.outputs["ExportWorkflowArn"], input="{}"
    )
    assert outcome(world.result(started["executionArn"])) == "SUCCEEDED"
    latest = {"pk": {"S": "EXPORT"}, "sk": {"S": "LATEST"}}
    table = {"TableName": common["BackupTableName"], "Key": latest}
    wait_for(lambda: world.client("dynamodb", PRIMARY).get_item(**table).get("Item"), "the other replica")
    new_pool = world.empty_pool(PRIMARY, **ALIASES)
    given = json.dumps({"NewUserPoolId": new_pool})
    started = world.client("stepfunctions", PRIMARY).start_execution(
        stateMachineArn=back.outputs["ImportWorkflowArn"], input=given
    )
    assert outcome(world.result(started["executionArn"])) == "SUCCEEDED"

    # Then whoever was there is back, who came since then as well
    assert "since-then" in used
    assert seen(world.snapshot(new_pool)) == restorable(used)
