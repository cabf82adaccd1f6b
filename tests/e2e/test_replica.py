"""An export through a pool's replica goes on while the Region of the pool is lost, and is whole."""

from __future__ import annotations

import json

from local.backup_view import backup_snapshot, exactly
from local.comparison import snapshot
from local.people import fill, population
from tests.e2e.world import BACKUP, PRIMARY, LiveWorld, outcome, wait_for

PEOPLE = population(users=40, groups=6, memberships=50, seed=11)
"""Their groups have roles that the world's people have, too."""

LISTINGS = ("DescribeUserPool", "ListGroups", "ListUserPoolClients", "ListUsers", "ListUsersInGroup")


def test_an_export_through_the_replica_is_whole_while_the_region_is_lost(live: LiveWorld) -> None:
    # Given a pool with a replica, and people of whom no event tells
    cognito, pool_id = live.client("cognito-idp", PRIMARY), live.deployment.user_pool_id
    live.front("PUT", "events", {"lose": 1})
    fill(cognito, pool_id, PEOPLE)
    lost = snapshot(cognito, pool_id)
    # When the Region's Cognito is lost, and the pool is exported
    live.region_available(PRIMARY, False)
    live.front("DELETE", "calls")
    result = live.export()
    # Then the replica alone was read, and everybody is in the backup as in the pool
    assert outcome(result) == "SUCCEEDED"
    entry = live.ledger("export", json.loads(result["output"])["ExportId"])
    assert entry["status"] == "COMPLETED"
    assert entry["read_from"] == {"region": BACKUP, "role": "REPLICA"}
    assert {each["region"]: each["role"] for each in entry["replicas"]} == {
        PRIMARY: "PRIMARY",
        BACKUP: "SECONDARY",
    }
    calls = live.front("GET", "calls")
    assert all(calls[BACKUP][name]["calls"] for name in LISTINGS)
    assert set(calls[PRIMARY]) == {"ListGroups"}, "captures are settled with the pool itself"
    assert entry["unsettled"] == "ServiceUnavailable"
    for region in (PRIMARY, BACKUP):
        table = live.client("dynamodb", region)
        wait_for(
            lambda table=table: (
                not any(  # type: ignore[misc]
                    exactly(lost, backup_snapshot(table, live.output("BackupTableName"))).values()
                )
            ),
            f"everybody in {region}",
        )
    # And the configuration came with them
    assert "CONFIG" in {item["sk"] for item in live.items("POOL")}
