"""Where an export reads the pool, and what it says of the pool's replicas."""

from __future__ import annotations

import pytest

from lifeboat.cognito.replicas import PoolReplicas, Replica
from lifeboat.errors import CognitoRefused, InvalidInput
from lifeboat.export.reading_place import ReadingPlace
from lifeboat.restore.preflight import _replica_warnings

HOME, AWAY, ELSEWHERE = "us-east-1", "eu-west-1", "ap-south-1"
PRIMARY = Replica(HOME, "ACTIVE", "PRIMARY")
SECONDARY = Replica(AWAY, "ACTIVE", "SECONDARY")


class Known(PoolReplicas):
    """Replicas that are as they are; None if they cannot be listed."""

    def __init__(self, *replicas: Replica, error: CognitoRefused | None = None) -> None:
        self.pool_id = f"{HOME}_AbCdEf123"
        self._known, self._error = list(replicas), error

    def all(self) -> list[Replica]:
        if self._error is not None:
            raise self._error
        return self._known


def place(export_from: str, region: str, *replicas: Replica) -> ReadingPlace:
    return ReadingPlace(export_from, region, Known(*replicas))


@pytest.mark.parametrize(
    ("export_from", "region", "own"),
    [("PRIMARY", "", HOME), ("REPLICA", AWAY, HOME), ("REPLICA", "", AWAY), ("REPLICA", AWAY, ELSEWHERE)],
)
def test_a_pool_is_read_where_it_can_be(export_from: str, region: str, own: str) -> None:
    place(export_from, region).check(own)


@pytest.mark.parametrize(
    ("export_from", "region", "own", "key"),
    [
        ("PRIMARY", "", AWAY, "UserPoolId"),
        ("REPLICA", "", HOME, "ReplicaRegion"),
        ("REPLICA", HOME, AWAY, "ReplicaRegion"),
    ],
)
def test_what_cannot_be_read_is_named(export_from: str, region: str, own: str, key: str) -> None:
    with pytest.raises(InvalidInput) as caught:
        place(export_from, region).check(own)
    assert caught.value.key == key


def test_the_replicas_are_noted() -> None:
    assert place("PRIMARY", "", PRIMARY, SECONDARY).note(HOME) == {
        "read_from": {"region": HOME, "role": "PRIMARY"},
        "replicas": [
            {"region": HOME, "status": "ACTIVE", "role": "PRIMARY"},
            {"region": AWAY, "status": "ACTIVE", "role": "SECONDARY"},
        ],
    }


@pytest.mark.parametrize("export_from", ["PRIMARY", "REPLICA"])
def test_replicas_that_cannot_be_listed_stop_nothing(export_from: str) -> None:
    refused = Known(error=CognitoRefused("ListUserPoolReplicas", "AccessDeniedException"))
    assert ReadingPlace(export_from, AWAY, refused).note(HOME) == {
        "read_from": {"region": AWAY, "role": export_from},
        "replicas": [],
        "replicas_unlisted": "AccessDeniedException",
    }


@pytest.mark.parametrize(
    ("replicas", "said"),
    [
        ((), "it has none"),
        ((PRIMARY, Replica(ELSEWHERE, "ACTIVE", "SECONDARY")), f"its replicas are in {ELSEWHERE}"),
    ],
)
def test_a_replica_that_is_not_there_is_not_read(replicas: tuple[Replica, ...], said: str) -> None:
    with pytest.raises(InvalidInput, match=f"ReplicaRegion: .* no replica in {AWAY}; {said}"):
        place("REPLICA", AWAY, *replicas).note(HOME)


def test_an_import_tells_of_a_replica_that_serves_users() -> None:
    idle = Replica(ELSEWHERE, "INACTIVE", "SECONDARY")
    lines = [each.line() for each in (PRIMARY, SECONDARY, idle)]
    [warning] = _replica_warnings({"replicas": lines})
    assert f"an active replica in {AWAY}:" in warning
    assert not list(_replica_warnings({"replicas": [PRIMARY.line(), idle.line()]}))
    assert not list(_replica_warnings({}))
