"""The linters of CloudFormation and SAM have nothing to say, before and after the transform."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

from tests.template.reading import REGIONS, TEMPLATE, transformed


def run(tmp_path: Path, script: str, *arguments: str) -> str:
    """What a script of this environment prints; it must succeed."""
    environment = {
        **os.environ,
        "AWS_DEFAULT_REGION": REGIONS["primary"],
        "SAM_CLI_TELEMETRY": "0",
        "__SAM_CLI_APP_DIR": str(tmp_path / "sam"),
    }
    done = subprocess.run(
        [Path(sys.executable).with_name(script), *arguments],
        env=environment,
        check=False,
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def test_cfn_lint_finds_nothing(tmp_path: Path) -> None:
    assert run(tmp_path, "cfn-lint", "--regions", *REGIONS.values(), "--template", str(TEMPLATE)) == ""


def test_cfn_lint_finds_nothing_after_the_transform(tmp_path: Path) -> None:
    template = transformed()
    path = tmp_path / "transformed.json"
    path.write_text(json.dumps(template), "utf-8")
    assert run(tmp_path, "cfn-lint", "--regions", *REGIONS.values(), "--template", str(path)) == ""


def test_sam_validate_finds_nothing(tmp_path: Path) -> None:
    assert "is a valid SAM Template" in run(
        tmp_path, "sam", "validate", "--lint", "--template-file", str(TEMPLATE)
    )
