"""`lifeboat report`: the report of an import as a file, with usernames where they are asked for."""

from __future__ import annotations

import json
import re
import stat
import webbrowser
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import boto3
import pytest

from cli.app import main
from cli.history.usernames import usernames
from lifeboat.store.items import Change, draft_user, history_item
from lifeboat.store.ledger import Ledger
from tests.adapters.pools import SHARD, Pool
from tests.adapters.stack import Import, Stack
from tests.unit.examples import USER

Typed = Callable[..., tuple[int, str]]


@dataclass(frozen=True)
class Session:
    """A session in whose Region CloudFormation knows one stack, by its outputs."""

    aws: boto3.Session
    outputs: Mapping[str, str]

    def client(self, service: str, region: str, **how: Any) -> Any:
        if service == "cloudformation":
            return self
        return self.aws.client(service, region, **how)  # type: ignore[call-overload]

    def resource(self, service: str, region: str, **how: Any) -> Any:
        return self.aws.resource(service, region, **how)  # type: ignore[call-overload]

    def describe_stacks(self, **_: str) -> dict[str, Any]:
        outputs = [{"OutputKey": name, "OutputValue": value} for name, value in self.outputs.items()]
        return {"Stacks": [{"Outputs": outputs}]}


@pytest.fixture
def opened(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """What was opened in the browser."""
    found: list[str] = []

    def note(where: str) -> bool:
        found.append(where)
        return True

    monkeypatch.setattr(webbrowser, "open", note)
    return found


@pytest.fixture
def typed(
    stack: Stack,
    aws: boto3.Session,
    opened: list[str],
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> Typed:
    """`lifeboat report …` in an empty folder: its exit status, and what it printed."""
    monkeypatch.chdir(tmp_path)
    session = Session(aws, {"StackRole": "backup", "BackupTableName": stack.table.name})
    monkeypatch.setattr("cli.connection.boto3", SimpleNamespace(Session=lambda **_: session))

    def type_it(*words: str) -> tuple[int, str]:
        capsys.readouterr()  # the functions' logs
        status = main(["report", *words, "--stack", "lifeboat", "--region", str(aws.region_name)])
        printed = capsys.readouterr()
        return status, printed.out + printed.err

    return type_it


@pytest.fixture
def ended(backup: Stack, fresh: Pool) -> Import:
    """An import that lost ann and changed bob."""
    run = Import(backup, {"NewUserPoolId": fresh.pool_id})
    run.enqueue()
    run.deliver()
    fresh.remove("ann")
    fresh.change("bob", nickname="changed")
    assert not run.end()["Complete"]
    return run


def document(printed: str) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(printed)
    return found


def test_the_last_report_is_written_and_opened(typed: Typed, ended: Import, opened: list[str]) -> None:
    status, said = typed()
    import_id = ended.of["ImportId"]
    [file] = Path.cwd().iterdir()
    assert status == 0
    assert opened == [file.as_uri()]
    assert file.name == f"report-{import_id.replace(':', '-')}.html"
    assert f"lifeboat import --resume {import_id} --wait" in said
    stored = ended.stack.bucket._client.get_object(Bucket="reports", Key=f"imports/{import_id}/report.html")
    assert file.read_text("utf-8") == stored["Body"].read().decode()
    assert "Username" not in file.read_text("utf-8")


def test_usernames_are_in_a_copy_that_was_asked_for_and_nobody_else_can_read_it(
    typed: Typed, ended: Import, opened: list[str]
) -> None:
    file = Path("copy.html")
    file.touch(mode=0o644)
    status, said = typed(ended.of["ImportId"], "--usernames", "--output", "copy.html", "--no-open", "--json")
    assert status == 0
    assert document(said)["users"]["failed"] == 1
    assert document(said)["usernames"] is True
    assert opened == []
    text = file.read_text("utf-8")
    assert '<td class="name">ann</td>' in text
    assert '<td class="name">bob</td>' in text
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    # and none is in what is printed, or in the bucket
    assert not re.search(r"\bann\b", said)
    stored = ended.stack.bucket.get_document(f"imports/{ended.of['ImportId']}/report.json")
    assert '"ann"' not in json.dumps(stored)


def test_the_report_has_the_course_of_the_import(ended: Import) -> None:
    report, entry = ended.report(), Ledger(ended.stack.table, "import").get(ended.of["ImportId"])
    assert entry is not None
    assert [each["phase"] for each in report["timeline"]] == [
        "PREFLIGHT",
        "GROUPS",
        "LISTING",
        "COMPARISON",
        "REPORT",
    ]
    assert report["timeline"] == entry["timeline"]
    assert [each["phase"] for each in report["rates"]] == [each["phase"] for each in entry["rates"]]
    assert {each["phase"] for each in report["rates"]} == {"GROUPS", "LISTING", "COMPARISON"}
    assert (
        sum(counts["in_backup"] for counts in report["kinds"].values())
        == (report["totals"]["users"]["in_backup"])
    )
    assert report["updates_limit"] > 0


@pytest.mark.parametrize(
    ("words", "entry", "status", "said"),
    [
        ((), None, 1, "there was no import yet"),
        (("2026-11-21T09:25:21.878Z-86b993c5",), None, 2, "there is no import 2026-11-21T09:25"),
        ((), {"status": "RUNNING"}, 1, "Watch it with `lifeboat watch an-import`"),
        (("an-import",), {"status": "FAILED", "reason": "ImportStalled: x"}, 1, "ImportStalled: x"),
        ((), {"status": "SUCCEEDED", "report": "s3://reports/gone.json"}, 1, "is not there any more"),
    ],
)
def test_without_a_report_it_says_why_and_what_to_do(
    typed: Typed, stack: Stack, words: tuple[str, ...], entry: dict[str, str] | None, status: int, said: str
) -> None:
    if entry is not None:
        arn = "arn:aws:states:eu-west-1:123456789012:execution:Import:one"
        Ledger(stack.table, "import").begin("an-import", arn, "2026-11-21T09:25:21Z", entry)
    assert said in typed(*words)[1].replace("\n", " ")
    assert typed(*words)[0] == status


def test_a_report_of_an_import_that_goes_on_again_says_so(typed: Typed, ended: Import) -> None:
    Ledger(ended.stack.table, "import").update(ended.of["ImportId"], {"status": "RUNNING"})
    assert "taken up again" in typed("--no-open")[1]
    status, said = typed("--no-open", "--output", "nowhere/report.html")
    assert status == 1
    assert "Name another file with --output" in said


def test_usernames_of_users_whom_the_backup_no_longer_has(stack: Stack) -> None:
    subs = [f"{SHARD}-{number}" for number in range(3)]
    drafts = [draft_user(replace(USER, sub=sub, username=f"name-{sub}")) for sub in subs]
    items = [draft.item("2026-03-01T00:00:00.000Z", Change.ADDED) for draft in drafts]
    gone = history_item(items[1], "2026-03-02T00:00:00.000Z", 35)
    stack.table.put_all([items[0], gone])
    assert usernames(stack.table, subs) == {subs[0]: f"name-{subs[0]}", subs[1]: f"name-{subs[1]}"}
