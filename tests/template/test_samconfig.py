"""The configurations deploy what the template takes."""

from __future__ import annotations

import tomllib
from typing import Any

import pytest

from tests.template.reading import ROOT, broken_rules, parameter_problem, source

CONFIG = tomllib.loads((ROOT / "samconfig.toml").read_text("utf-8"))
ENVIRONMENTS = ("primary", "backup", "local-primary", "local-backup")


def deployment(environment: str) -> dict[str, Any]:
    return CONFIG[environment]["deploy"]["parameters"]  # type: ignore[no-any-return]


def overrides(environment: str) -> dict[str, str]:
    return dict(each.split("=", 1) for each in deployment(environment)["parameter_overrides"])


def test_there_are_four_environments() -> None:
    assert CONFIG.keys() - {"version"} == set(ENVIRONMENTS)


@pytest.mark.parametrize("environment", ENVIRONMENTS)
def test_parameters_are_valid_and_complete(environment: str) -> None:
    given = overrides(environment)
    if environment == "local-primary":
        given["UserPoolId"] = "us-east-1_AbCdEf123"  # the pool that `make local` makes
    assert not {name: problem for name, value in given.items() if (problem := parameter_problem(name, value))}
    needed = {name for name, each in source()["Parameters"].items() if "Default" not in each}
    assert needed <= given.keys()
    assert broken_rules(deployment(environment)["region"], given) == []


@pytest.mark.parametrize(("primary", "backup"), [("primary", "backup"), ("local-primary", "local-backup")])
def test_both_stacks_share_table_and_region(primary: str, backup: str) -> None:
    for name in ("BackupTableName", "BackupRegion"):
        assert overrides(primary)[name] == overrides(backup)[name]


@pytest.mark.parametrize("environment", ENVIRONMENTS)
def test_only_a_person_is_asked_to_confirm(environment: str) -> None:
    assert deployment(environment)["confirm_changeset"] is not environment.startswith("local-")
    assert deployment(environment)["capabilities"] == "CAPABILITY_IAM"
    assert deployment(environment)["resolve_s3"] is True


@pytest.mark.parametrize("environment", ENVIRONMENTS)
def test_what_is_built_for_this_machine_stays_on_it(environment: str) -> None:
    build = CONFIG[environment].get("build", {}).get("parameters", {}).get("build_dir")
    if environment.startswith("local-"):
        assert build == ".local/build"
        assert deployment(environment)["template_file"] == f"{build}/template.yaml"
    else:
        assert build is None
        assert "template_file" not in deployment(environment)
