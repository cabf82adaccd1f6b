"""The input of the ImportWorkflow, put together from options and checked before anything is asked of AWS."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import wraps
from inspect import Signature, signature
from pathlib import Path
from typing import Annotated, Any, Final

import typer

from cli.problems import WrongUse
from lifeboat.errors import InvalidInput
from lifeboat.operator_input import parse
from lifeboat.restore.import_input import EXPECTED, ImportInput
from lifeboat.restore.moment import moment_asked

OPTIONS: Final[Mapping[str, str]] = {
    "NewUserPoolId": "--pool",
    "CreateUserPool": "--create-pool",
    "Resume": "--resume",
    "AsOf": "--as-of",
    "UserLane": "--lane",
    "ArnMap": "--map",
    "SourceSubAttribute": "--source-sub-attribute",
    "AcceptDifferences": "--accept-differences",
    "OnDemand": "--on-demand",
    "Memberships": "--memberships",
}
"""The option for each key of the input."""

_NAMES: Final = "|".join(OPTIONS)
_RESUMED: Final = re.compile(r'the input \{"Resume": "([^"]+)"\}')
_QUOTED: Final = re.compile(rf'"({_NAMES})"(?:: true)?')
_KEYS: Final = re.compile(rf"\b({_NAMES})\b")


@dataclass(frozen=True, slots=True)
class ImportAsked:
    """What the options of `import` and `preflight` ask for; None is what was not given."""

    pool: Annotated[
        str | None, typer.Option("--pool", help="Id of the empty pool to fill.", show_default=False)
    ] = None
    create_pool: Annotated[
        str | None,
        typer.Option(
            "--create-pool",
            metavar="NAME",
            help="Make the pool, with its clients and settings, from the backup.",
            show_default=False,
        ),
    ] = None
    resume: Annotated[
        str | None,
        typer.Option("--resume", metavar="ID", help="Go on with an earlier import.", show_default=False),
    ] = None
    as_of: Annotated[
        str | None,
        typer.Option(
            "--as-of",
            metavar="MOMENT",
            help="Restore the backup as it was then; ISO 8601 with its zone.",
            show_default=False,
        ),
    ] = None
    lane: Annotated[
        str | None,
        typer.Option(
            "--lane", help="auto, csv (import jobs or nothing) or api; auto if left out.", show_default=False
        ),
    ] = None
    on_demand: Annotated[
        bool, typer.Option("--on-demand", help="Who signs in meanwhile comes back first.")
    ] = False
    memberships: Annotated[
        str | None,
        typer.Option(
            "--memberships",
            help="now, or on-sign-in: groups are given at the first sign-in.",
            show_default=False,
        ),
    ] = None
    accept_differences: Annotated[
        bool,
        typer.Option("--accept-differences", help="Fill a pool that loses settings the backup has."),
    ] = False
    arns: Annotated[
        list[str] | None,
        typer.Option(
            "--map",
            metavar="OLD=NEW",
            help="An ARN of the lost Region and the one that stands for it; as often as needed.",
            show_default=False,
        ),
    ] = None
    arn_file: Annotated[
        Path | None,
        typer.Option(
            "--map-file", help="The same from a file: a JSON object, or lines OLD=NEW.", show_default=False
        ),
    ] = None
    source_sub_attribute: Annotated[
        str | None,
        typer.Option(
            "--source-sub-attribute",
            metavar="NAME",
            help="Custom attribute for the old sub, such as custom:source_sub.",
            show_default=False,
        ),
    ] = None

    def typed(self) -> dict[str, Any]:
        """The workflow's input, valid in itself. Raises WrongUse, naming the option at fault."""
        arn_map = arn_map_of(self.arns or (), self.arn_file)
        given: dict[str, Any] = {
            "NewUserPoolId": self.pool,
            "CreateUserPool": None if self.create_pool is None else {"PoolName": self.create_pool},
            "Resume": self.resume,
            "AsOf": self.as_of,
            "UserLane": None if self.lane is None else self.lane.lower(),
            "ArnMap": arn_map or None,
            "SourceSubAttribute": self.source_sub_attribute,
            "AcceptDifferences": self.accept_differences or None,
            "OnDemand": self.on_demand or None,
            "Memberships": None if self.memberships is None else self.memberships.upper().replace("-", "_"),
        }
        typed = {key: value for key, value in given.items() if value is not None}
        try:
            parse(ImportInput, typed, EXPECTED)
            if self.as_of is not None:
                moment_asked(self.as_of)
        except InvalidInput as error:
            raise WrongUse(in_options(str(error)), "`lifeboat import --help` has examples.") from None
        return typed


def asks_for_import(command: Callable[..., None]) -> Callable[..., None]:
    """Give a command, `(ctx, asked, …)`, the options of ImportAsked before its own; it gets them as one."""
    context, _, *others = signature(command, eval_str=True).parameters.values()
    options = signature(ImportAsked, eval_str=True).parameters

    @wraps(command)
    def run(ctx: typer.Context, **given: Any) -> None:
        asked = ImportAsked(**{name: given.pop(name) for name in options})
        command(ctx, asked, **given)

    parameters = (context, *options.values(), *others)
    run.__annotations__ = {each.name: each.annotation for each in parameters}
    run.__signature__ = Signature(parameters)  # type: ignore[attr-defined]
    return run


def in_options(message: str) -> str:
    """A message about the workflow's input in the words of the command line."""
    message = _RESUMED.sub(r"`lifeboat import --resume \1 --wait`", message)
    message = _QUOTED.sub(lambda found: OPTIONS[found[1]], message)
    return _KEYS.sub(lambda found: OPTIONS[found[1]], message)


def arn_map_of(pairs: Sequence[str], file: Path | None) -> dict[str, str]:
    """ARNs of the lost Region and those that stand for them: of the file, then of the options.

    The file is a JSON object, or has a line OLD=NEW for each. Raises WrongUse.
    """
    found: dict[str, str] = {}
    if file is not None:
        try:
            content = file.read_text(encoding="utf-8")
        except (OSError, UnicodeDecodeError):
            raise WrongUse(f"--map-file: {file} cannot be read", "Give the path of a text file.") from None
        if content.lstrip().startswith("{"):
            found |= _of_json(file, content)
        else:
            lines = (line.strip() for line in content.splitlines())
            found |= dict(_pair("--map-file", line) for line in lines if line and not line.startswith("#"))
    return found | dict(_pair("--map", text) for text in pairs)


def _of_json(file: Path, content: str) -> dict[str, str]:
    try:
        document = json.loads(content)
    except ValueError:
        document = None
    if not isinstance(document, dict) or not all(isinstance(each, str) for each in document.values()):
        raise WrongUse(
            f"--map-file: {file} is no JSON object of ARNs",
            'Write {"arn of the lost Region": "arn that stands for it"}, or a line OLD=NEW for each.',
        )
    return document


def _pair(option: str, text: str) -> tuple[str, str]:
    # An ARN may hold "="; one ends where the next begins.
    old, equals, new = text.partition("=arn:")
    if not equals or not old.startswith("arn:"):
        raise WrongUse(
            f"{option}: expected OLD=NEW, two ARNs",
            "For example --map arn:aws:iam::111122223333:role/a=arn:aws:iam::111122223333:role/b",
        )
    return old, f"arn:{new}"
