"""Watch Drill: waits until the drill's import has ended."""

from __future__ import annotations

from typing import TYPE_CHECKING

from lifeboat.drill.assembly import drill_watch
from lifeboat.drill.tasks import Watched, WatchTask
from lifeboat.pacing import Deadline
from lifeboat.telemetry import logger

if TYPE_CHECKING:
    from aws_lambda_powertools.utilities.typing import LambdaContext


@logger.inject_lambda_context
def handler(event: WatchTask, context: LambdaContext) -> Watched:
    """Look again and again until the import has ended, the drill has given way, or time runs short."""
    return drill_watch().watch(event, Deadline(context.get_remaining_time_in_millis))
