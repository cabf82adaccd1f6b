"""What an export has listed so far, in its ledger entry."""

from __future__ import annotations

from typing import cast

import pytest

from lifeboat.errors import StoreUnavailable
from lifeboat.export.progress import LISTED_USERS, SHOW_SECONDS, Progress
from lifeboat.store.ledger import Ledger


class Noted:
    def __init__(self) -> None:
        self.added: list[int] = []
        self.lost = False

    def add(self, export_id: str, amounts: dict[str, int]) -> None:
        assert export_id == "e"
        if self.lost:
            raise StoreUnavailable("DynamoDB: UpdateItem: x")
        self.added.append(amounts[LISTED_USERS])


@pytest.fixture
def noted() -> Noted:
    return Noted()


def test_what_is_counted_is_added_now_and_then(noted: Noted) -> None:
    moment = 1_000.0
    progress = Progress(cast(Ledger, noted), "e", LISTED_USERS, lambda: moment)

    progress.count(60)
    for _ in range(3):
        progress.count(60)
    moment += SHOW_SECONDS
    progress.count(60)
    progress.count(7)
    progress.end()
    progress.end()

    assert noted.added == [300, 7]


def test_who_is_soon_done_writes_nothing(noted: Noted) -> None:
    progress = Progress(cast(Ledger, noted), "e", LISTED_USERS, lambda: 1_000.0)

    for _ in range(3):
        progress.count(60)
    progress.end()

    assert noted.added == []


def test_an_export_goes_on_when_its_progress_cannot_be_shown(noted: Noted) -> None:
    noted.lost = True
    moment = 1_000.0
    progress = Progress(cast(Ledger, noted), "e", LISTED_USERS, lambda: moment)

    progress.count(60)
    moment += SHOW_SECONDS
    progress.count(60)

    assert noted.added == []
    noted.lost = False
    progress.count(7)
    progress.end()
    assert noted.added == [7]
