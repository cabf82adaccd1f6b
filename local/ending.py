"""How a command that a person has started ends: with an exit status and a reason, not with a stack trace."""

from collections.abc import Callable
from typing import Final

from local.narration import Narrator
from local.processes import EmbeddedAwsError
from local.workflows import WorkflowFailedError

FAILED: Final = 1
INTERRUPTED: Final = 130
"""What a shell reports of a program that Ctrl-C has ended."""


def exit_status(narrator: Narrator, work: Callable[[], int]) -> int:
    """Do a command's work and return its exit status.

    It is what `work` returns, 1 if the embedded AWS or a workflow failed, of which the narrator tells, and
    130 after Ctrl-C.
    """
    try:
        return work()
    except (EmbeddedAwsError, WorkflowFailedError) as error:
        narrator.complain(str(error))
        return FAILED
    except KeyboardInterrupt:
        return INTERRUPTED
