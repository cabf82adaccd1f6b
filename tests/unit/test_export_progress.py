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
    progress.show()
    progress.show()

    assert noted.added == [60, 240, 7]


def test_an_export_goes_on_when_its_progress_cannot_be_shown(noted: Noted) -> None:
    noted.lost = True
    progress = Progress(cast(Ledger, noted), "e", LISTED_USERS)

    progress.count(60)

    assert noted.added == []
