"""When the next export is due, by the parameter ExportSchedule: rate(…) or cron(…) of EventBridge Scheduler.

Times are UTC, as the schedule has no other time zone
(https://docs.aws.amazon.com/scheduler/latest/UserGuide/schedule-types.html).
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from typing import Final

_UNITS: Final = {"minute": 60, "hour": 3_600, "day": 86_400}
_MONTHS: Final = ("JAN", "FEB", "MAR", "APR", "MAY", "JUN", "JUL", "AUG", "SEP", "OCT", "NOV", "DEC")
_DAYS: Final = ("SUN", "MON", "TUE", "WED", "THU", "FRI", "SAT")
_DAYS_AHEAD: Final = 400
"""So far ahead a date of a cron expression is looked for: more than a year."""


def next_due(schedule: str, after: datetime) -> datetime | None:
    """When the schedule starts the first export after a moment.

    None where that is not known: L, W and # are not worked out, and some expressions never hold again.
    """
    rate = re.fullmatch(r"rate\((\d+) (minute|hour|day)s?\)", schedule)
    if rate:
        return after + timedelta(seconds=int(rate[1]) * _UNITS[rate[2]])
    cron = re.fullmatch(r"cron\((\S+) (\S+) (\S+) (\S+) (\S+) (\S+)\)", schedule)
    if cron is None or re.search("[LW#]", cron[3] + cron[5].replace("WED", "")):
        return None
    return next(_times(list(cron.groups()), after.astimezone(UTC)), None)


def _times(fields: list[str], after: datetime) -> Iterator[datetime]:
    minutes, hours, days, months, weekdays, years = fields
    of_minutes = [number for number in range(60) if _holds(minutes, 0)(number)]
    of_hours = [number for number in range(24) if _holds(hours, 0)(number)]
    in_month, in_year = _holds(months, 1, _MONTHS), _holds(years, 1970)
    on_day, on_weekday = _holds(days, 1), _holds(weekdays, 1, _DAYS)
    first = after.replace(hour=0, minute=0, second=0, microsecond=0)
    for ahead in range(_DAYS_AHEAD):
        day = first + timedelta(days=ahead)
        # Sunday is 1.
        weekday = day.isoweekday() % 7 + 1
        if not (in_year(day.year) and in_month(day.month) and on_day(day.day) and on_weekday(weekday)):
            continue
        for hour in of_hours:
            for minute in of_minutes:
                moment = day.replace(hour=hour, minute=minute)
                if moment > after:
                    yield moment


def _holds(field: str, first: int, names: tuple[str, ...] = ()) -> Callable[[int], bool]:
    """Whether a field of a cron expression holds for a number; the `names` stand for `first` and so on."""

    def number(text: str) -> int:
        return names.index(text) + first if text in names else int(text)

    def one(part: str, value: int) -> bool:
        numbers, _, step = part.partition("/")
        if numbers in ("*", "?"):
            begin, end = first, value
        elif "-" in numbers:
            begin, end = (number(text) for text in numbers.split("-", 1))
        else:
            begin = number(numbers)
            end = value if step else begin
        return begin <= value <= end and (value - begin) % int(step or 1) == 0

    return lambda value: any(one(part, value) for part in field.split(","))
