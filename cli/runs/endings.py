"""What is told of a run that has ended: what it did, where its report is, and what to do next."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, Final

from rich.console import Console

from cli.entries import number, text
from cli.imports.input import in_options
from cli.runs.executions import Look, Run
from cli.terminal.output import duration, escaped, table
from cli.terminal.wording import plural
from lifeboat.model import seconds_between
from lifeboat.store.ledger import COMPLETED, COMPLETED_WITHOUT_CLEANUP
from lifeboat.workflow import plain_failure

_GOOD: Final = (COMPLETED, "SUCCEEDED")

_PROBLEMS: Final = re.compile(r"^\d+ problem\(s\) found before anything was written: \(1\) ")


@dataclass(frozen=True, slots=True)
class Ending:
    """How a run ended. `problems` are what a preflight found; `next_steps` are sentences."""

    run: Run
    run_id: str
    status: str
    entry: Mapping[str, Any]
    reason: str = ""
    problems: list[str] = field(default_factory=list)
    next_steps: list[str] = field(default_factory=list)

    @property
    def good(self) -> bool:
        """Whether all is well: the run did everything that it was started for."""
        return self.status in _GOOD

    def document(self) -> dict[str, Any]:
        """The ending for a program."""
        entry = self.entry
        return {
            "workflow": self.run.workflow,
            "run_id": self.run_id,
            "execution_arn": self.run.execution_arn,
            "region": self.run.region,
            "status": self.status,
            "started_at": text(entry, "started_at"),
            "ended_at": text(entry, "ended_at"),
            "duration_seconds": _seconds(entry),
            "user_pool_id": text(entry, "user_pool_id"),
            "counts": entry.get("counts") or entry.get("totals") or {},
            **(_of_drill(entry) if self.run.workflow == "drill" else {}),
            "report": text(entry, "report"),
            "reason": self.reason,
            "problems": self.problems,
            "next": self.next_steps,
        }

    def draw(self, console: Console) -> None:
        """The ending for a person."""
        took = _seconds(self.entry)
        after = f" after {duration(took)}" if took else ""
        color = "green" if self.good else "yellow" if self.status == COMPLETED_WITHOUT_CLEANUP else "red"
        title = f"{self.run.workflow} {self.run_id or self.run.name}"
        console.print(f"[bold {color}]{self.status.replace('_', ' ')}[/]{after}: {escaped(title)}")
        counted = list(_counts(self.run.workflow, self.entry))
        if counted:
            shown = table("", *counted[0][1], numbers=counted[0][1])
            for name, numbers in counted:
                shown.add_row(name, *(f"{each:,}" for each in numbers.values()))
            console.print(shown)
        for line in _more(self.entry):
            console.print(escaped(line), soft_wrap=True)
        if self.problems:
            console.print(f"{plural(len(self.problems), 'problem')}, found before anything was written:")
            for each, problem in enumerate(self.problems, start=1):
                console.print(f"  {each}. {escaped(problem)}", soft_wrap=True)
        elif self.reason:
            console.print(f"Why: {escaped(self.reason)}", soft_wrap=True)
        for step in self.next_steps:
            console.print(f"[bold]Next:[/] {escaped(step)}", soft_wrap=True)


def ending_of(run: Run, run_id: str, look: Look) -> Ending:
    """How a run ended, by the last look at it."""
    entry = look.entry
    status = text(entry, "status")
    if not status or status == "RUNNING" or (status in _GOOD and look.status != "SUCCEEDED"):
        status = look.status  # it was stopped before it could write how it ended
    reason = text(entry, "reason") or _reason(look)
    if run.workflow == "import":
        reason = in_options(reason)
    problems = [in_options(problem) for problem in problems_of(look.cause or text(entry, "reason"))]
    steps = list(_next_steps(run, run_id if entry else "", status, entry, problems))
    return Ending(run, run_id, status, entry, reason, problems, steps)


def problems_of(cause: str) -> list[str]:
    """The single problems that a preflight lists in its message."""
    cause = cause.partition("PreflightFailed: ")[2] or cause
    if not _PROBLEMS.match(cause):
        return []
    return re.split(r"; \(\d+\) ", _PROBLEMS.sub("", cause))


def _reason(look: Look) -> str:
    if look.status == "ABORTED":
        return ": ".join(part for part in ("somebody stopped the execution", look.cause) if part)
    if look.status == "TIMED_OUT":
        return "the execution took longer than the workflow allows"
    if not look.cause:
        return look.error
    failure = plain_failure(look.error, look.cause)  # a function's own cause is a JSON text with its stack
    return f"{failure['Error']}: {failure['Cause']}"


def _seconds(entry: Mapping[str, Any]) -> float:
    if entry.get("duration_seconds"):
        return float(entry["duration_seconds"])
    if entry.get("started_at") and entry.get("ended_at"):
        return seconds_between(str(entry["started_at"]), str(entry["ended_at"]))
    return 0.0


def _of_drill(entry: Mapping[str, Any]) -> dict[str, Any]:
    rto = entry.get("rto_seconds")
    return {
        **{name: entry.get(name, "") for name in ("import_id", "pool_id")},
        **{name: number(entry, name) for name in ("sample_percent", "users")},
        "rto_seconds": float(rto) if rto else None,
    }


_EXPORTED: Final = ("listed", "added", "changed", "unchanged", "retired")


def _counts(workflow: str, entry: Mapping[str, Any]) -> Iterator[tuple[str, dict[str, int]]]:
    if workflow == "export" and entry.get("counts"):
        for kind in ("users", "groups", "memberships"):
            yield kind, {name: number(entry, "counts", kind, name) for name in _EXPORTED}
    elif entry.get("totals"):
        users = ("in_backup", "restored", "different", "failed", "unexpected")
        yield "users", {name.replace("_", " "): number(entry, "totals", "users", name) for name in users}


def _more(entry: Mapping[str, Any]) -> Iterator[str]:
    totals = entry.get("totals")
    if totals:
        groups, different = number(totals, "groups", "in_backup"), number(totals, "groups", "different")
        yield (
            f"{plural(number(totals, 'memberships', 'restored'), 'membership')} restored; "
            f"{plural(groups, 'group')}, {different:,} of them different"
        )
        later = number(totals, "memberships", "at_sign_in")
        if later:
            yield f"{plural(later, 'membership')} left to the first sign-in"
    if entry.get("user_pool_id") and totals:
        yield f"Pool: {entry['user_pool_id']}"
    if entry.get("rto_seconds"):
        percent = number(entry, "sample_percent") or 100
        sample = "" if percent == 100 else f", a sample of {percent} %"
        yield f"{plural(number(entry, 'users'), 'user')} restored as they should be{sample}"
        yield f"Restored and compared in {duration(float(entry['rto_seconds']))}"
    if entry.get("report"):
        yield f"Report: {entry['report']}"
    unread = (entry.get("configuration") or {}).get("unread")
    if unread:
        yield f"Cognito refused to show of the pool's configuration: {', '.join(unread)}"


def _next_steps(
    run: Run, run_id: str, status: str, entry: Mapping[str, Any], problems: list[str]
) -> Iterator[str]:
    if run.workflow == "export":
        yield from _after_export(status)
    elif run.workflow == "drill":
        if status not in _GOOD:
            yield "mend the cause and drill again: `lifeboat drill --wait` (docs/runbook.md#drill-failed)."
    elif entry.get("drill"):
        yield f"it was the import of the drill {entry['drill']}: `lifeboat watch {entry['drill']}`."
    elif status == "SUCCEEDED":
        yield f"read the report: `lifeboat report {run_id}`. It has what no API can bring back."
        yield "point your application at the new pool and its clients (docs/runbook.md#fail-over)."
        yield "tell your users: docs/runbook.md#tell-the-users has the text."
    elif status == "INCOMPLETE":
        yield f"see who is concerned, and why: `lifeboat failed {run_id}` or `lifeboat report {run_id}`."
        yield f"when the causes are mended: `lifeboat import --resume {run_id} --wait`."
    elif problems or not run_id:
        yield "mend what is listed and start again; `lifeboat preflight` looks without writing anything."
    else:
        yield f"what was restored stays. Go on: `lifeboat import --resume {run_id} --wait`."


def _after_export(status: str) -> Iterator[str]:
    if status == COMPLETED_WITHOUT_CLEANUP:
        yield "see whether the pool has lost users: docs/runbook.md#suspicious-guard."
        yield "if it is as it should be: `lifeboat export --allow-mass-retirement --wait`."
    elif status not in _GOOD:
        yield "the backup holds what earlier exports wrote. Mend the cause, then: `lifeboat export --wait`."
