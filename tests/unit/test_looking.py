"""What the commands that look say: sentences, values, what an import would take."""

from __future__ import annotations

from dataclasses import replace
from io import StringIO
from typing import Any

import pytest
from rich.console import Console

from cli.deployment import defaults
from cli.history.fields import changes, user_fields, visible
from cli.imports.input import in_options
from cli.imports.outlook import Seen, duration, look, outlook, rows_of_new_pool, scaled
from cli.terminal.counting import counted
from cli.terminal.output import Output
from cli.terminal.sentences import split_remedy
from lifeboat.model import Group, Membership, PoolConfiguration, Status, User
from lifeboat.pacing import Quotas
from lifeboat.request_plan import ImportPlan
from lifeboat.restore.csv_lane.rows import EMAIL_MFA, MFA_ENABLED, USERNAME, RowFormat
from lifeboat.restore.pool.new_pool import NewPool
from lifeboat.restore.pool.plan import Captured
from lifeboat.restore.tasks import Run
from lifeboat.store.backup import Backup
from lifeboat.store.keys import SHARDS
from tests.template.reading import source
from tests.unit.examples import BY_NAME, USER

PLAN = ImportPlan(90, Quotas(), creators=2, updaters=2, scanners=8, listers=2)
ROWS = RowFormat(BY_NAME, ["email", "email_verified", "family_name", MFA_ENABLED, USERNAME])


def run(**changed: Any) -> Run:
    made: Run = {
        "ImportId": "",
        "UserPoolId": "eu-west-1_ByName",
        "ExecutionArn": "",
        "ExportId": "",
        "AsOf": "",
        "Buckets": 1,
        "UserLane": "auto",
        "SourceSubAttribute": "",
        "Warnings": [],
    }
    return made | changed  # type: ignore[return-value]


def person(number: int, **changed: Any) -> User:
    attributes = {"email": f"user-{number}@example.com", "email_verified": "true"}
    return replace(USER, sub=f"{number}", username=f"user-{number}", attributes=attributes, **changed)


def test_the_package_s_sentences_are_told_in_options() -> None:
    said = in_options(
        'NewUserPoolId: MFA is OFF; set it, or accept it with "AcceptDifferences": true, or give an empty '
        'pool, or "Resume" with the id; leave AsOf out'
    )
    assert said == (
        "--pool: MFA is OFF; set it, or accept it with --accept-differences, or give an empty pool, or "
        "--resume with the id; leave --as-of out"
    )
    assert split_remedy("this; do that; or that") == ("this", "do that; or that")


@pytest.mark.parametrize("text", ["", " a", "a\n", "\x1b[2J", "\u202eevil", "\u200b"])
def test_what_cannot_be_seen_is_written_out(text: str) -> None:
    assert visible(text) == repr(text)
    assert visible("Zoë 小明 🛟") == "Zoë 小明 🛟"


def test_changes_name_what_is_new_what_is_gone_and_what_is_other() -> None:
    before = user_fields(person(1, mfa=("EMAIL_OTP",), preferred_mfa="EMAIL_OTP"))
    after = user_fields(replace(person(1), enabled=False, attributes={"name": "x", "email": "y"}))
    found = {each.field: (each.before, each.after) for each in changes(before, after)}
    assert found == {
        "enabled": (True, False),
        "attribute email": ("user-1@example.com", "y"),
        "attribute name": (None, "x"),
        "second factors": (["EMAIL_OTP"], None),
        "preferred second factor": ("EMAIL_OTP", None),
        "attribute email_verified": ("true", None),
    }


def test_each_user_is_put_to_the_questions_of_the_scan() -> None:
    people: list[tuple[User | None, list[Membership]]] = [
        (person(1), [Membership("1", "staff"), Membership("1", "guests")]),
        (person(2), []),
        (person(3, enabled=False), []),
        (person(4, status=Status.EXTERNAL_PROVIDER), [Membership("4", "staff")]),
        (person(5, mfa=("EMAIL_OTP",)), []),
        (None, [Membership("6", "staff")]),
    ]
    rows = replace(ROWS, facts=replace(BY_NAME, mfa="OPTIONAL"))
    seen = look(people, rows, run())
    assert (seen.users, seen.federated, seen.by_csv, seen.by_api) == (5, 1, 3, 1)
    assert (seen.memberships, seen.updates, seen.billed) == (2, 3, 3)
    assert dict(seen.why_api) == {EMAIL_MFA: 1}
    assert look(people, rows, run(UserLane="csv")).refused == 1
    assert look(people, rows, run(UserLane="api")).by_api == 4
    assert look(people, rows, run(Memberships="ON_SIGN_IN")).memberships == 0


def test_the_slowest_category_sets_the_pace() -> None:
    seconds, pace = duration(Seen(users=1000, by_csv=1000, updates=90_000, memberships=90_000), PLAN)
    assert "22.5 requests a second" in pace
    assert seconds == pytest.approx(90_000 / 22.5 + 91_000 / 60 / 27)
    assert "27 a second" in duration(Seen(users=1000, by_api=1000), PLAN)[1]
    assert "35 a second" in duration(Seen(users=1000, by_csv=1000), PLAN)[1]
    assert duration(Seen(), PLAN)[0] == 0


class Large(Backup):
    """A backup of as many users in each shard; which shards are read is noted."""

    def __init__(self, each: int) -> None:
        self.each = each
        self.read: list[str] = []

    def items(self, partition: str, consistent: bool = False) -> Any:
        raise NotImplementedError

    def groups(self) -> Any:
        yield Group("staff")

    def users_with_groups(self, shard: str) -> Any:
        self.read.append(shard)
        return [(person(number), []) for number in range(self.each)]


def test_of_a_large_backup_some_shards_stand_for_all() -> None:
    backup = Large(4)
    export = {"counts": {"users": {"listed": 64 * 20_000}}}
    found = outlook(backup, ROWS, run(), export, PLAN)
    assert not found.exact
    assert len(backup.read) == len(SHARDS) / 64
    assert found.seen.users == found.seen.by_csv == 4 * len(SHARDS)
    whole = outlook(Large(1), ROWS, run(), {"counts": {"users": {"listed": 256}}}, PLAN)
    assert (whole.exact, whole.seen.users, whole.groups) == (True, 256, 1)
    assert scaled(Seen(users=3), 2.5).users == 8


def test_a_pool_that_is_not_there_yet_takes_rows_by_its_captured_schema() -> None:
    entries = [{"Name": name, "AttributeDataType": "String", "Mutable": True} for name in ("sub", "email")]
    document = {"Id": "us-east-1_Old", "Name": "people", "SchemaAttributes": entries}
    captured = Captured({"CONFIG": PoolConfiguration("CONFIG", document)})
    rows, left_out = rows_of_new_pool(captured, NewPool("people", "eu-west-1", "", {}, "custom:old"))
    assert set(rows.header) == {"email", "custom:old", MFA_ENABLED, USERNAME}
    assert (rows.facts.mfa, left_out) == ("OFF", [])


@pytest.mark.parametrize(("terminal", "said"), [(True, "2/3"), (False, "Users read: 3 of about 3")])
def test_long_readings_say_how_far_they_are(
    monkeypatch: pytest.MonkeyPatch, terminal: bool, said: str
) -> None:
    monkeypatch.setattr("cli.terminal.counting.QUIET_SECONDS", 0.0)
    shown, result = StringIO(), StringIO()
    output = Output(
        console=Console(file=result), errors=Console(file=shown, force_terminal=terminal, width=80)
    )
    with counted(output, "Users read", 3) as advance:
        advance(2)
        if not terminal:
            advance(1)
    assert said in shown.getvalue()
    assert not result.getvalue()


def test_the_defaults_are_the_template_s() -> None:
    parameters = source()["Parameters"]
    assert {name: str(parameters[name]["Default"]) for name in defaults.DEFAULTS} == dict(defaults.DEFAULTS)
