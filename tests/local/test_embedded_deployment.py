"""Building and deploying with the real SAM CLI."""

import json
import shutil
from pathlib import Path

import pytest

from local.deployment import (
    BACKUP,
    PRIMARY,
    Stack,
    build,
    deploy,
    deploy_settings,
    parameter_overrides,
    quoted,
)
from local.processes import REPOSITORY, EmbeddedAwsError
from tests.local.standin_application import BUILD, SOURCE, Standin


@pytest.fixture
def source(tmp_path: Path) -> Path:
    """Return a copy of the stand-in to change."""
    return shutil.copytree(SOURCE, tmp_path / "source")


def test_it_is_built_once_until_a_source_changes(source: Path, tmp_path: Path) -> None:
    build_dir = tmp_path / "build"
    template = build(source, build_dir)
    first = template.stat().st_mtime_ns
    assert build(source, build_dir) == template
    assert template.stat().st_mtime_ns == first
    (source / "functions" / "probe" / "app.py").write_text("def handler(event, context): ...\n")
    build(source, build_dir)
    built = build_dir / "ProbeFunction" / "app.py"
    assert built.read_text() == "def handler(event, context): ...\n"


def test_a_failed_build_shows_the_end_of_its_log(source: Path, tmp_path: Path) -> None:
    (source / "layers" / "standin" / "Makefile").write_text(
        "build-StandinLayer:\n\t@echo no such thing; false\n"
    )
    with pytest.raises(EmbeddedAwsError, match=r"(?s)sam build failed with exit status 1.*no such thing"):
        build(source, tmp_path / "build")
    with pytest.raises(EmbeddedAwsError, match="sam build failed"):
        build(source, tmp_path / "build")


def test_what_is_known_only_now_replaces_what_samconfig_says() -> None:
    settings = deploy_settings(REPOSITORY, PRIMARY)
    assert settings["region"] == "us-east-1"
    assert deploy_settings(REPOSITORY, BACKUP)["region"] == "eu-west-1"
    parameters = parameter_overrides(settings)
    assert (parameters["StackRole"], parameters["BackupRegion"]) == ("primary", "eu-west-1")
    assert "UserPoolId" not in parameters
    with pytest.raises(EmbeddedAwsError, match="no config environment nowhere"):
        deploy_settings(REPOSITORY, "nowhere")


def test_values_are_quoted_for_sam() -> None:
    assert quoted("ExportSchedule", "rate(1 day)") == 'ExportSchedule="rate(1 day)"'
    assert quoted("Text", 'a "b" \\') == 'Text="a \\"b\\" \\\\"'


def test_stack_json_says_where_everything_is(standin: Standin) -> None:
    content = json.loads((standin.aws.state_dir / "stack.json").read_text())
    assert content == {
        "endpoint_url": standin.aws.endpoint_url,
        "cognito_endpoint_url": standin.aws.cognito_endpoint_url,
        "primary": {
            "stack": standin.deployment.primary.name,
            "region": "us-east-1",
            "user_pool_id": standin.deployment.user_pool_id,
            "outputs": standin.deployment.primary.outputs,
        },
        "backup": {
            "stack": standin.deployment.backup.name,
            "region": "eu-west-1",
            "outputs": standin.deployment.backup.outputs,
        },
    }


def test_a_second_deployment_stands_beside_the_first(standin: Standin) -> None:
    second = deploy_beside(standin, {"BackupTableName": "standin-two", "Note": "two"}, "-two")
    first = standin.deployment.primary
    assert (first.name, second.name) == ("standin-one", "standin-two")
    assert [name for name, value in first.outputs.items() if second.outputs[name] == value] == []
    function = standin.client("lambda").get_function_configuration(
        FunctionName=second.outputs["ProbeFunctionArn"]
    )
    variables = function["Environment"]["Variables"]
    assert (variables["NOTE"], variables["TABLE_NAME"]) == ("two", "standin-two")


def test_a_failed_deployment_is_explained(standin: Standin) -> None:
    with pytest.raises(EmbeddedAwsError, match=r"(?s)sam deploy failed.*'standin-one' already exists"):
        deploy_beside(standin, {"BackupTableName": standin.table}, "-three")


def deploy_beside(standin: Standin, overrides: dict[str, str], stack_suffix: str) -> Stack:
    """Deploy another primary stack into the embedded AWS."""
    return deploy(
        standin.aws,
        PRIMARY,
        overrides=overrides,
        stack_suffix=stack_suffix,
        source_dir=SOURCE,
        build_dir=BUILD,
    )
