"""What holds for every test."""

import gc


def pytest_collection_finish() -> None:
    """Let the garbage collector leave alone what is there to stay: a fifth of the time of the small tests."""
    gc.collect()
    gc.freeze()
