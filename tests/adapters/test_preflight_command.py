"""`lifeboat preflight`: what stands in an import's way, and what it would do."""

from __future__ import annotations

import pytest

from lifeboat.aws.executions import Executions
from lifeboat.store.keys import lock_key
from tests.adapters.cockpit import Lifeboat, ago
from tests.adapters.dying import content
from tests.adapters.people import BY_API, BY_CSV, MEMBERSHIPS, RESTORED, into
from tests.adapters.pools import Pool
from tests.adapters.stack import Export, Import, MakePool, Stack, execution


@pytest.fixture
def recent(backup: Stack) -> Stack:
    """A stack with an export of today."""
    Export(ago(3)).run()
    return backup


def test_an_import_that_may_begin_is_told_what_it_will_do(
    recent: Stack, fresh: Pool, lifeboat: Lifeboat
) -> None:
    before = content(recent.table)
    status, said = lifeboat.json("preflight", "--pool", fresh.pool_id)
    assert (status, said["ready"], said["problems"], said["region"]) == (0, True, [], "eu-west-1")
    outlook = said["outlook"]
    assert outlook["exact"]
    assert (outlook["users"], outlook["federated"]) == (RESTORED + 1, 1)
    assert (outlook["by_csv"], outlook["by_api"]) == (len(BY_CSV), len(BY_API))
    assert outlook["memberships"] == MEMBERSHIPS
    assert sum(outlook["why_api"].values()) == len(BY_API)
    # Whom the API creates or changes is billed: of those by import jobs, ann and dee are in groups
    assert outlook["billed_active_users"] == len(BY_API) + 2
    # And what it will do is what it does
    run = Import(recent, into(fresh))
    run.run()
    lanes = run.report()["lanes"]
    assert (lanes["csv"], lanes["api"]) == (outlook["by_csv"], outlook["by_api"])
    assert lanes["why_api"] == outlook["why_api"]
    assert before != content(recent.table)


def test_nothing_is_written(recent: Stack, fresh: Pool, lifeboat: Lifeboat) -> None:
    before = content(recent.table)
    status, text = lifeboat.text("preflight", "--pool", fresh.pool_id)
    assert (status, content(recent.table), fresh.users()) == (0, before, {})
    assert "No problems" in text
    assert f"lifeboat import --pool {fresh.pool_id} --wait" in text


def test_every_problem_is_listed_with_its_remedy_in_the_words_of_the_command(
    recent: Stack, make_pool: MakePool, lifeboat: Lifeboat, monkeypatch: pytest.MonkeyPatch
) -> None:
    pool = make_pool(UsernameAttributes=["email"], AutoVerifiedAttributes=[])
    pool.add("somebody", {"email": "somebody@example.com"})
    recent.updates.send([{"an": "update"}])
    words = ("preflight", "--pool", pool.pool_id, "--lane", "csv", "--source-sub-attribute", "custom:old")
    status, said = lifeboat.json(*words)
    assert (status, said["ready"]) == (1, False)
    problems = "\n".join(said["problems"])
    for part in (
        "--pool: the user pool",
        "or --resume with the id",
        "--lane: the new pool verifies neither",
        "--source-sub-attribute: the new pool's schema lacks",
        "sign-in options",
        "the queue Updates still holds",
    ):
        assert part in problems
    assert "UserLane" not in problems
    status, text = lifeboat.text(*words)
    assert (status, f"{len(said['problems'])} problems" in text, text.count("→")) == (
        1,
        True,
        len(said["problems"]),
    )
    # And an import that is running
    arn, key = execution("ImportWorkflow", "other"), lock_key("import", "eu-west-1")
    lock = {"pk": key.pk, "sk": key.sk, "execution_arn": arn, "run_id": "another"}
    recent.table.put_all([lock])
    monkeypatch.setattr(Executions, "running", lambda *_: True)
    assert any("another is running" in each for each in lifeboat.json(*words)[1]["problems"])
    # Which a drill is not: it gives way
    recent.table.put_all([{**lock, "drill": "a-drill"}])
    assert not any("is running" in each for each in lifeboat.json(*words)[1]["problems"])


def test_a_pool_to_be_created_is_planned(recent: Stack, lifeboat: Lifeboat) -> None:
    status, said = lifeboat.json("preflight", "--create-pool", "people", "--memberships", "on-sign-in")
    assert (status, said["problems"]) == (0, [])
    assert said["outlook"]["users"] == RESTORED + 1
    assert said["outlook"]["by_csv"] == len(BY_CSV)
    # ann's and dee's groups wait for the sign-in
    assert said["outlook"]["memberships"] < MEMBERSHIPS
    status, text = lifeboat.text("preflight", "--create-pool", "two words")
    assert (status, "lifeboat import --create-pool 'two words' --wait" in text) == (0, True)


def test_an_import_is_rehearsed_that_goes_on(recent: Stack, fresh: Pool, lifeboat: Lifeboat) -> None:
    run = Import(recent, into(fresh))
    run.run()
    status, said = lifeboat.json("preflight", "--resume", run.of["ImportId"])
    assert (status, said["resumes"], said["restored_users"]) == (0, run.of["ImportId"], RESTORED)
    assert "8 users are restored already" in lifeboat.text("preflight", "--resume", run.of["ImportId"])[1]


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("--pool", "eu-west-1_AbC", "--create-pool", "x"), "together with"),
        ((), "missing"),
        (("--pool", "eu-west-1_AbC", "--map", "one"), "--map"),
        (("--pool", "eu-west-1_AbC", "--lane", "sideways"), "--lane"),
        (("--resume", "2026-11-21T09:25:21.878Z-86b993c5"), "--resume: there is no import"),
    ],
)
def test_what_cannot_be_an_import_is_bad_use(
    recent: Stack, lifeboat: Lifeboat, words: tuple[str, ...], said: str
) -> None:
    status, text = lifeboat.text("preflight", *words)
    assert (status, said in " ".join(text.split())) == (2, True), text


def test_without_an_export_there_is_one_problem(pool: Pool, lifeboat: Lifeboat) -> None:
    status, said = lifeboat.json("preflight", "--pool", pool.pool_id)
    assert (status, said["outlook"]) == (1, None)
    assert "no completed export" in said["problems"][0]
