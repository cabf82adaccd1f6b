"""How payloads and history of an execution grow: the state machines walked through, with answers at scale.

A walk goes through a definition as it is written, state by state, with an answer given for every function,
and takes no time. It counts what AWS counts: the events of the history, at most 25,000, the transitions that
are billed, and the largest payload that any state takes or gives, at most 262,144 bytes
(docs.aws.amazon.com/step-functions/latest/dg/service-quotas.html). Nothing fails in a walk.

`export_of` and `import_of` are answers for a pool of any size, made of the product's own plans.
"""

from __future__ import annotations

import json
import re
from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from math import ceil
from typing import Any

from lifeboat.export.absences import MANIFEST_SUBS
from lifeboat.export.cleanup import plan_cleanup
from lifeboat.export.counts import Counts
from lifeboat.listing import USERS_PER_PAGE, export_workers, lanes, listing_prefixes, portions
from lifeboat.pacing import Budget, Category
from lifeboat.restore.portions import (
    LISTING_WORKERS,
    MEMBERSHIPS_IN_A_PART,
    MOST_BUCKETS,
    SLOWEST_PAGES_PER_SECOND,
    USERS_PER_BUCKET,
    scan_portions,
)
from lifeboat.settling import nothing_settled
from tests.statemachines.answers import EXPORT_ID, import_answers
from tests.statemachines.definitions import function_named, machine_of
from tests.statemachines.graph import Machine, State

LARGEST_PAYLOAD = 262_144
MOST_EVENTS = 25_000

INVOCATION_SECONDS = 840
"""What an invocation that is called again has worked for: 900 seconds less the deadline's reserve."""

EVENTS = {"Task": 5, "Choice": 2, "Pass": 2, "Wait": 2, "Succeed": 2, "Parallel": 4, "Map": 4, "Fail": 1}
"""Events of a state in which nothing fails. A Lambda Task is entered, scheduled, started, succeeded, exited.
A Map has two more for each iteration, started and succeeded."""

Answer = Callable[[Any], Any]

_STEP = re.compile(r"\.(\w+)|\[(\d+|\*)\]")


@dataclass
class Walk:
    """What was counted on the way. `waited` is the seconds of all Wait states."""

    events: int = 2
    transitions: int = 0
    largest: int = 0
    largest_at: str = ""
    waited: float = 0.0
    calls: Counter[str] = field(default_factory=Counter)
    output: Any = None

    def note(self, where: str, payload: Any) -> None:
        """Take note of a payload's size."""
        size = len(json.dumps(payload, separators=(",", ":"), ensure_ascii=False).encode())
        if size > self.largest:
            self.largest, self.largest_at = size, where


def walk(workflow: str, answers: Mapping[str, Answer], given: Any) -> Walk:
    """Walk through "export" or "import" with the execution's input."""
    arn = f"arn:aws:states:us-east-1:123456789012:execution:{'n' * 80}:{'e' * 80}"
    context = {"Execution": {"Id": arn, "StartTime": "2026-03-01T03:00:00.000Z", "Input": given}}
    walked = Walk()
    walked.output = _Walker(walked, answers).scope(machine_of(workflow), given, context)
    return walked


class _Walker:
    def __init__(self, walked: Walk, answers: Mapping[str, Answer]) -> None:
        self._walk = walked
        self._answers = answers

    def scope(self, machine: Machine, payload: Any, context: Mapping[str, Any]) -> Any:
        name = machine["StartAt"]
        while True:
            state = machine["States"][name]
            self._walk.events += EVENTS[state["Type"]]
            self._walk.transitions += 1
            self._walk.note(f"{name}: input", payload)
            payload, following = self._state(name, state, payload, context)
            self._walk.note(f"{name}: output", payload)
            if not following:
                return payload
            name = following

    def _state(self, name: str, state: State, payload: Any, context: Mapping[str, Any]) -> tuple[Any, str]:
        kind = state["Type"]
        assert kind != "Fail", f"the walk came to {name}"
        if kind == "Choice":
            return payload, _chosen(state, payload)
        if kind == "Wait":
            self._walk.waited += _at(state["SecondsPath"], payload, context)
            return payload, state["Next"]
        taken = _at(state.get("InputPath", "$"), payload, context)
        if "Parameters" in state:
            taken = _filled(state["Parameters"], taken, context)
        result = getattr(self, f"_{kind.lower()}")(name, state, taken, context)
        self._walk.note(f"{name}: result", result)
        if "ResultSelector" in state:
            result = _filled(state["ResultSelector"], result, context)
        payload = _placed(state.get("ResultPath", "$"), payload, result)
        return _at(state.get("OutputPath", "$"), payload, context), state.get("Next", "")

    def _task(self, name: str, state: State, taken: Any, _: Mapping[str, Any]) -> Any:
        function = function_named(state["Resource"])
        self._walk.calls[function] += 1
        self._walk.note(f"{name}: task", taken)
        return json.loads(json.dumps(self._answers[function](taken)))

    def _pass(self, _: str, state: State, taken: Any, __: Mapping[str, Any]) -> Any:
        return state.get("Result", taken)

    def _succeed(self, _: str, __: State, taken: Any, ___: Mapping[str, Any]) -> Any:
        return taken

    def _parallel(self, _: str, state: State, taken: Any, context: Mapping[str, Any]) -> Any:
        return [self.scope(branch, taken, context) for branch in state["Branches"]]

    def _map(self, _: str, state: State, taken: Any, context: Mapping[str, Any]) -> Any:
        results = []
        for index, item in enumerate(_at(state["ItemsPath"], taken, context)):
            inside = {**context, "Map": {"Item": {"Index": index, "Value": item}}}
            self._walk.events += 2
            chosen = _filled(state["ItemSelector"], taken, inside) if "ItemSelector" in state else item
            results.append(self.scope(state["ItemProcessor"], chosen, inside))
        return results


def _chosen(state: State, payload: Any) -> str:
    for rule in state["Choices"]:
        if _at(rule["Variable"], payload, {}) is rule["BooleanEquals"]:
            return str(rule["Next"])
    return str(state["Default"])


def _at(path: str, payload: Any, context: Mapping[str, Any]) -> Any:
    """What a path finds; a list of all that it finds if it goes through a `*`."""
    if path.startswith("$$"):
        path, payload = path[1:], context
    found, several = [payload], False
    for match in _STEP.finditer(path):
        name, index = match.groups()
        if index == "*":
            found, several = [each for one in found for each in one], True
        else:
            found = [one[name if name is not None else int(index)] for one in found]
    return found if several else found[0]


def _filled(template: Any, payload: Any, context: Mapping[str, Any]) -> Any:
    if not isinstance(template, dict):
        return template
    return {
        key.removesuffix(".$"): _at(value, payload, context)
        if key.endswith(".$")
        else _filled(value, payload, context)
        for key, value in template.items()
    }


def _placed(path: str | None, payload: Any, result: Any) -> Any:
    if path is None:
        return payload
    if path == "$":
        return result
    *outer, last = path.removeprefix("$.").split(".")
    changed = inner = dict(payload)
    for name in outer:
        inner[name] = dict(inner[name])
        inner = inner[name]
    inner[last] = result
    return changed


@dataclass(frozen=True)
class Load:
    """A pool, and what an operator lets an export use of the quotas. `absent` of 100 items are missing."""

    users: int
    groups: int
    memberships: int
    share: int = 50
    concurrency: int = 4
    absent: int = 10
    largest_number: int = 40_000_000

    @property
    def workers(self) -> int:
        return export_workers(self.pages_per_second, self.concurrency)

    @property
    def pages_per_second(self) -> float:
        return Budget(self.share, 1).rate(Category.USER_LIST)

    @property
    def user_pages(self) -> int:
        prefixes = len(self.prefixes)
        return prefixes * ceil(self.users / prefixes / USERS_PER_PAGE)

    @property
    def member_pages(self) -> int:
        return max(self.groups, ceil(self.memberships / USERS_PER_PAGE))

    @property
    def prefixes(self) -> list[str]:
        return listing_prefixes(self.users, self.pages_per_second / self.workers)

    @property
    def listing_seconds(self) -> float:
        """How long users and memberships take to be listed."""
        return (self.user_pages + self.member_pages) / self.pages_per_second


class _Pages:
    """Pages of each worker that are still to be listed, an invocation's worth at a time."""

    def __init__(self, load: Load, pages: int) -> None:
        self._an_invocation = max(1.0, INVOCATION_SECONDS * load.pages_per_second / load.workers)
        self._each = pages / load.workers
        self._left: dict[Any, float] = {}

    def invoke(self, worker: Any) -> float:
        """The share of the worker's pages that is left after another invocation; 0 when it is finished."""
        left = self._left.get(worker, self._each) - self._an_invocation
        self._left[worker] = max(0.0, left)
        return self._left[worker] / self._each


def export_of(load: Load) -> dict[str, Answer]:
    """The answers of an export of such a pool: every count as long as a number of its size can be."""
    numbers: Counts = {
        "listed": load.largest_number,
        "added": load.largest_number,
        "changed": load.largest_number,
        "unchanged": load.largest_number,
        "absent": load.largest_number * load.absent // 100,
        "stored": load.largest_number,
    }
    users, members = _Pages(load, load.user_pages), _Pages(load, load.member_pages)
    dealt = portions(load.prefixes, load.workers)
    in_flight = lanes(load.pages_per_second / load.workers)
    confirming = _Pages(load, (load.user_pages + load.member_pages) // 2)

    def begin(task: Any) -> Any:
        run = {
            "ExportId": EXPORT_ID,
            "At": "2026-03-01T03:00:00.000Z",
            "ExecutionArn": task["ExecutionId"],
            "Workers": load.workers,
            "AllowMassRetirement": True,
            "EstimatedUsers": load.users,
            "CaptureMfa": False,
        }
        return {
            "Run": run,
            "UserPortions": [{"Prefixes": part} for part in dealt],
            "Groups": {"Left": 0},
            "Captures": nothing_settled(),
        }

    def manifests(task: Any, name: str, items: int) -> list[str]:
        """One more for every invocation, and as many as the absent subs fill."""
        before = list(task.get("Absences", []))
        full = items * load.absent // 100 // MANIFEST_SUBS // load.workers
        return [*before, name, *([f"{name}-{each}" for each in range(full)] if not before else [])]

    def export_users(task: Any) -> Any:
        worker = next(number for number, part in enumerate(dealt) if part[-1] == task["Prefixes"][-1])
        part = dealt[worker]
        left = part[len(part) - ceil(len(part) * users.invoke(worker)) :]
        return {
            "Run": task["Run"],
            "Prefixes": left,
            "Left": dict.fromkeys(left[:in_flight], 999),
            "Counts": numbers,
            "Absences": manifests(task, "users-fff", load.users),
            "Finished": not left,
        }

    def export_groups(task: Any) -> Any:
        # At the least share, ListGroups takes several invocations.
        if task["Left"] < 5:
            return {"Run": task["Run"], "Left": task["Left"] + 1, "Finished": False}
        workers = range(min(load.workers, load.groups))
        return {
            **task,
            "Counts": numbers,
            "Absences": ["groups"],
            "Portions": [{"Portion": number, "Next": 0} for number in workers],
            "Finished": True,
        }

    def export_memberships(task: Any) -> Any:
        left = members.invoke(task["Portion"])
        return {
            "Run": task["Run"],
            "Portion": task["Portion"],
            "Next": load.groups,
            "Left": {str(10_000 + number): 999 for number in range(in_flight)} if left else {},
            "Counts": numbers,
            "Absences": manifests(task, f"memberships-{task['Portion']}-9999", load.memberships),
            "Finished": not left,
        }

    def capture_configuration(task: Any) -> Any:
        done = {"parts": 9_999, "added": 9_999, "changed": 9_999, "retired": 9_999}
        absences = [f"configuration-{number}" for number in range(20)]
        return {
            "Run": task["Run"],
            "Next": task["Next"] + 1_000,
            "Counts": done,
            "Unread": ["BRANDING", "DOMAIN", "IDP", "LOGS", "MFA", "RISK", "UI"],
            "Absences": absences,
            "Finished": task["Next"] >= 9_000,
        }

    def retire_items(task: Any) -> Any:
        left = confirming.invoke(task["Absences"][-1])
        remaining = task["Absences"][len(task["Absences"]) - ceil(len(task["Absences"]) * left) :]
        retired = dict.fromkeys(("users", "groups", "memberships"), load.largest_number)
        return {
            "Run": task["Run"],
            "Absences": remaining,
            "Entry": 9_999,
            "Left": 999,
            "Retired": retired,
            "Finished": not remaining,
        }

    def complete_export(task: Any) -> Any:
        return {"ExportId": EXPORT_ID, "Status": "COMPLETED_WITHOUT_CLEANUP", "Counts": task["Counts"]}

    return {
        "begin_export": begin,
        "export_users": export_users,
        "export_groups": export_groups,
        "export_memberships": export_memberships,
        "capture_configuration": capture_configuration,
        "plan_cleanup": lambda task: plan_cleanup(task, 10),
        "retire_items": retire_items,
        "settle_captures": _settling(load),
        "complete_export": complete_export,
    }


def _settling(load: Load) -> Answer:
    """The answer of Settle Captures for users who were all captured meanwhile."""

    def settle(task: Any) -> Any:
        shard = task["Place"]["Shard"]
        numbers = {"Users": load.users, "Written": load.users, "Behind": "f" * 36}
        return {**numbers, "Shard": shard + 50, "Finished": shard >= 200}

    return settle


def import_of(load: Load) -> dict[str, Answer]:
    """The answers of an import of such a backup, with portions of the sizes of the product's.

    For how long its jobs and queues are watched is not in here: test_history.py counts that.
    """
    prefixes = [f"users:{prefix}" for prefix in listing_prefixes(load.users, SLOWEST_PAGES_PER_SECOND)]
    members = [f"groups:{part}:400" for part in range(load.memberships // MEMBERSHIPS_IN_A_PART)]
    buckets = min(load.users // USERS_PER_BUCKET, MOST_BUCKETS)

    def begin(task: Any) -> Any:
        small = import_answers()["begin_import"](task)
        return {
            **small,
            "Run": {**small["Run"], "Buckets": buckets},
            "Scans": scan_portions(load.users, 99_999),
            "Listings": [{"Parts": part} for part in portions([*members, *prefixes], LISTING_WORKERS)],
            "Checks": [{"Bucket": number} for number in range(buckets)],
        }

    def one_by_one(key: str, answer: Answer, at_once: int) -> Answer:
        def some(task: Any) -> Any:
            left = task[key][at_once:]
            return {**answer(task), key: left, "Finished": not left}

        return some

    return {
        **import_answers(),
        "begin_import": begin,
        "enqueue_users": one_by_one("Shards", import_answers()["enqueue_users"], 2),
        "list_restored": one_by_one("Parts", import_answers()["list_restored"], 20),
    }
