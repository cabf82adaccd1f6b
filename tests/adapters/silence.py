"""Services that do not answer, and functions that do not wait for them."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from typing import Any, TypeVar

import pytest
from botocore.exceptions import ReadTimeoutError

T = TypeVar("T")


@contextmanager
def never_answering(
    client: Any, operation: str, patch: pytest.MonkeyPatch, module: str, in_the_end: bool = False
) -> Iterator[None]:
    """Let an operation wait for the end of the context, and a module's time be over as soon as it waits.

    What waited has ended afterwards: answered `in_the_end`, or not at all.
    """
    waits, over = threading.Event(), threading.Event()

    def wait(params: Mapping[str, Any], **_: Any) -> None:
        waits.set()
        over.wait()
        if not in_the_end:
            raise ReadTimeoutError(endpoint_url="https://example.com")

    def within(seconds: float, work: Callable[[], T]) -> T:
        working = executor.submit(work)
        working.add_done_callback(lambda _: waits.set())
        waits.wait()
        if working.done():
            return working.result()
        raise TimeoutError

    event = f"before-call.{client.meta.service_model.service_id.hyphenize()}.{operation}"
    client.meta.events.register(event, wait)
    with ThreadPoolExecutor() as executor, patch.context() as here:
        here.setattr(f"{module}.within", within)
        try:
            yield
        finally:
            over.set()
    client.meta.events.unregister(event, wait)
