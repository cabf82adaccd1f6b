"""The admin API over HTTP: tokens of either pool, a change that is in both Regions, and what is refused."""

from typing import Any

import pytest

from local.admin_api import ask, users_url
from tests.e2e.world import BACKUP, PRIMARY, LiveWorld, wait_for

PASSWORD = "Known-2-nobody"


class Api:
    """The deployed API, and an administrator's tokens."""

    def __init__(self, world: LiveWorld) -> None:
        self.world = world
        self.pools = {PRIMARY: world.deployment.user_pool_id, BACKUP: world.standby_pool_id}
        self.url = users_url(world.aws, world.output("AdminApiUrl", PRIMARY))

    def token(self, region: str, username: str, group: str, kind: str = "IdToken") -> str:
        """The token of a new user in a group."""
        cognito = self.world.client("cognito-idp", region)
        pool = {"UserPoolId": self.pools[region]}
        client = cognito.create_user_pool_client(
            **pool, ClientName=username, ExplicitAuthFlows=["ALLOW_ADMIN_USER_PASSWORD_AUTH"]
        )["UserPoolClient"]["ClientId"]
        self.user(region, username)
        cognito.admin_set_user_password(**pool, Username=username, Password=PASSWORD, Permanent=True)
        if not any(each["GroupName"] == group for each in cognito.list_groups(**pool)["Groups"]):
            cognito.create_group(**pool, GroupName=group)
        cognito.admin_add_user_to_group(**pool, Username=username, GroupName=group)
        signed_in = cognito.admin_initiate_auth(
            **pool,
            ClientId=client,
            AuthFlow="ADMIN_USER_PASSWORD_AUTH",
            AuthParameters={"USERNAME": username, "PASSWORD": PASSWORD},
        )
        return str(signed_in["AuthenticationResult"][kind])

    def user(self, region: str, username: str) -> str:
        """A new user's sub."""
        made = self.world.client("cognito-idp", region).admin_create_user(
            UserPoolId=self.pools[region],
            Username=username,
            MessageAction="SUPPRESS",
            UserAttributes=[{"Name": "email", "Value": f"{username}@example.com"}],
        )
        return str(next(each["Value"] for each in made["User"]["Attributes"] if each["Name"] == "sub"))

    def call(self, method: str, path: str, token: str = "", body: Any = None) -> tuple[int, Any]:
        """The status and the document of an answer."""
        return ask(method, f"{self.url}/{path}", token, body)

    def replica(self, sub: str) -> Any:
        """The user's item in the other Region."""
        key = {"pk": {"S": f"USER#{sub[:2]}"}, "sk": {"S": sub}}
        table = self.world.output("BackupTableName")
        return self.world.client("dynamodb", BACKUP).get_item(TableName=table, Key=key).get("Item")


@pytest.fixture(scope="module")
def api(live: LiveWorld) -> Api:
    return Api(live)


def test_a_change_is_in_both_regions_and_its_history_is_shown(api: Api) -> None:
    token = api.token(PRIMARY, "an-administrator", "admins")
    sub = api.user(PRIMARY, "somebody")

    changed = api.call(
        "PUT", sub, token, {"attributes": {"nickname": "Some"}, "enabled": False, "groups": ["admins"]}
    )
    assert changed == (
        200,
        {"userId": sub, "changed": ["enabled", "attributes", "groups"], "backup": "WRITTEN"},
    )
    item = wait_for(lambda: api.replica(sub), "the change in the other Region")
    assert item["attributes"]["M"]["nickname"] == {"S": "Some"}

    assert api.call("DELETE", sub, token)[1]["backup"] == "WRITTEN"
    wait_for(lambda: api.replica(sub) is None, "the deletion in the other Region")

    status, history = api.call("GET", f"{sub}/history", token)
    assert (status, history["present"]) == (200, False)
    assert history["versions"][0]["attributes"]["nickname"] == "Some"
    assert [each["group"] for each in history["memberships"]] == ["admins"]


def test_an_administrator_of_the_standby_pool_is_one(api: Api) -> None:
    token = api.token(BACKUP, "a-standby-administrator", "admins")
    sub = api.user(PRIMARY, "somebody-else")
    assert api.call("PUT", sub, token, {"enabled": True})[0] == 200


def test_others_are_refused_and_fields_are_named(api: Api) -> None:
    sub = api.user(PRIMARY, "a-third")
    member = api.token(PRIMARY, "a-member", "members")
    administrator = api.token(PRIMARY, "another-administrator", "admins")
    assert api.call("PUT", sub, "", {"enabled": False})[0] == 401
    assert api.call("PUT", sub, "not.a.token", {"enabled": False})[0] == 401
    assert api.call("PUT", sub, member, {"enabled": False})[0] == 403
    for body, field in (([], "body"), ({}, "body"), ({"enabled": "no"}, "enabled"), ({"name": "x"}, "name")):
        status, said = api.call("PUT", sub, administrator, body)
        assert (status, said["field"]) == (400, field)
    assert api.call("DELETE", "nobody", administrator)[0] == 404
