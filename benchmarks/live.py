"""How soon a change is safe: in the replica, in the standby pool, and how soon a lost user signs in.

Each change writes a note that is looked for afterwards, in the replica by its key and in the standby pool by
its user, so a time is that of one change, from the end of the call that made it to the look that found it.
Looks come every LOOK_SECONDS, which is in the times.
"""

import statistics
import threading
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

from benchmarks.measuring import Measured, Stopwatch
from cli.pricing.prices import cost, usage
from local.embedded import EmbeddedAws
from local.live import COMING_BACK, Live, attach, deploy_live, permit, reset_and_sign_in
from local.meter import difference
from local.narration import Narrator
from local.people import PASSWORD, create_pool
from local.workflows import WorkflowFailedError

LOOK_SECONDS: Final = 0.1
PATIENCE_SECONDS: Final = 180.0
"""Without any arrival; what has not been seen then is lost."""

SIGN_INS: Final = 100
CHANGES_A_SECOND: Final = 2.0
"""The pace of the changes: below the share of Cognito's quotas that captures have by default."""

EVERY_SIGN_UP: Final = 4
"""One change in so many is a sign-up, the others change a user who is there."""

PERCENTILE: Final = 99


@dataclass(frozen=True, slots=True)
class Asked:
    """What a person asks of the benchmark."""

    changes: int
    latency_ms: float
    seed: int


@dataclass
class Watched:
    """One change under way: which user and note, when it was made, and the seconds until it was seen."""

    sub: str
    username: str
    note: str
    made_at: float
    replica: float | None = None
    standby: float | None = None


@dataclass
class Arrivals:
    """Looks for changes that are under way, in a thread of its own for each place."""

    live: Live
    changes: list[Watched] = field(default_factory=list)
    over: threading.Event = field(default_factory=threading.Event)

    def watch(self) -> None:
        """Start looking, until `over` is set."""
        for place, seen in (("replica", self._note_in_replica), ("standby", self._note_in_standby)):
            threading.Thread(target=self._look, args=(place, seen), daemon=True).start()

    def arrived(self) -> int:
        """Count the arrivals: two for each change that is in both places."""
        return sum((change.replica is not None) + (change.standby is not None) for change in self.changes)

    def _look(self, place: str, seen: Callable[[Watched], str]) -> None:
        while not self.over.wait(LOOK_SECONDS):
            for change in [each for each in self.changes if getattr(each, place) is None]:
                if seen(change) == change.note:
                    setattr(change, place, time.monotonic() - change.made_at)

    def _note_in_replica(self, change: Watched) -> str:
        key = {"pk": {"S": f"USER#{change.sub[:2]}"}, "sk": {"S": change.sub}}
        item = self.live.replica.get_item(TableName=self.live.table, Key=key).get("Item", {})
        note: str = item.get("attributes", {}).get("M", {}).get("custom:note", {}).get("S", "")
        return note

    def _note_in_standby(self, change: Watched) -> str:
        found = self.live.backup_cognito.list_users(
            UserPoolId=self.live.standby_pool_id, Filter=f'username = "{change.username}"'
        )["Users"]
        notes: dict[str, str] = {
            pair["Name"]: pair.get("Value", "") for user in found for pair in user["Attributes"]
        }
        return notes.get("custom:note", "")


@dataclass(frozen=True, slots=True)
class Result:
    """What was measured: seconds of each change and of each first sign-in, and what the changes took."""

    asked: Asked
    changes: Sequence[Watched]
    sign_ins: Sequence[float]
    run: Measured

    def document(self) -> dict[str, Any]:
        """Return the result as JSON. A change that did not arrive counts as lost, and in no time."""
        replica = [change.replica for change in self.changes if change.replica is not None]
        standby = [change.standby for change in self.changes if change.standby is not None]
        run = self.run.document()
        dollars = cost(usage(run, run["queue_invocations"]))
        return {
            "changes": len(self.changes),
            "replica_p50_s": percentile(replica, 50),
            "replica_p99_s": percentile(replica, PERCENTILE),
            "standby_p50_s": percentile(standby, 50),
            "standby_p99_s": percentile(standby, PERCENTILE),
            "first_sign_ins": len(self.sign_ins),
            "first_sign_in_calls": list(COMING_BACK),
            "first_sign_in_p50_s": percentile(self.sign_ins, 50),
            "first_sign_in_p99_s": percentile(self.sign_ins, PERCENTILE),
            "lost": sum(change.replica is None or change.standby is None for change in self.changes),
            "dollars_per_million_changes": round(sum(dollars.values()) / len(self.changes) * 1e6, 2),
            "dollars_per_million_changes_by_unit": {
                unit: round(amount / len(self.changes) * 1e6, 2) for unit, amount in dollars.items() if amount
            },
            "latency_ms": self.asked.latency_ms,
            "seed": self.asked.seed,
        }


def percentile(seconds: Sequence[float], percent: int) -> float | None:
    """Return the seconds below which so many percent lie, to the millisecond; None of nothing."""
    if len(seconds) < 2:
        return round(seconds[0], 3) if seconds else None
    return round(statistics.quantiles(seconds, n=100, method="inclusive")[percent - 1], 3)


@dataclass(frozen=True, slots=True)
class LiveBench:
    """Runs the benchmark on a running embedded AWS that nothing else uses."""

    embedded: EmbeddedAws
    narrator: Narrator
    asked: Asked

    def run(self) -> Result:
        """Go through all steps. Raises EmbeddedAwsError and WorkflowFailedError."""
        cognito = self.embedded.client("cognito-idp", "us-east-1")
        pool_id = create_pool(cognito, "people")
        with self.narrator.step("Build and deploy, with capture and warm standby"):
            live = deploy_live(self.embedded, pool_id)
        watch = Stopwatch(self.embedded)
        arrivals = Arrivals(live)
        arrivals.watch()
        try:
            with self.narrator.step(f"Create {self.asked.changes} users, and wait for all of them"):
                people = [self._create(live, number) for number in range(self.asked.changes)]
                arrivals.changes = people
                self._await(arrivals)
            watch.front.ask("PUT", "latency", {"latency_ms": self.asked.latency_ms})
            watch.front.ask("DELETE", "calls")
            before, began = watch.meter(), time.monotonic()
            arrivals.changes = changes = []
            with self.narrator.step(f"Make {self.asked.changes} changes", self.asked.changes) as step:
                for number, person in enumerate(people):
                    changes.append(self._change(live, number, person))
                    step.advance()
                    time.sleep(max(0.0, began + (number + 1) / CHANGES_A_SECOND - time.monotonic()))
                self._await(arrivals)
        finally:
            arrivals.over.set()
        seconds = time.monotonic() - began
        counted = difference(watch.meter(), before)
        calls = watch.front.ask("GET", "calls").get(live.deployment.primary.region, {})
        run = Measured("live", seconds, 0.0, calls, counted, {}, {})
        with self.narrator.step(f"Lose the Region; {SIGN_INS} users ask for a new password and sign in"):
            sign_ins = self._first_sign_ins(live, changes)
        return Result(self.asked, changes, sign_ins, run)

    def _create(self, live: Live, number: int) -> Watched:
        name, note = f"person-{number}", f"created as {number}"
        answer = live.primary_cognito.admin_create_user(
            UserPoolId=live.deployment.user_pool_id,
            Username=name,
            UserAttributes=_pairs(name, note, verified=True),
            MessageAction="SUPPRESS",
        )
        attributes = {pair["Name"]: pair["Value"] for pair in answer["User"]["Attributes"]}
        return Watched(attributes["sub"], name, note, time.monotonic())

    def _change(self, live: Live, number: int, person: Watched) -> Watched:
        note = f"changed as {number}"
        if number % EVERY_SIGN_UP == 0:
            name = f"signed-up-{number}"
            sub = live.primary_cognito.sign_up(
                ClientId=live.client_id, Username=name, Password=PASSWORD, UserAttributes=_pairs(name, note)
            )["UserSub"]
            live.primary_cognito.confirm_sign_up(
                ClientId=live.client_id, Username=name, ConfirmationCode="123456"
            )
            return Watched(sub, name, note, time.monotonic())
        live.primary_cognito.admin_update_user_attributes(
            UserPoolId=live.deployment.user_pool_id,
            Username=person.username,
            UserAttributes=[{"Name": "custom:note", "Value": note}],
        )
        return Watched(person.sub, person.username, note, time.monotonic())

    def _await(self, arrivals: Arrivals) -> None:
        """Wait until every change has arrived in both places, or nothing has for a long time."""
        arrived, moved = arrivals.arrived(), time.monotonic()
        while arrived < 2 * len(arrivals.changes) and time.monotonic() - moved < PATIENCE_SECONDS:
            self.embedded.check()
            time.sleep(LOOK_SECONDS)
            if arrivals.arrived() > arrived:
                arrived, moved = arrivals.arrived(), time.monotonic()

    def _first_sign_ins(self, live: Live, changes: Sequence[Watched]) -> list[float]:
        """Let users who are in no pool any more choose a new password and sign in; return what each took.

        A time is that of all calls, from "Forgot password" to the tokens.
        """
        cognito, backup = live.backup_cognito, live.deployment.backup
        Stopwatch(self.embedded).front.set_available(live.deployment.primary.region, False)
        new_pool_id = create_pool(cognito, "people-restored")
        permit(
            self.embedded.client("lambda", backup.region),
            backup.outputs["MigrateUserFunctionArn"],
            new_pool_id,
        )
        attach(cognito, new_pool_id, UserMigration=backup.outputs["MigrateUserFunctionArn"])
        client_id = cognito.create_user_pool_client(
            UserPoolId=new_pool_id, ClientName="app", ExplicitAuthFlows=["ALLOW_USER_PASSWORD_AUTH"]
        )["UserPoolClient"]["ClientId"]
        people = [change for number, change in enumerate(changes) if number % EVERY_SIGN_UP]
        waited: list[float] = []
        for person in people[:SIGN_INS]:
            began = time.monotonic()
            reset_and_sign_in(cognito, client_id, person.username)
            waited.append(time.monotonic() - began)
        back = {
            user["Username"]
            for page in cognito.get_paginator("list_users").paginate(UserPoolId=new_pool_id)
            for user in page["Users"]
        }
        missing = len({person.username for person in people[:SIGN_INS]} - back)
        if missing:
            raise WorkflowFailedError(f"{missing} of {len(waited)} users are not back after their sign-in")
        return waited


def _pairs(name: str, note: str, *, verified: bool = False) -> list[dict[str, str]]:
    attributes = {"email": f"{name}@example.com", "custom:note": note}
    if verified:
        attributes["email_verified"] = "true"
    return [{"Name": key, "Value": value} for key, value in attributes.items()]


def bench_live(state_dir: Path, narrator: Narrator, asked: Asked) -> Result:
    """Start an embedded AWS, run the benchmark on it, and end it."""
    embedded = EmbeddedAws(state_dir, seed=asked.seed)
    try:
        with narrator.step("Start the embedded AWS"):
            embedded.start()
        return LiveBench(embedded, narrator, asked).run()
    finally:
        embedded.stop()
