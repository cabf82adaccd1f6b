"""`make fidelity`: run the matrix, write docs/fidelity.md, the README's short table and .local/fidelity.json.

Ends with status 1 if a difference is left unexplained or if anybody was sent a message. The page and the
short table are written only by a run of all kinds that ends well; the table of another one lies below .local.
"""

import argparse
import json
import sys
from collections.abc import Mapping, Sequence
from typing import Final

from rich.console import Console

from local.deployment import STATE_DIR
from local.embedded import EmbeddedAws
from local.ending import exit_status
from local.fidelity.cells import cells_of, document
from local.fidelity.judging import Judgement
from local.fidelity.limits import Verdict
from local.fidelity.pool_kinds import POOL_KINDS, PoolKind, chosen
from local.fidelity.run import Matrix
from local.fidelity.short import short, within
from local.fidelity.table import page
from local.narration import Narrator
from local.processes import REPOSITORY

PAGE: Final = REPOSITORY / "docs" / "fidelity.md"
README: Final = REPOSITORY / "README.md"
NUMBERS: Final = STATE_DIR / "fidelity.json"
WORK_DIR: Final = STATE_DIR / "fidelity"
DRAFT: Final = WORK_DIR / "fidelity.md"


def tell(narrator: Narrator, judgements: Mapping[str, Sequence[Judgement]]) -> None:
    """Print every unexplained difference."""
    for pool, found in judgements.items():
        for judgement in found:
            if judgement.verdict is Verdict.UNEXPLAINED:
                narrator.complain(f"{pool}: {judgement.row}: {judgement.who}: {judgement.told}")


def arguments(given: Sequence[str]) -> argparse.Namespace:
    """Read the command line."""
    parser = argparse.ArgumentParser(prog="make fidelity", description=__doc__)
    parser.add_argument("--kinds", default="", help="of pool, comma-separated; all of them if not given")
    return parser.parse_args(given)


def main(given: Sequence[str]) -> int:
    """Run the matrix and return the exit status."""
    narrator = Narrator(Console())
    try:
        kinds = chosen(arguments(given).kinds)
    except ValueError as error:
        narrator.complain(str(error))
        return 2
    return exit_status(narrator, lambda: judge(narrator, kinds))


def judge(narrator: Narrator, kinds: Sequence[PoolKind]) -> int:
    """Run the matrix, tell and write what it finds; return the exit status.

    Raises EmbeddedAwsError and WorkflowFailedError.
    """
    with EmbeddedAws(WORK_DIR, seed=1) as embedded:
        matrix = Matrix(embedded, narrator)
        judgements = matrix.run(kinds)
    cells = cells_of(judgements)
    numbers = document(cells, matrix.messages)
    NUMBERS.write_text(json.dumps(numbers, indent=2) + "\n")
    tell(narrator, judgements)
    narrator.say(", ".join(f"{count} {name.replace('_', ' ')}" for name, count in numbers.items()))
    fine = not numbers["unexplained"] and not numbers["messages_sent"]
    written = PAGE if fine and kinds == POOL_KINDS else DRAFT
    written.write_text(page(cells, kinds))
    if written is PAGE:
        README.write_text(within(README.read_text(), short(PAGE.read_text())))
    narrator.say(f"The table: {written}")
    return 0 if fine else 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
