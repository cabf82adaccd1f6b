"""Capturing a user while the sign-up waits.

A PostConfirmation trigger: Cognito waits 5 s for it, tries it three times, and fails the sign-up if it fails
(https://docs.aws.amazon.com/cognito/latest/developerguide/user-pool-lambda-post-confirmation.html).
So nothing here may raise or take long: what is not captured within a second or so goes to a queue. A capture
that is still underway then may end or not; either does no harm.
"""

from __future__ import annotations

import threading
from collections.abc import Callable
from dataclasses import dataclass

from lifeboat.errors import LifeboatError
from lifeboat.model import Status
from lifeboat.settings import Settings
from lifeboat.telemetry import logger, publish
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
            sub = _sub(event)
            given = self.settings()
            if sub and given.captures_changes and event["userPoolId"] == given.user_pool_id:
                self._take(sub, given.stack_name)
        except Exception as error:
            logger.error("confirmed user not captured", error=type(error).__name__)
        return event

    def _take(self, sub: str, stack_name: str) -> None:
        # A user who is not listed as confirmed yet is looked for again a moment later.
        found = within(CAPTURE_SECONDS, lambda: self.capture(sub))
        if found and found != Status.UNCONFIRMED:
            return
        sent = within(SEND_SECONDS, lambda: self._send(sub))
        if not sent:
            logger.error("confirmed user neither captured nor queued", sub=sub)
        publish(stack_name, {"CaptureRetried": 1 if sent else 0, "CaptureLost": 0 if sent else 1})

    def _send(self, sub: str) -> str:
        self.send(sub)
        return "sent"


def within(seconds: float, work: Callable[[], str]) -> str:
    """What `work` answers within a time; "" if it has not ended by then or has failed."""
    answers: list[str] = []

    def attempt() -> None:
        try:
            answers.append(work())
        except LifeboatError as error:
            logger.warning("capture failed", error=getattr(error, "code", type(error).__name__))
        except Exception as error:
            logger.error("capture failed", error=type(error).__name__)

    thread = threading.Thread(target=attempt, daemon=True)
    thread.start()
    thread.join(seconds)
    return answers[0] if answers else ""


def _sub(event: TriggerEvent) -> str:
    return str(event["request"]["userAttributes"]["sub"])
