"""What every command gets as `ctx.obj`."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

from cli.connection import Asked, Connection
from cli.terminal.output import Output


@dataclass
class Cockpit:
    """The options all commands share, where a command prints, whom it asks."""

    asked: Asked
    output: Output

    @cached_property
    def connection(self) -> Connection:
        """AWS, or the embedded one; not asked for anything before a command does."""
        return Connection(self.asked)
