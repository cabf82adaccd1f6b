"""What the report's page says, section by section; "" for a section that has nothing to say."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from html import escape
from itertools import islice
from typing import Any

from lifeboat.restore.page.charts import THINNEST, Bar, Line, Part, Plot, bars, stacked
from lifeboat.restore.page.tables import CODE, MOST_ROWS, NAME, NUMBER, WORD, Column, Table
from lifeboat.restore.page.words import (
    PHASES,
    THINGS,
    clock,
    duration,
    moment,
    number,
    plural,
    seconds_since,
)

Report = Mapping[str, Any]

FEWEST_SAMPLES = 3
"""A plot of fewer moments would say nothing."""


@dataclass(frozen=True, slots=True)
class Section:
    """A section of the page. `content` is HTML; `count` stands beside the title, here and in the contents."""

    anchor: str
    title: str
    content: str
    count: int | None = None
    tone: str = ""

    @property
    def _count(self) -> str:
        return "" if self.count is None else f' <span class="count {self.tone}">{self.count:,}</span>'

    def html(self) -> str:
        """The section under its heading."""
        title = f"<h2>{escape(self.title)}{self._count}</h2>"
        return f'<section id="{self.anchor}">{title}{self.content}</section>'

    def entry(self) -> str:
        """Its entry in the contents."""
        return f'<li><a href="#{self.anchor}">{escape(self.title)}{self._count}</a></li>'


def succeeded(report: Report) -> bool:
    """Whether everything came back."""
    return bool(report["status"] == "SUCCEEDED")


def heading(report: Report) -> str:
    """The verdict, what it means, and the facts of the run."""
    users = report["totals"]["users"]
    fine = succeeded(report)
    sign, tone = ("✓", "good") if fine else ("✗", "bad")
    verdict = "Everything that can come back has come back." if fine else "Not everything came back."
    restored = f"{users['restored']:,} of {plural(users['in_backup'], 'user')} restored"
    others = [f"{users['failed']:,} failed"] if users["failed"] else []
    others += [plural(users["different"], "differs", "differ")] if users["different"] else []
    facts = [
        ("New pool", report["user_pool_id"]),
        ("Import", report["import_id"]),
        ("From the export", report["export_id"]),
        ("As of", moment(report["as_of"]) if report["as_of"] else "that export"),
        ("Began", moment(report["started_at"])),
        ("Ended", f"{moment(report['ended_at'])}, after {duration(report['duration_seconds'])}"),
    ]
    listed = "".join(f"<div><dt>{name}</dt><dd>{escape(value)}</dd></div>" for name, value in facts)
    return (
        f'<header><p class="product">Cognito Lifeboat · report of an import</p>'
        f'<h1><span class="sign {tone}" aria-hidden="true">{sign}</span> '
        f"Import {escape(report['status'].lower())}</h1>"
        f'<p class="lead {tone}">{verdict}</p><p>{escape(", ".join([restored, *others]))}.</p>'
        f'<dl class="facts">{listed}</dl></header>'
    )


def what_next(report: Report) -> Section:
    """What the operator does now, with the commands."""
    if report.get("drill"):
        steps = list(AFTER_DRILL)
    else:
        steps = _after_success(report) if succeeded(report) else _after_failure(report)
    return Section("next", "What to do now", f"<ol>{''.join(f'<li>{step}</li>' for step in steps)}</ol>")


AFTER_DRILL = (
    "Nothing has to be restored: this was a drill, and its pool is deleted again.",
    "If users failed or differ, mend the causes, which would be there in an outage too, and run "
    "<code>lifeboat drill</code> again.",
)


def _after_failure(report: Report) -> list[str]:
    import_id = escape(report["import_id"])
    return [
        "See below who failed or differs, and why; "
        f"<code>lifeboat failed {import_id}</code> also looks into the dead-letter queues.",
        "Mend the causes.",
        f"Go on where it stopped: <code>lifeboat import --resume {import_id} --wait</code>. "
        "Only what is missing is done.",
    ]


def _after_success(report: Report) -> list[str]:
    return [
        f"Point the application at the pool <code>{escape(report['user_pool_id'])}</code> and its clients; "
        "the map of old and new ones is at the end.",
        'Tell your users that they choose a new password by "Forgot password".',
        "See below what no restore can bring back, and who is concerned.",
    ]


def overview(report: Report) -> Section:
    """The numbers, and one bar of all users."""
    totals, lanes = report["totals"], report["lanes"]
    users, memberships, groups = totals["users"], totals["memberships"], totals["groups"]
    tiles = [
        ("users in the backup", users["in_backup"], ""),
        ("restored", users["restored"], "good"),
        ("failed", users["failed"], "bad"),
        ("different", users["different"], "warn"),
        ("unexpected", users["unexpected"], "warn"),
        ("by import jobs", lanes["csv"], ""),
        ("by the API", lanes["api"], ""),
        ("memberships restored", memberships["restored"], ""),
        ("groups in the backup", groups["in_backup"], ""),
    ]
    if memberships.get("at_sign_in"):
        tiles.append(("memberships left to the sign-in", memberships["at_sign_in"], ""))
    cells = "".join(
        f'<li><b class="{tone if count else ""}">{count:,}</b> {escape(name)}</li>'
        for name, count, tone in tiles
    )
    whole = Bar("Users", _ends(users, users["in_backup"]), _said(users))
    return Section("overview", "At a glance", f'<ul class="tiles">{cells}</ul>{bars([whole])}{LEGEND}')


LEGEND = (
    '<p class="keys"><span class="key good">restored</span><span class="key warn">different</span>'
    '<span class="key bad">failed</span></p>'
)


def _ends(counts: Mapping[str, int], whole: int) -> list[Part]:
    ends = (("restored", "good"), ("different", "warn"), ("failed", "bad"))
    return stacked([(counts[name], tone) for name, tone in ends], whole)


def _said(counts: Mapping[str, int]) -> str:
    said = [f"{counts['restored']:,} restored"]
    said += [f"{counts[name]:,} {name}" for name in ("different", "failed") if counts[name]]
    return ", ".join(said)


def course(report: Report) -> Section | None:
    """When the phases of the run began and how long they took, and how fast the users came."""
    content = _timeline(report) + _plots(report)
    return Section("course", "How it went", content) if content else None


def _timeline(report: Report) -> str:
    phases = report.get("timeline", ())
    ends = [str(each["at"]) for each in phases[1:]] + [str(report["ended_at"])]
    begins = [str(each["at"]) for each in phases]
    seconds = seconds_since(begins[0], [*begins, *ends]) if phases else None
    if seconds is None:
        return ""
    whole = max(seconds[-1], 1e-9)
    done = {rate["phase"]: rate["done"] for rate in report.get("rates", ())}
    rows = []
    for place, phase in enumerate(phases):
        begin, end = seconds[place], seconds[len(phases) + place]
        took = max(0.0, end - begin)
        name = str(phase["phase"])
        said = f"{clock(begins[place])}, {duration(took)}"
        if done.get(name) and name in THINGS:
            said += f", {done[name]:,} {THINGS[name]}"
            said += f", {number(done[name] / took)} a second" if took >= 1 else ""
        length = min(100.0, max(100 * took / whole, THINNEST))
        drawn = Part(min(max(0.0, 100 * begin / whole), 100 - length), length, "plain")
        rows.append(Bar(PHASES.get(name, name), [drawn], said))
    title = 'Phases <span class="dim">(when they began, in UTC, and how long they took)</span>'
    return f"<h3>{title}</h3>{bars(rows, 'timeline')}"


def _plots(report: Report) -> str:
    """The plots of the phase in which users come, and their numbers."""
    rates = [rate for rate in report.get("rates", ()) if rate["phase"] == "USERS"]
    moments = [str(rate["at"]) for rate in rates]
    seconds = seconds_since(moments[0], moments) if len(rates) >= FEWEST_SAMPLES else None
    if seconds is None or seconds[-1] <= 0:
        return ""
    done = [float(rate["done"]) for rate in rates]
    users = [float(rate["per_second"]) for rate in rates]
    updates = [float(rate.get("updates_per_second", 0)) for rate in rates]
    progress = Plot("Users settled", seconds, [Line("users", done, "good", filled=True)])
    pace = Plot(
        "Per second",
        seconds,
        [Line("users", users, "good"), Line("updates", updates, "plain")],
        float(report.get("updates_limit", 0)),
        "what the quota's share allows of updates",
    )
    rows = [
        (duration(at), number(int(of)), number(each), number(update))
        for at, of, each, update in zip(seconds, done, users, updates, strict=True)
    ]
    places = " ".join(f"{at:.1f}" for at in seconds)
    numbers = _plain_table(
        "Users settled, and the pace of the last ten seconds or more",
        ("After", "Users settled", "Users a second", "Updates a second"),
        rows,
    )
    return (
        f'<h3>Pace</h3><p class="dim">A user is settled when nothing more is to be done for them; updates '
        "are memberships, second factors and the like.</p>"
        f'<div class="plots" data-seconds="{places}">{progress.html()}{pace.html()}</div>'
        f"<details><summary>The numbers</summary>{numbers}</details>"
    )


def _plain_table(caption: str, titles: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """A small table of numbers, which needs no tools."""
    head = "".join(f'<th scope="col" class="n">{escape(title)}</th>' for title in titles)
    lines = ("".join(f'<td class="n">{escape(cell)}</td>' for cell in row) for row in rows)
    body = "".join(f"<tr>{line}</tr>" for line in lines)
    return (
        f'<table class="small"><caption>{escape(caption)}</caption>'
        f"<thead><tr>{head}</tr></thead><tbody>{body}</tbody></table>"
    )


def kinds(report: Report) -> Section | None:
    """Users by the status they had, and by the lane they came back by."""
    content = _statuses(report) + _lanes(report)
    return Section("kinds", "Users by kind and lane", content) if content else None


def _statuses(report: Report) -> str:
    counted: Mapping[str, Mapping[str, int]] = report.get("kinds", {})
    if not counted:
        return ""
    federated = report["not_restorable"].get("federated_profiles", {}).get("users", 0)
    whole = max([federated, *(counts["in_backup"] for counts in counted.values())])
    rows = []
    for status, counts in sorted(counted.items(), key=lambda each: -each[1]["in_backup"]):
        said = _said(counts)
        said += f"; {counts['disabled']:,} of them disabled" if counts["disabled"] else ""
        said += f"; {counts['linked']:,} with linked identities" if counts["linked"] else ""
        rows.append(Bar(status or "not known", _ends(counts, whole), said))
    if federated:
        said = f"{federated:,} come back at their first sign-in"
        rows.append(Bar("EXTERNAL_PROVIDER", stacked([(federated, "idle")], whole), said))
    return f"<h3>By status in the backup</h3>{bars(rows)}{LEGEND}"


def _lanes(report: Report) -> str:
    lanes = report["lanes"]
    whole = max(lanes["csv"], lanes["api"], 1)
    rows = [
        Bar(name, stacked([(lanes[lane], "plain")], whole), plural(lanes[lane], "user"))
        for lane, name in (("csv", "Import jobs"), ("api", "API"))
    ]
    why = [
        Bar(reason, stacked([(count, "idle")], whole), number(count))
        for reason, count in lanes["why_api"].items()
    ]
    reasons = f"<h3>Why users went by the API</h3>{bars(why, 'why')}" if why else ""
    return f"<h3>By lane</h3>{bars(rows)}{reasons}"


def listed_subs(report: Report) -> list[tuple[str, str]]:
    """The first of the users who do not come back as they were: what is not restorable, and the sub."""
    every = (
        (str(name), str(sub))
        for name, entry in report["not_restorable"].items()
        for sub in entry.get("subs", ())
    )
    return list(islice(every, MOST_ROWS))


@dataclass(frozen=True, slots=True)
class People:
    """Sections about users. `names` are usernames by sub, where the page is to have them."""

    names: Mapping[str, str] | None = None

    def failed(self, report: Report) -> Section | None:
        """Who failed, and the reasons with how many each has."""
        entries = report["failed"]
        table = self._table(
            "Users who are not in the new pool, by their sub in the backup",
            entries,
            [(Column("Status", WORD), _status), (Column("Reason"), lambda entry: entry["reason"])],
        )
        reasons = Counter(str(entry["reason"]) for entry in entries)
        return _section("failed", "Failed users", entries, _most(reasons) + table, "bad")

    def different(self, report: Report) -> Section | None:
        """Who differs, and in which fields."""
        entries = report["different"]
        table = self._table(
            "Users who are in the new pool, but not as they were, by their sub in the backup",
            entries,
            [
                (Column("Status", WORD), _status),
                (Column("In which fields"), _fields),
                (Column("Reason"), lambda entry: entry["reason"]),
            ],
        )
        fields = Counter(str(field) for entry in entries for field in entry["fields"])
        return _section("different", "Users that differ", entries, _most(fields) + table, "warn")

    def changed_since(self, report: Report) -> Section | None:
        """Who came back by signing in, and was changed since."""
        entries = report.get("changed_since", ())
        table = self._table(
            "Users who came back by signing in; what they changed since is kept",
            entries,
            [(Column("In which fields"), _fields)],
        )
        return _section("changed", "Users who signed in and were changed since", entries, table)

    def not_restorable(self, report: Report) -> Section | None:
        """What no restore can bring back, how many users that concerns, and who they are."""
        found: Mapping[str, Mapping[str, Any]] = report["not_restorable"]
        columns = (Column("What"), Column("Why"), Column("Users", NUMBER))
        rows = [(_words(name), str(entry["why"]), _count(entry["users"])) for name, entry in found.items()]
        table = Table("What a restore leaves out or changes", columns, rows, "kind").html()
        concerned = [{"sub": sub, "what": _words(name)} for name, sub in listed_subs(report)]
        listed = self._table(
            "Users concerned, by their sub in the backup",
            concerned,
            [(Column("What"), lambda entry: entry["what"])],
            sum(len(entry.get("subs", ())) for entry in found.values()),
        )
        who = f"<details><summary>Who they are</summary>{listed}</details>" if concerned else ""
        return _section("not-restorable", "What no restore can bring back", rows, table + who, count=False)

    def _table(
        self,
        caption: str,
        entries: Sequence[Mapping[str, Any]],
        columns: Sequence[tuple[Column, Any]],
        total: int | None = None,
    ) -> str:
        """A table of users; the rest of a row is what each column's function says of an entry."""
        named = [Column("Username", NAME)] if self.names is not None else []
        names = self.names or {}
        rows = [
            (
                str(entry["sub"]),
                *([names.get(str(entry["sub"]), "")] if named else []),
                *(str(said(entry)) for _, said in columns),
            )
            for entry in entries[:MOST_ROWS]
        ]
        titles = (Column("Sub", CODE), *named, *(each for each, _ in columns))
        return Table(caption, titles, rows, "user", len(entries) if total is None else total).html()


def unexpected(report: Report) -> Section | None:
    """Users of the new pool that the backup does not know."""
    subs = report["unexpected"]
    caption, rows = (
        "Users of the new pool that the backup does not know",
        [(str(sub),) for sub in subs[:MOST_ROWS]],
    )
    table = Table(caption, (Column("Sub", CODE),), rows, "user", len(subs))
    return _section("unexpected", "Unexpected users", subs, table.html(), "warn")


def groups(report: Report) -> Section | None:
    """Groups that are not as they were, or that nobody expected."""
    rows = [(str(entry["group"]), ", ".join(entry["fields"])) for entry in report["different_groups"]]
    rows += [(str(name), "not in the backup") for name in report["unexpected_groups"]]
    table = Table("Groups of the new pool", (Column("Group"), Column("In what")), rows, "group")
    return _section("groups", "Groups that differ", rows, table.html(), "warn")


def notes(anchor: str, title: str, said: Sequence[str]) -> Section | None:
    """Warnings and the like."""
    items = "".join(f"<li>{escape(note)}</li>" for note in said)
    return _section(anchor, title, said, f"<ul>{items}</ul>", "warn")


def files(report: Report) -> Section:
    """Where the maps and the full report lie."""
    where = escape(report["maps"])
    return Section(
        "maps",
        "Maps of old and new",
        f"<p>Subs and usernames (users-*.csv) and client ids (clients.csv): <code>{where}</code></p>"
        '<p class="dim">report.json beside this page has every row of every table.</p>',
    )


def _section(
    anchor: str, title: str, rows: Sequence[object], content: str, tone: str = "", *, count: bool = True
) -> Section | None:
    """A section; none without rows."""
    return Section(anchor, title, content, len(rows) if count else None, tone) if rows else None


MOST_REASONS = 12
"""Reasons that are drawn; the table has all."""


def _most(counts: Counter[str]) -> str:
    """The most frequent of some reasons; nothing where there is one only, or each is of one row."""
    if len(counts) < 2 or counts.most_common(1)[0][1] == 1:
        return ""
    whole = max(counts.values())
    rows = [
        Bar(reason or "not known", stacked([(count, "idle")], whole), number(count))
        for reason, count in counts.most_common(MOST_REASONS)
    ]
    return bars(rows, "why")


def _status(entry: Mapping[str, Any]) -> str:
    return str(entry.get("status", ""))


def _fields(entry: Mapping[str, Any]) -> str:
    return ", ".join(entry["fields"])


def _words(name: str) -> str:
    return name.replace("_", " ")


def _count(users: int | str) -> str:
    return f"{users:,}" if isinstance(users, int) else users
