"""What a demonstration found, as numbers and as an account for a person."""

from dataclasses import dataclass
from typing import Any, Final

from rich.table import Table

from local.comparison import KINDS, Snapshot, differences
from local.demo_live import LiveOutcome
from local.narration import Narrator
from local.workflows import Run

SHOWN_DIFFERENCES: Final = 10


@dataclass(frozen=True, slots=True)
class Return:
    """The way back: the export of the damage, and what the import as of `moment`, before it, brought back."""

    moment: str
    blanked: Run
    imported: Run
    restored: Snapshot
    messages: int


@dataclass(frozen=True, slots=True)
class Outcome:
    """What the demonstration found."""

    source: Snapshot
    restored: Snapshot
    first: Run
    second: Run
    imported: Run
    messages: int
    back: Return
    live: LiveOutcome

    @property
    def different(self) -> dict[str, list[str]]:
        """Say for each kind what differs, now or gone back, and what was exported other than it was there."""
        found = differences(self.source, self.restored)
        for kind, lines in self.not_back.items():
            found[kind] += [f"as of {self.back.moment}: {line}" for line in lines]
        for kind, count in self.source.counts().items():
            if self.exported[kind] != count:
                found[kind].append(f"{self.exported[kind]} {kind} were exported, but {count} were there")
        return found

    @property
    def not_back(self) -> dict[str, list[str]]:
        """Say for each kind what the import as of the moment before the damage has not brought back."""
        return differences(self.source, self.back.restored)

    @property
    def sent(self) -> int:
        """Count the messages that users were sent by the two imports."""
        return self.messages + self.back.messages

    @property
    def exported(self) -> dict[str, int]:
        """Count what the last export listed, by its ledger."""
        return {kind: int(self.second.ledger["counts"][kind]["listed"]) for kind in KINDS}

    @property
    def written(self) -> dict[str, int]:
        """Count what the second export wrote, left alone and retired."""
        counts = [self.second.ledger["counts"][kind] for kind in KINDS]
        return {
            "written": sum(int(count["added"]) + int(count["changed"]) for count in counts),
            "unchanged": sum(int(count["unchanged"]) for count in counts),
            "retired": sum(int(count["retired"]) for count in counts),
        }

    def document(self) -> dict[str, Any]:
        """Return the content of demo.json; times are seconds."""
        return {
            "exported": self.exported,
            "second_export": self.written,
            "restored": self.restored.counts(),
            "differences": sum(len(each) for each in self.different.values()),
            "export_seconds": round(self.first.seconds, 3),
            "import_seconds": round(self.imported.seconds, 3),
        }

    @property
    def fine(self) -> bool:
        """Whether nothing is lost or different and nobody was sent a message."""
        succeeded = {self.imported.status, self.back.imported.status} == {"SUCCEEDED"}
        return succeeded and not any(self.different.values()) and not self.sent and self.live.fine


def tell(narrator: Narrator, outcome: Outcome) -> None:
    """Print the account: a table, the differences if there are any, times and places."""
    table = Table("", "exported", "restored", "different")
    for column in table.columns[1:]:
        column.justify = "right"
    restored, different = outcome.restored.counts(), outcome.different
    for kind in KINDS:
        colour = "red" if different[kind] else "green"
        table.add_row(
            kind, str(outcome.exported[kind]), str(restored[kind]), f"[{colour}]{len(different[kind])}[/]"
        )
    narrator.console.print(table)
    for line in [line for each in different.values() for line in each][:SHOWN_DIFFERENCES]:
        narrator.complain(line)
    written = outcome.written
    narrator.say(
        f"Second export: {written['written']} items written, {written['retired']} retired, "
        f"{written['unchanged']} unchanged and not written again"
    )
    back = outcome.back
    changed = back.blanked.ledger["counts"]["users"]["changed"]
    narrator.say(
        f"Back in time: the export after the script found {changed} changed users, which no guard can tell "
        f"from a day's work; as of {back.moment}, {len(back.restored.users)} users came back, "
        f"{sum(len(lines) for lines in outcome.not_back.values())} differences"
    )
    live = outcome.live
    narrator.say(
        f"Live: {live.changes} changes were in the backup Region {live.across_seconds:.1f} s later; with "
        f"the Region lost, {live.first} signed in {live.sign_in_seconds:.2f} s after asking, before the "
        "import had reached her; "
        f"then {len(live.restored.users)} users came back, "
        f"{sum(len(lines) for lines in live.different.values())} differences"
    )
    narrator.say(f"Messages sent to users by the imports: {outcome.sent}")
    narrator.say(f"Export {outcome.first.seconds:.1f} s, import {outcome.imported.seconds:.1f} s")
