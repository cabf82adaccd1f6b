"""The ImportWorkflow's input from the command line's options."""

from __future__ import annotations

from pathlib import Path

import pytest

from cli.imports.input import OPTIONS, ImportAsked, arn_map_of, in_options
from cli.problems import WrongUse
from lifeboat.restore.import_input import EXPECTED

OLD, NEW = "arn:aws:iam::123456789012:role/old=x", "arn:aws:iam::123456789012:role/new"


def test_every_key_of_the_input_has_its_option() -> None:
    assert OPTIONS.keys() == EXPECTED.keys()


def test_options_become_the_input() -> None:
    asked = ImportAsked(
        create_pool="people",
        lane="CSV",
        arns=[f"{OLD}={NEW}"],
        source_sub_attribute="custom:old",
        accept_differences=True,
        on_demand=True,
        memberships="on-sign-in",
    )

    assert asked.typed() == {
        "CreateUserPool": {"PoolName": "people"},
        "UserLane": "csv",
        "ArnMap": {OLD: NEW},
        "SourceSubAttribute": "custom:old",
        "AcceptDifferences": True,
        "OnDemand": True,
        "Memberships": "ON_SIGN_IN",
    }
    assert ImportAsked(pool="eu-west-1_AbCdEf123").typed() == {"NewUserPoolId": "eu-west-1_AbCdEf123"}


@pytest.mark.parametrize(
    ("asked", "says"),
    [
        (ImportAsked(), "--pool: missing"),
        (ImportAsked(pool="people"), "--pool: expected the id of an empty user pool"),
        (
            ImportAsked(pool="eu-west-1_A", create_pool="x"),
            "--create-pool: cannot be given together with --pool",
        ),
        (ImportAsked(resume="yesterday"), "--resume: expected the id of an earlier import"),
        (ImportAsked(create_pool="x", as_of="yesterday"), "--as-of: names no moment"),
        (ImportAsked(create_pool="x", as_of="2026-11-21T08:00:00"), "--as-of: names no zone"),
        (ImportAsked(create_pool="x", lane="fast"), '--lane: expected "auto", "csv" or "api"'),
        (ImportAsked(create_pool="x", memberships="later"), "--memberships: expected"),
        (
            ImportAsked(create_pool="x", as_of="2026-11-21T08:00:00Z", on_demand=True),
            "--on-demand: cannot be given together with --as-of",
        ),
        (ImportAsked(create_pool="x", arns=["a=b"]), "--map: expected OLD=NEW"),
        (
            ImportAsked(create_pool="x", arn_file=Path("/nowhere/at/all")),
            "--map-file: /nowhere/at/all cannot",
        ),
    ],
)
def test_what_cannot_be_is_refused_in_the_words_of_the_command_line(asked: ImportAsked, says: str) -> None:
    with pytest.raises(WrongUse) as refused:
        asked.typed()

    assert says in refused.value.message
    assert refused.value.exit_status == 2
    assert refused.value.remedy
    for key in ("NewUserPoolId", "CreateUserPool", "AsOf"):
        assert key not in refused.value.message


@pytest.mark.parametrize(
    "content", [f'{{"{OLD}": "{NEW}"}}', f"# roles\n\n{OLD}={NEW}\n"], ids=["JSON", "lines"]
)
def test_arns_come_from_a_file_too_and_options_win(tmp_path: Path, content: str) -> None:
    file = tmp_path / "arns"
    file.write_text(content)

    assert arn_map_of((), file) == {OLD: NEW}
    assert arn_map_of((f"{OLD}={NEW}-2",), file) == {OLD: f"{NEW}-2"}


def test_a_file_of_something_else_is_refused(tmp_path: Path) -> None:
    file = tmp_path / "arns"
    file.write_text('{"a": 1}')

    with pytest.raises(WrongUse, match="no JSON object of ARNs"):
        arn_map_of((), file)


def test_a_message_of_the_workflow_speaks_of_options() -> None:
    assert (
        in_options('go on with the input {"Resume": "x"}') == "go on with `lifeboat import --resume x --wait`"
    )
    assert in_options('accept it with "AcceptDifferences": true') == "accept it with --accept-differences"
    assert (
        in_options("AsOf: lies in the future; leave AsOf out")
        == "--as-of: lies in the future; leave --as-of out"
    )
