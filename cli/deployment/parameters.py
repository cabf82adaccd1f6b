"""The parameters in force of both stacks, and the differences between them that matter."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Final

from cli.connection import ROLES, Role, Stack

AGREE: Final[Mapping[str, str]] = {
    "BackupTableName": "each stack works on another backup: exports never reach the other Region",
    "BackupRegion": "the primary stack replicates into another Region than the backup stack is in",
    "HistoryDays": "an import goes by its own stack's value, and may promise days that are not kept",
    "ExportSchedule": "`lifeboat status` and the import's warnings go by a schedule that is not in force",
    "LiveSync": "one stack captures changes and the other does not apply them, or the other way round",
}
"""The parameters that must be the same in both stacks, and what follows if they are not."""

OWN: Final = frozenset({"StackRole"})
"""What differs by nature and is told elsewhere."""


def rows(stacks: Mapping[Role, Stack]) -> list[tuple[str, str | None, str | None]]:
    """Every parameter with its value in the primary and in the backup stack; None where there is no such."""
    primary, backup = ((stacks[role].parameters if role in stacks else {}) for role in ROLES)
    names = sorted({*primary, *backup} - OWN)
    return [(name, primary.get(name), backup.get(name)) for name in names]


def differences(stacks: Mapping[Role, Stack]) -> Iterator[str]:
    """The differences that matter, each with what follows."""
    if len(stacks) == 2:
        for name, consequence in AGREE.items():
            here, there = (stacks[role].parameters.get(name) for role in ROLES)
            if here != there:
                yield f"{name} is {here} in the primary and {there} in the backup stack: {consequence}"
    for stack in stacks.values():
        named = stack.parameters.get("BackupRegion")
        if stack.role == "backup" and named and named != stack.region:
            yield f"BackupRegion is {named}, but the backup stack is in {stack.region}: deploy it there"
