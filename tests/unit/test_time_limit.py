"""What takes too long is not waited for."""

from __future__ import annotations

import threading

import pytest

from lifeboat.time_limit import within


def test_what_is_there_in_time_is_answered() -> None:
    assert within(60, lambda: "answer") == "answer"


def test_what_goes_wrong_in_time_is_raised() -> None:
    with pytest.raises(KeyError, match="what"):
        within(60, lambda: {"this": ""}["what"])


def test_what_is_not_there_in_time_is_not_waited_for_and_goes_on_unseen() -> None:
    over, ended = threading.Event(), threading.Event()

    def work() -> None:
        over.wait()
        ended.set()
        raise ValueError

    with pytest.raises(TimeoutError):
        within(0.01, work)
    over.set()
    assert ended.wait(60)
