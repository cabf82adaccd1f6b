"""When the next export is due, by the schedule's expression."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from cli.status.schedule import next_due

AFTER = datetime(2026, 11, 21, 9, 30, tzinfo=UTC)  # a Saturday


@pytest.mark.parametrize(
    ("schedule", "due"),
    [
        ("rate(1 day)", datetime(2026, 11, 22, 9, 30, tzinfo=UTC)),
        ("rate(6 hours)", datetime(2026, 11, 21, 15, 30, tzinfo=UTC)),
        ("rate(5 minutes)", datetime(2026, 11, 21, 9, 35, tzinfo=UTC)),
        ("cron(0 3 * * ? *)", datetime(2026, 11, 22, 3, 0, tzinfo=UTC)),
        ("cron(30 9 * * ? *)", datetime(2026, 11, 22, 9, 30, tzinfo=UTC)),
        ("cron(0/15 8-10 * * ? *)", datetime(2026, 11, 21, 9, 45, tzinfo=UTC)),
        ("cron(0 */6 * * ? *)", datetime(2026, 11, 21, 12, 0, tzinfo=UTC)),
        ("cron(0 3 ? * MON-FRI *)", datetime(2026, 11, 23, 3, 0, tzinfo=UTC)),
        ("cron(0 3 ? * 1,4 *)", datetime(2026, 11, 22, 3, 0, tzinfo=UTC)),
        ("cron(0 3 ? * WED *)", datetime(2026, 11, 25, 3, 0, tzinfo=UTC)),
        ("cron(0 3 1 JAN,JUL ? *)", datetime(2027, 1, 1, 3, 0, tzinfo=UTC)),
        ("cron(0 3 1 * ? 2027)", datetime(2027, 1, 1, 3, 0, tzinfo=UTC)),
        ("cron(0 3 1 * ? 2025)", None),
        ("cron(0 3 L * ? *)", None),
        ("cron(0 3 ? * 2#1 *)", None),
        ("whenever", None),
    ],
)
def test_the_next_export_is_due(schedule: str, due: datetime | None) -> None:
    assert next_due(schedule, AFTER) == due
