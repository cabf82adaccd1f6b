"""A front in a thread of its own, for tests and programs that are not asynchronous."""

import asyncio
import threading
from types import TracebackType

from local.front.hooks import Feature
from local.front.server import Front, FrontOptions


class BackgroundFront:
    """A context manager: the front answers at `url` inside the `with` block."""

    def __init__(self, options: FrontOptions, *features: Feature) -> None:
        self._options = options
        self._features = features
        self._started = threading.Event()
        self._failure: BaseException | None = None
        self._loop: asyncio.AbstractEventLoop | None = None
        self._stop: asyncio.Event | None = None
        self._thread = threading.Thread(target=self._run, name="cognito-front", daemon=True)
        self.url = ""

    def __enter__(self) -> "BackgroundFront":
        self._thread.start()
        self._started.wait()
        if self._failure is not None:
            self._thread.join()
            raise self._failure
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._loop is not None and self._stop is not None:
            self._loop.call_soon_threadsafe(self._stop.set)
        self._thread.join()

    def _run(self) -> None:
        try:
            asyncio.run(self._serve())
        except BaseException as error:
            self._failure = error
        finally:
            self._started.set()

    async def _serve(self) -> None:
        self._loop, self._stop = asyncio.get_running_loop(), asyncio.Event()
        front = Front(self._options, *self._features)
        await front.start()
        self.url = front.url
        self._started.set()
        await self._stop.wait()
        await front.stop()
