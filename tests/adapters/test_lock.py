"""One execution at a time: of two starts in the same moment exactly one runs."""

from __future__ import annotations

import threading
from concurrent.futures import ThreadPoolExecutor

import pytest

from lifeboat.aws.executions import Executions
from lifeboat.errors import AlreadyRunning
from lifeboat.store.items import Item
from lifeboat.store.lock import Lock, region_of
from lifeboat.store.table import BackupTable


def arn(name: str, region: str = "eu-west-1") -> str:
    return f"arn:aws:states:{region}:123456789012:execution:Export:{name}"


class KnownExecutions(Executions):
    """Step Functions, knowing which executions run. With a barrier, all who ask ask at once."""

    def __init__(self, *running: str, barrier: threading.Barrier | None = None) -> None:
        self.alive = set(running)
        self._barrier = barrier

    def running(self, execution_arn: str) -> bool:
        if self._barrier is not None:
            self._barrier.wait(timeout=30)
        return execution_arn in self.alive


def attempt(lock: Lock, name: str) -> bool:
    """Whether this execution gets the lock."""
    try:
        lock.acquire(arn(name), f"run of {name}")
    except AlreadyRunning:
        return False
    return True


def test_the_first_takes_it_and_the_second_is_told_who_runs(table: BackupTable) -> None:
    lock = Lock(table, KnownExecutions(arn("one")), "export")
    lock.acquire(arn("one"), "run of one")
    with pytest.raises(AlreadyRunning, match=r"the export run of one is running \(execution one\)"):
        lock.acquire(arn("two"), "run of two")
    assert lock.holder(arn("two")) == (arn("one"), "run of one")


def test_the_same_execution_may_take_it_twice(table: BackupTable) -> None:
    lock = Lock(table, KnownExecutions(arn("one")), "export")
    lock.acquire(arn("one"), "run of one")
    lock.acquire(arn("one"), "run of one")
    assert lock.held_by(arn("one")) == "run of one"


def test_of_many_starts_in_the_same_moment_exactly_one_runs(table: BackupTable) -> None:
    # Given executions that are all running
    names = [str(number) for number in range(8)]
    lock = Lock(table, KnownExecutions(*map(arn, names)), "export")
    start = threading.Barrier(len(names))

    def begin(name: str) -> bool:
        start.wait(timeout=30)
        return attempt(lock, name)

    # When they begin at once
    with ThreadPoolExecutor(len(names)) as threads:
        taken = dict(zip(names, threads.map(begin, names), strict=True))
    # Then one holds the lock, and it is the one that thinks so
    (winner,) = [name for name, took in taken.items() if took]
    assert lock.holder(arn(winner)) == (arn(winner), f"run of {winner}")


def test_a_lock_of_a_dead_execution_is_taken_over_by_exactly_one(table: BackupTable) -> None:
    # Given a lock that its execution left behind
    Lock(table, KnownExecutions(), "export").acquire(arn("dead"), "run of dead")
    names = [str(number) for number in range(4)]
    # When several find it dead before any of them has taken it over
    lock = Lock(table, KnownExecutions(barrier=threading.Barrier(len(names))), "export")
    with ThreadPoolExecutor(len(names)) as threads:
        taken = list(threads.map(lambda name: attempt(lock, name), names))
    assert taken.count(True) == 1
    assert lock.held_by(arn("dead")) is None


def test_a_lock_released_while_one_looks_is_taken(
    table: BackupTable, monkeypatch: pytest.MonkeyPatch
) -> None:
    # Given a lock that is given back between the failed write and the look at its holder
    lock = Lock(table, KnownExecutions(), "export")
    lock.acquire(arn("one"), "run of one")
    look = Lock._item

    def released(self: Lock, execution_arn: str) -> Item | None:
        self.release(arn("one"))
        return look(self, execution_arn)

    monkeypatch.setattr(Lock, "_item", released)
    # Then the one who looked takes it
    assert attempt(lock, "two")


def test_an_execution_that_is_not_known_yet_keeps_its_lock_while_it_is_young(
    table: BackupTable, monkeypatch: pytest.MonkeyPatch
) -> None:
    unknown = KnownExecutions()
    monkeypatch.setattr(unknown, "running", lambda _: None)
    lock = Lock(table, unknown, "export")
    lock.acquire(arn("one"), "run of one")
    assert not attempt(lock, "two")
    # When it has had time to become known and still is not
    monkeypatch.setattr("lifeboat.store.lock.YOUNG", 0)
    # Then it is taken for dead, and the one who takes over is told which run that was
    assert lock.acquire(arn("two"), "run of two") == "run of one"


def test_only_the_holder_releases(table: BackupTable) -> None:
    lock = Lock(table, KnownExecutions(arn("one")), "export")
    lock.acquire(arn("one"), "run of one")
    lock.release(arn("two"))
    assert lock.held_by(arn("one")) == "run of one"
    assert lock.held_by(arn("two")) is None
    lock.release(arn("one"))
    lock.release(arn("one"))
    assert lock.holder(arn("one")) is None


def test_one_who_was_taken_over_cannot_release_the_new_holders_lock(table: BackupTable) -> None:
    lock = Lock(table, KnownExecutions(), "export")
    lock.acquire(arn("dead"), "run of dead")
    lock.acquire(arn("two"), "run of two")
    lock.release(arn("dead"))
    assert lock.held_by(arn("two")) == "run of two"


def test_workflows_and_regions_do_not_wait_for_each_other(table: BackupTable) -> None:
    here, there = arn("one"), arn("one", "us-east-1")
    executions = KnownExecutions(here, there)
    Lock(table, executions, "export").acquire(here, "a")
    Lock(table, executions, "import").acquire(here, "b")
    Lock(table, executions, "export").acquire(there, "c")
    assert [
        Lock(table, executions, "export").held_by(here),
        Lock(table, executions, "import").held_by(here),
        Lock(table, executions, "export").held_by(there),
    ] == ["a", "b", "c"]


def test_the_region_is_the_executions() -> None:
    assert region_of(arn("one", "ap-southeast-2")) == "ap-southeast-2"


def test_a_drills_lock_is_taken_over_by_whoever_is_not_of_that_drill(table: BackupTable) -> None:
    lock = Lock(table, KnownExecutions(arn("drill"), arn("again")), "import")
    lock.acquire(arn("drill"), "run of drill", drill="d1")
    # Of the same drill, one at a time as always
    with pytest.raises(AlreadyRunning):
        lock.acquire(arn("again"), "run of again", drill="d1")
    assert lock.acquire(arn("meant"), "run of meant") == "run of drill"
    assert lock.held_by(arn("meant")) == "run of meant"


def test_a_drill_takes_the_lock_back_from_its_import_and_from_nobody_else(table: BackupTable) -> None:
    lock = Lock(table, KnownExecutions(), "import")
    assert lock.take_back(arn("drill"), "d1")
    lock.release(arn("drill"))
    lock.acquire(arn("import of drill"), "run", drill="d1")
    assert not lock.take_back(arn("other drill"), "d2")
    assert lock.take_back(arn("drill"), "d1")
    lock.release(arn("drill"))
    lock.acquire(arn("dead but meant"), "run")
    assert not lock.take_back(arn("drill"), "d1")
