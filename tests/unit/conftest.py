"""What holds for every unit test: no sockets, and hypothesis takes the time it needs."""

import socket
from collections.abc import Iterator
from typing import NoReturn

import pytest
from hypothesis import settings

settings.register_profile("patient", deadline=None, max_examples=50)
settings.load_profile("patient")


@pytest.fixture(scope="module", autouse=True)
def no_sockets() -> Iterator[None]:
    """Turn every connection into a failure that says so."""

    def refuse(*_: object) -> NoReturn:
        raise AssertionError("a unit test may not open a connection")

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(socket.socket, "connect", refuse)
        yield
