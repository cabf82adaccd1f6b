"""A part of the fidelity matrix, by the same code as `make fidelity`; the page must say what it finds."""

from collections.abc import Mapping, Sequence

import pytest
from rich.console import Console

from local.fidelity.__main__ import PAGE
from local.fidelity.cells import cells_of, document
from local.fidelity.judging import Judgement
from local.fidelity.limits import Verdict
from local.fidelity.pool_kinds import chosen
from local.fidelity.run import Matrix
from local.fidelity.table import page, rows_of
from local.narration import Narrator
from tests.e2e.world import World

KINDS = chosen("email-phone,custom")
"""Generated usernames in a pool of the operator's; every type of attribute in one that the import makes."""

Found = tuple[Mapping[str, Sequence[Judgement]], int]


@pytest.fixture(scope="module")
def found(world: World) -> Found:
    matrix = Matrix(world.aws, Narrator(Console(quiet=True)), stack_suffix="-fidelity")
    return matrix.run(KINDS), matrix.messages


def test_every_difference_is_explained_and_nobody_is_sent_a_message(found: Found) -> None:
    judgements, messages = found

    unexplained = [
        f"{pool}: {judgement.row}: {judgement.who}: {judgement.told}"
        for pool, of_pool in judgements.items()
        for judgement in of_pool
        if judgement.verdict is Verdict.UNEXPLAINED
    ]

    assert unexplained == []
    assert messages == 0
    numbers = document(cells_of(judgements), messages)
    assert numbers["cells"] == sum(numbers[verdict.value] for verdict in Verdict)
    assert numbers["restored"] > numbers["changed"] > numbers["impossible"] > 0


def test_the_page_says_the_same(found: Found) -> None:
    written, ours = rows_of(PAGE.read_text()), rows_of(page(cells_of(found[0]), KINDS))

    columns = [written[""].index(heading) for heading in ours[""]]

    assert {name: [cells[column] for column in columns] for name, cells in written.items()} == ours
