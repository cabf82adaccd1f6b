"""samconfig.toml, edited: the environments `primary` and `backup` change, everything else stays as it is.

Comments and order are kept (tomlkit), because people write in this file and because the embedded AWS's
environments stand in it too.
"""

from __future__ import annotations

import difflib
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import tomlkit
from tomlkit.exceptions import TOMLKitError
from tomlkit.items import Array, Table

from cli.problems import Problem

INDENT: Final = "  "
ALWAYS: Final = {"capabilities": "CAPABILITY_IAM", "resolve_s3": True, "confirm_changeset": True}
"""What `sam deploy` is told where the file does not say otherwise."""


@dataclass(frozen=True, slots=True)
class Wanted:
    """One stack as it is to be deployed: `parameters` are those of the template, by name."""

    environment: str
    stack_name: str
    region: str
    parameters: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Edited:
    """A file before and after."""

    path: Path
    before: str
    after: str

    @property
    def changed(self) -> bool:
        """Whether there is anything to write."""
        return self.before != self.after

    def diff(self) -> str:
        """What would change, as `diff -u` shows it."""
        lines = difflib.unified_diff(
            self.before.splitlines(),
            self.after.splitlines(),
            f"{self.path.name} as it is",
            f"{self.path.name} as it would be",
            lineterm="",
        )
        return "\n".join(lines)

    def write(self) -> None:
        """Write the file, unless somebody has changed it since it was read."""
        if self.path.read_text("utf-8") != self.before:
            raise Problem(f"{self.path} has been changed meanwhile", "Run the command again.")
        self.path.write_text(self.after, "utf-8")


def parameters_of(path: Path, environment: str) -> dict[str, str]:
    """The template's parameters that an environment overrides. Raises Problem if the file cannot be read."""
    try:
        deployed = tomlkit.parse(_read(path)).unwrap()[environment]["deploy"]["parameters"]
        return dict(str(each).split("=", 1) for each in deployed["parameter_overrides"])
    except KeyError:
        return {}
    except (TOMLKitError, TypeError, ValueError):
        raise _unreadable(path) from None


def edited(path: Path, stacks: tuple[Wanted, ...]) -> Edited:
    """The file with these stacks in it; not written yet.

    Parameters that the file has and `stacks` do not name stay. Raises Problem when it cannot be read.
    """
    before = _read(path)
    try:
        document = tomlkit.parse(before)
        for wanted in stacks:
            _enter(document, wanted)
    except (TOMLKitError, TypeError, AttributeError):
        raise _unreadable(path) from None
    return Edited(path, before, tomlkit.dumps(document))


def _read(path: Path) -> str:
    try:
        return path.read_text("utf-8")
    except OSError:
        raise Problem(
            f"there is no {path}",
            "Run the command in the repository's folder, or name the file with --config.",
        ) from None


def _unreadable(path: Path) -> Problem:
    return Problem(f"{path} is not a samconfig.toml that can be read", "Mend it, or restore it.")


def _enter(document: tomlkit.TOMLDocument, wanted: Wanted) -> None:
    environment = _table(document, wanted.environment)
    parameters = _table(_table(environment, "deploy"), "parameters")
    _set(parameters, "stack_name", wanted.stack_name)
    _set(parameters, "region", wanted.region)
    for name, value in ALWAYS.items():
        if name not in parameters:
            parameters[name] = value
    if "parameter_overrides" not in parameters:
        parameters["parameter_overrides"] = tomlkit.array().multiline(True)
    overrides = parameters["parameter_overrides"]
    if not isinstance(overrides, Array):
        raise TypeError
    places = {str(entry).partition("=")[0]: place for place, entry in enumerate(overrides)}
    for name, value in wanted.parameters.items():
        entry = f"{name}={value}"
        if name not in places:
            overrides.add_line(entry, indent=INDENT)
        elif str(overrides[places[name]]) != entry:
            overrides[places[name]] = entry


def _table(parent: tomlkit.TOMLDocument | Table, name: str) -> Table:
    if name not in parent:
        parent[name] = tomlkit.table(is_super_table=name != "parameters")
    found = parent[name]
    if not isinstance(found, Table):
        raise TypeError
    return found


def _set(table: Table, name: str, value: str) -> None:
    if str(table.get(name, "")) != value:
        table[name] = value
