"""Capturing a user while the sign-up waits.

A PostConfirmation trigger: Cognito waits 5 s for it, tries it three times, and fails the sign-up if it fails
(https://docs.aws.amazon.com/cognito/latest/developerguide/user-pool-lambda-post-confirmation.html).
So nothing here may raise or take long: what is not captured within a second or so goes to a queue. A capture
that is still underway then may end or not; either does no harm.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from lifeboat.errors import LifeboatError
from lifeboat.model import Status
from lifeboat.settings import Settings
from lifeboat.telemetry import logger, publish
from lifeboat.time_limit import within
from lifeboat.trigger_event import TriggerEvent

CAPTURE_SECONDS = 1.1
SEND_SECONDS = 0.7
"""How long the two attempts may take: together less than two seconds."""


@dataclass(frozen=True, slots=True)
class ConfirmedCapture:
    """Captures a user who has just been confirmed. `capture` gives the status found, `send` takes a retry."""

    settings: Callable[[], Settings]
    capture: Callable[[str], str]
    send: Callable[[str], None]

    def answer(self, event: TriggerEvent) -> TriggerEvent:
        """The event as it came, whatever happens. Never raises."""
        try:
            given = self.settings()
            if given.captures_changes:
                self._take(event, given)
        except Exception as error:
            logger.error("confirmed user not captured", error=type(error).__name__)
        return event

    def _take(self, event: TriggerEvent, given: Settings) -> None:
        lost, retried = True, False
        try:
            if event["userPoolId"] != given.user_pool_id:
                lost = False
                return
            sub = _sub(event)
            # A user who is not listed as confirmed yet is looked for again a moment later.
            found = _in_time(CAPTURE_SECONDS, lambda: self.capture(sub))
            retried = not found or found == Status.UNCONFIRMED
            lost = retried and not _in_time(SEND_SECONDS, lambda: self._send(sub))
            if lost:
                logger.error("confirmed user neither captured nor queued", sub=sub)
        finally:
            # Also where the event names no sub, or there is no thread to be had.
            if lost or retried:
                counts = {"CaptureRetried": 0 if lost else 1, "CaptureLost": 1 if lost else 0}
                publish(given.stack_name, counts)

    def _send(self, sub: str) -> str:
        self.send(sub)
        return "sent"


def _in_time(seconds: float, work: Callable[[], str]) -> str:
    """What `work` answers within a time; "" if it has not ended by then or has failed."""
    try:
        return within(seconds, work)
    except TimeoutError:
        return ""
    except LifeboatError as error:
        logger.warning("capture failed", error=getattr(error, "code", type(error).__name__))
    except Exception as error:
        logger.error("capture failed", error=type(error).__name__)
    return ""


def _sub(event: TriggerEvent) -> str:
    """The sub of the user. Raises KeyError, also for an empty one."""
    sub = str(event["request"]["userAttributes"]["sub"])
    if not sub:
        raise KeyError("sub")
    return sub
