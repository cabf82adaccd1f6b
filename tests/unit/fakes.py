"""Stand-ins for what the code under test is given: small, in memory, and remembering what they were asked."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

from lifeboat.aws.bucket import Bucket
from lifeboat.aws.queues import Queue
from lifeboat.model import Group
from lifeboat.store.ledger import Ledger
from lifeboat.store.outcomes import Outcome, Outcomes
from lifeboat.store.table import BackupTable


class MemoryBucket(Bucket):
    """A bucket whose objects are JSON texts in a dict."""

    def __init__(self) -> None:
        self.name = "reports"
        self.objects: dict[str, str] = {}

    def put_document(self, key: str, document: Any, readable: bool = False) -> None:
        self.objects[key] = json.dumps(document, ensure_ascii=False)

    def get_document(self, key: str) -> Any:
        return json.loads(self.objects[key]) if key in self.objects else None

    def put_lines(self, key: str, records: Iterable[Any]) -> None:
        self.objects[key] = json.dumps(list(records), ensure_ascii=False)

    def get_lines(self, prefix: str) -> Iterator[Any]:
        for key in self.keys(prefix):
            yield from json.loads(self.objects[key])

    def put_text(self, key: str, text: str, content_type: str) -> None:
        self.objects[key] = text

    def keys(self, prefix: str) -> list[str]:
        return sorted(key for key in self.objects if key.startswith(prefix))


class MemoryQueue(Queue):
    """A queue that keeps what it is sent. `waiting` is the depth it claims."""

    def __init__(self, name: str = "queue", waiting: int = 0) -> None:
        self.url = f"https://sqs.eu-west-1.amazonaws.com/123456789012/{name}"
        self.waiting = waiting
        self.sent: list[Mapping[str, Any]] = []
        self.raw: list[tuple[str, str]] = []
        self.put_offs: list[tuple[str, int]] = []

    def send(self, documents: Iterable[Mapping[str, Any]]) -> int:
        before = len(self.sent)
        self.sent.extend(documents)
        return len(self.sent) - before

    def send_raw(self, body: str, reason: str) -> None:
        self.raw.append((body, reason))

    def put_off(self, receipt_handle: str, receive_count: int) -> None:
        self.put_offs.append((receipt_handle, receive_count))

    def depth(self) -> int:
        return self.waiting


class KnownOutcomes(Outcomes):
    """Outcomes that are as they are."""

    def __init__(self, *outcomes: Outcome) -> None:
        self.outcomes = list(outcomes)

    def all(self) -> Iterator[Outcome]:
        return iter(self.outcomes)


class KnownTable(BackupTable):
    """A backup of some groups."""

    def __init__(self, *groups: Group) -> None:
        self._groups = groups

    def groups(self) -> Iterator[Group]:
        return iter(self._groups)


class MemoryLedger(Ledger):
    """A ledger that remembers what was last set."""

    def __init__(self) -> None:
        self.values: dict[str, Any] = {}
        self.kept: list[dict[str, Any]] = []

    def get(self, identifier: str) -> dict[str, Any] | None:
        return self.values or None

    def update(self, identifier: str, values: Mapping[str, Any]) -> None:
        self.values.update(values)

    def add(self, identifier: str, amounts: Mapping[str, int]) -> None:
        for name, amount in amounts.items():
            self.values[name] = self.values.get(name, 0) + amount

    def samples(self, identifier: str) -> list[dict[str, Any]]:
        return list(self.kept)

    def keep_samples(self, identifier: str, samples: Sequence[Mapping[str, Any]]) -> None:
        self.kept = [dict(each) for each in samples]
