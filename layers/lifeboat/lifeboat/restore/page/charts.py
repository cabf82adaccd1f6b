"""The charts of the report's page: SVG that grows with the page, with every number beside it as text.

Bars are measured in percent, so that they need no script and no size of their own; a plot's coordinates are
stretched to the page while its lines keep their width. No coordinate is anything but a number.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from html import escape
from itertools import accumulate

from lifeboat.restore.page.words import duration, number

THINNEST = 0.6
"""Percent of a bar that can be seen well."""

WIDTH, HEIGHT = 1000, 200
"""The coordinates of a plot."""

PATTERN = (
    '<svg class="defs" width="0" height="0" aria-hidden="true" focusable="false"><defs>'
    '<pattern id="stripes" width="6" height="6" patternUnits="userSpaceOnUse" '
    'patternTransform="rotate(45)"><rect class="stripe" width="3" height="6"></rect></pattern>'
    "</defs></svg>"
)
"""What is laid over the bars of failed users, for whoever cannot tell the colours apart."""


@dataclass(frozen=True, slots=True)
class Part:
    """A part of a bar: where it begins and how long it is, in percent; `tone` is its class."""

    start: float
    length: float
    tone: str


@dataclass(frozen=True, slots=True)
class Bar:
    """A row of a bar chart: name, parts, what is said of it."""

    name: str
    parts: Sequence[Part]
    said: str


def stacked(amounts: Iterable[tuple[int, str]], whole: int) -> list[Part]:
    """Parts side by side, each as long as its share of the whole.

    What there is at all can be seen, at the cost of the longest part.
    """
    some = [(amount, tone) for amount, tone in amounts if amount]
    lengths = [max(100 * amount / max(1, whole), THINNEST) for amount, _ in some]
    if lengths:
        lengths[lengths.index(max(lengths))] -= max(0.0, sum(lengths) - 100)
    starts = accumulate(lengths, initial=0.0)
    return [
        Part(start, length, tone) for start, length, (_, tone) in zip(starts, lengths, some, strict=False)
    ]


def bars(rows: Iterable[Bar], kind: str = "") -> str:
    """A bar chart as a list, which reads as text where nothing is drawn."""
    items = "".join(
        f'<li><span class="of">{escape(row.name)}</span>{_track(row.parts)}'
        f'<span class="said">{escape(row.said)}</span></li>'
        for row in rows
    )
    return f'<ul class="bars {kind}">{items}</ul>'


def _track(parts: Iterable[Part]) -> str:
    drawn = []
    for part in parts:
        place = f'x="{part.start:.2f}%" width="{part.length:.2f}%" height="100%"'
        drawn.append(f'<rect class="{part.tone}" {place}></rect>')
        if part.tone == "bad":
            drawn.append(f'<rect fill="url(#stripes)" {place}></rect>')
    return f'<svg class="track" aria-hidden="true" focusable="false">{"".join(drawn)}</svg>'


@dataclass(frozen=True, slots=True)
class Line:
    """A line of a plot: a value for each moment. `tone` is its class; a filled one reaches down to 0."""

    name: str
    values: Sequence[float]
    tone: str
    filled: bool = False


@dataclass(frozen=True, slots=True)
class Plot:
    """Values over time (seconds from the beginning). `limit` is a level that none should pass; 0 for none."""

    title: str
    seconds: Sequence[float]
    lines: Sequence[Line]
    limit: float = 0.0
    limit_name: str = ""

    def html(self) -> str:
        """The plot with its legend and its axes. Values of a rate hold since the moment before."""
        top = nice(max([self.limit, *(value for line in self.lines for value in line.values)]))
        span = max(self.seconds[-1], 1e-9)
        drawn = [f'<path class="grid" d="M0 {y}H{WIDTH}"></path>' for y in (0, HEIGHT // 2, HEIGHT)]
        for line in self.lines:
            points = self._points(line, span, top)
            if line.filled:
                area = f"M0 {HEIGHT}L{points}L{WIDTH} {HEIGHT}Z"
                drawn.append(f'<path class="area {line.tone}" d="{area}"></path>')
            drawn.append(f'<path class="line {line.tone}" d="M{points}"></path>')
        if self.limit:
            y = _y(self.limit, top)
            drawn.append(f'<path class="limit" d="M0 {y}H{WIDTH}"></path>')
        keys = [f'<span class="key {line.tone}">{escape(line.name)}</span>' for line in self.lines]
        if self.limit:
            keys.append(f'<span class="key limit">{escape(self.limit_name)}</span>')
        scale = "".join(f"<span>{escape(_level(value))}</span>" for value in (top, top / 2, 0))
        times = "".join(f"<span>{escape(duration(span * share))}</span>" for share in (0, 0.5, 1))
        return (
            f'<figure class="plot"><figcaption>{escape(self.title)}'
            f'<span class="keys">{"".join(keys)}</span></figcaption>'
            f'<div class="scale" aria-hidden="true">{scale}</div>'
            f'<svg viewBox="0 0 {WIDTH} {HEIGHT}" preserveAspectRatio="none" role="img">'
            f"<title>{escape(self.title)}</title>{''.join(drawn)}</svg>"
            f'<div class="times" aria-hidden="true">{times}</div></figure>'
        )

    def _points(self, line: Line, span: float, top: float) -> str:
        """A filled line goes from value to value; another one in steps, as rates do."""
        places = [
            (f"{WIDTH * at / span:.1f}", _y(value, top))
            for at, value in zip(self.seconds, line.values, strict=True)
        ]
        if line.filled:
            return "L".join(f"{x} {y}" for x, y in places)
        first, *others = places
        begin = others[0][1] if others else first[1]
        return f"{first[0]} {begin}" + "".join(f"V{y}H{x}" for x, y in others)


def _y(value: float, top: float) -> str:
    return f"{HEIGHT - HEIGHT * value / top:.1f}"


def _level(value: float) -> str:
    return number(int(value)) if value == int(value) else number(value)


def nice(value: float) -> float:
    """A round number that is a little more than a value, to end an axis with, and whose half is round too."""
    if value <= 1:
        return 1.0
    step = 10.0 ** math.floor(math.log10(value))
    factors = (1, 2, 3, 4, 5, 6, 8, 10) if step == 1 else (1, 1.2, 1.5, 2, 2.5, 3, 4, 5, 6, 8, 10)
    return next(step * factor for factor in factors if step * factor >= value)
