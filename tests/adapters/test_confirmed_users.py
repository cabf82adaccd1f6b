"""PostConfirmation: the sign-up goes on, whatever becomes of the capture."""

from __future__ import annotations

import json
import re
import threading
from typing import Any

import pytest

from lifeboat.store.keys import user_key
from lifeboat.sync.capture import assembly as syncing
from tests.adapters.capturing import ANN, confirm, live_items
from tests.adapters.pools import SHARD
from tests.adapters.stack import Stack, bodies, new_process


def test_a_confirmed_user_is_in_the_backup_when_the_sign_up_goes_on(live: Stack) -> None:
    sub = live.source.add("ann", ANN)
    sent = confirm(live.source, sub)
    assert syncing.confirmed_capture().answer(sent) is sent  # type: ignore[arg-type]
    assert live.table.get(user_key(sub)) is not None
    assert bodies(live.capture_retries) == []


@pytest.mark.parametrize("status", ["UNCONFIRMED", ""])
def test_a_user_not_listed_as_confirmed_yet_is_looked_for_later(live: Stack, status: str) -> None:
    sub = live.source.add("ann", ANN, status=status) if status else f"{SHARD}999999"
    syncing.confirmed_capture().answer(confirm(live.source, sub))  # type: ignore[arg-type]
    assert bodies(live.capture_retries) == [json.dumps({"sub": sub}, separators=(",", ":"))]


def test_with_live_sync_off_or_for_another_pool_the_trigger_does_nothing(
    stack: Stack, make_pool: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    sub = stack.source.add("ann", ANN)
    syncing.confirmed_capture().answer(confirm(stack.source, sub))  # type: ignore[arg-type]
    monkeypatch.setenv("LIVE_SYNC", "CAPTURE")
    with new_process():
        syncing.confirmed_capture().answer(confirm(make_pool(), sub))  # type: ignore[arg-type]
    assert live_items(stack.table) == []
    assert bodies(stack.capture_retries) == []


def test_a_sign_up_goes_on_whatever_fails_or_hangs(
    live: Stack, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    sub = live.source.add("ann", ANN)
    monkeypatch.setattr("lifeboat.sync.capture.confirmation.CAPTURE_SECONDS", 0.05)
    monkeypatch.setattr("lifeboat.sync.capture.confirmation.SEND_SECONDS", 0.05)
    never, sent = threading.Event(), confirm(live.source, sub, email="ann@example.com")
    capture = syncing.confirmed_capture()

    def hang(_: str) -> Any:
        never.wait()

    def fail(_: str) -> Any:
        raise RuntimeError("ann@example.com broke it")

    for broken in (hang, fail):
        object.__setattr__(capture, "capture", broken)
        object.__setattr__(capture, "send", broken)
        assert capture.answer(sent) is sent  # type: ignore[arg-type]
    never.set()
    written = capsys.readouterr().out
    assert written.replace(" ", "").count('"CaptureLost":[1') == 2
    assert "example.com" not in written


@pytest.mark.parametrize("broken", ["no event", "no sub", "empty sub", "no thread"])
def test_a_confirmed_user_who_cannot_even_be_looked_for_is_counted_as_lost(
    live: Stack,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    caplog: pytest.LogCaptureFixture,
    broken: str,
) -> None:
    sent: Any = confirm(live.source, live.source.add("ann", ANN), email="ann@example.com")
    if broken == "no event":
        sent = {}
    elif broken == "no sub":
        del sent["request"]["userAttributes"]["sub"]
    elif broken == "empty sub":
        sent["request"]["userAttributes"]["sub"] = ""
    capture = syncing.confirmed_capture()

    def refuse(_: threading.Thread) -> None:
        raise RuntimeError("can't start new thread")

    with monkeypatch.context() as patch:
        if broken == "no thread":
            patch.setattr(threading.Thread, "start", refuse)
        assert capture.answer(sent) is sent
    written = capsys.readouterr().out
    assert '"CaptureLost":[1' in written.replace(" ", "")
    assert re.search("confirmed user (not|neither) captured", caplog.text)
    assert "example.com" not in written + caplog.text


def test_a_metric_that_cannot_be_written_fails_no_sign_up(
    live: Stack, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(*_: Any) -> None:
        raise OSError("no space left on device")

    monkeypatch.setattr("lifeboat.sync.capture.confirmation.publish", refuse)
    sent: Any = confirm(live.source, "")
    assert syncing.confirmed_capture().answer(sent) is sent
