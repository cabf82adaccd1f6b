"""An export that reads the pool's replica, while the pool's own Region is there and while it is lost."""

from __future__ import annotations

import json
from typing import Any

import pytest
from moto.cognitoidp.models import cognitoidp_backends
from moto.cognitoidp.responses import CognitoIdpResponse
from moto.core.models import DEFAULT_ACCOUNT_ID
from moto.sns.models import sns_backends

from lifeboat.aws import clients
from lifeboat.errors import CognitoUnavailable, InvalidInput
from lifeboat.settings import settings
from lifeboat.store.items import user_from
from lifeboat.store.keys import user_key
from tests.adapters.exports import UNAVAILABLE
from tests.adapters.pools import failing
from tests.adapters.stack import Export, Stack

FIRST, SECOND = "2026-03-01T12:00:00.000Z", "2026-03-02T12:00:00.000Z"
REPLICA_REGION = "eu-central-1"


def replicas(*lines: dict[str, str]) -> Any:
    """ListUserPoolReplicas, one replica a page."""

    def answer(self: CognitoIdpResponse) -> str:
        place = int(self._get_param("NextToken") or 0)
        more = {"NextToken": str(place + 1)} if place + 1 < len(lines) else {}
        return json.dumps({"UserPoolReplicas": [lines[place]], **more})

    return answer


@pytest.fixture
def replicated(stack: Stack, monkeypatch: pytest.MonkeyPatch) -> Stack:
    """A stack whose pool has a replica, and which exports that."""
    stack.source.add_group("staff")
    stack.source.add("ann", {"email": "ann@example.com"}, ["staff"])
    # moto has no replication: one pool is shown in two Regions.
    pools = cognitoidp_backends[DEFAULT_ACCOUNT_ID]
    pools[REPLICA_REGION].user_pools[stack.source.pool_id] = stack.source.inside
    listed = replicas(
        {"RegionName": "eu-west-1", "Status": "ACTIVE", "Role": "PRIMARY"},
        {"RegionName": REPLICA_REGION, "Status": "ACTIVE", "Role": "SECONDARY"},
    )
    monkeypatch.setattr(CognitoIdpResponse, "list_user_pool_replicas", listed)
    monkeypatch.setenv("EXPORT_FROM", "REPLICA")
    monkeypatch.setenv("REPLICA_REGION", REPLICA_REGION)
    settings.cache_clear()
    return stack


def lose_the_primary(stack: Stack) -> None:
    cognitoidp_backends[DEFAULT_ACCOUNT_ID]["eu-west-1"].user_pools.clear()
    with pytest.raises(stack.source.client.exceptions.ResourceNotFoundException):
        stack.source.client.describe_user_pool(UserPoolId=stack.source.pool_id)


def test_the_replica_is_read_while_the_primary_is_lost(replicated: Stack) -> None:
    sub = next(iter(replicated.source.users().values())).sub
    assert Export(FIRST).run()["Status"] == "COMPLETED"
    ann = replicated.source.inside.users["ann"]
    lose_the_primary(replicated)
    ann.update_attributes([{"Name": "nickname", "Value": "Ann"}])

    export = Export(SECOND)
    assert export.run()["Status"] == "COMPLETED"

    item = replicated.table.get(user_key(sub))
    assert item is not None
    assert user_from(item).attributes["nickname"] == "Ann"
    entry = export.ledger()
    assert entry["read_from"] == {"region": REPLICA_REGION, "role": "REPLICA"}
    assert [(each["region"], each["role"]) for each in entry["replicas"]] == [
        (REPLICA_REGION, "SECONDARY"),
        ("eu-west-1", "PRIMARY"),
    ]
    assert [entry["counts"][kind]["retired"] for kind in ("users", "groups", "memberships")] == [0, 0, 0]


def test_captures_that_cannot_be_settled_are_left_to_the_next_export(
    replicated: Stack, monkeypatch: pytest.MonkeyPatch
) -> None:
    """They are read from the pool itself, whose Region is lost; the export that reads the replica goes on."""
    monkeypatch.setenv("LIVE_SYNC", "CAPTURE")
    settings.cache_clear()
    export = Export(FIRST)
    with failing(clients.cognito(), "ListGroups", UNAVAILABLE):
        assert export.run()["Status"] == "COMPLETED"
    assert export.ledger()["unsettled"] == "InternalErrorException"
    topic = sns_backends[DEFAULT_ACCOUNT_ID]["eu-west-1"].topics[replicated.topic_arn]
    (_, told, *_) = topic.sent_notifications[-1]
    assert "could not be reached (InternalErrorException)" in told
    again = Export(SECOND)
    assert again.run()["Status"] == "COMPLETED"
    assert "unsettled" not in again.ledger()


def test_an_export_of_the_pool_itself_fails_where_captures_cannot_be_settled(
    stack: Stack, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("LIVE_SYNC", "CAPTURE")
    settings.cache_clear()
    export = Export(FIRST)
    export.plan_cleanup()
    with failing(clients.cognito(), "ListGroups", UNAVAILABLE), pytest.raises(CognitoUnavailable):
        export.settle()


def test_a_region_without_a_replica_is_named_and_nothing_is_exported(
    replicated: Stack, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("REPLICA_REGION", "ap-south-1")
    settings.cache_clear()
    pools = cognitoidp_backends[DEFAULT_ACCOUNT_ID]
    pools["ap-south-1"].user_pools[replicated.source.pool_id] = replicated.source.inside
    with pytest.raises(InvalidInput, match=f"ReplicaRegion: .*its replicas are in {REPLICA_REGION}"):
        Export(FIRST).begin()


def test_without_being_asked_for_the_pool_itself_is_read(stack: Stack) -> None:
    assert clients.cognito_in("") is clients.cognito()
    export = Export(FIRST)
    export.begin()
    assert export.ledger()["read_from"] == {"region": "eu-west-1", "role": "PRIMARY"}
    assert export.ledger()["replicas"] == []
