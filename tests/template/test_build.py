"""`sam build` makes what Lambda runs, on a machine with any Python."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from tests.template.reading import ROOT, resources_of_type

SOURCES = ("functions", "layers", "statemachines")
LARGEST_LAYER = 60_000_000
"""Bytes unzipped. Lambda takes 262,144,000; a layer of 20 MB starts fast."""


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The application as `sam build` makes it for AWS, from a copy of the sources."""
    copy = tmp_path_factory.mktemp("application")
    for name in SOURCES:
        shutil.copytree(ROOT / name, copy / name, ignore=shutil.ignore_patterns("__pycache__", ".mypy_cache"))
    shutil.copy(ROOT / "template.yaml", copy)
    path = os.pathsep.join([str(Path(sys.executable).parent), os.environ["PATH"]])
    environment = {name: value for name, value in os.environ.items() if name != "LAYER_PIP_TARGET"}
    environment |= {
        "PATH": path,
        "SAM_CLI_TELEMETRY": "0",
        "AWS_DEFAULT_REGION": "us-east-1",
        "__SAM_CLI_APP_DIR": str(copy / "sam"),
    }
    done = subprocess.run(
        [Path(sys.executable).with_name("sam"), "build"],
        cwd=copy,
        env=environment,
        check=False,
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stderr
    return copy / ".aws-sam/build"


def test_every_function_is_its_one_file(built: Path) -> None:
    for name in resources_of_type("AWS::Serverless::Function"):
        assert [each.name for each in (built / name).iterdir()] == ["app.py"]


def test_layer_is_for_python_3_13_on_arm64_wherever_it_was_built(built: Path) -> None:
    site = built / "LifeboatLayer/python"
    assert (site / "lifeboat/settings.py").exists()
    libraries = {each.name for each in site.rglob("*.so")}
    assert libraries
    assert all("cpython-313-aarch64-linux-gnu" in each for each in libraries)
    assert not [each for each in site.rglob("*") if each.name in {"__pycache__", "bin", "RECORD"}]


def test_layer_is_small(built: Path) -> None:
    size = sum(each.stat().st_size for each in (built / "LifeboatLayer").rglob("*") if each.is_file())
    assert size < LARGEST_LAYER
