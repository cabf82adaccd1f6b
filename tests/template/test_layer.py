"""The layer's Makefile installs what is locked, for Lambda, and leaves out what is not needed."""

from __future__ import annotations

import ast
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from tests.template.reading import ROOT

LAYER = ROOT / "layers/lifeboat"

FAKE_PYTHON = f"""#!{sys.executable}
# Stands in for `python -m pip install … --target FOLDER`: writes down how it was called, and makes a
# folder as pip would.
import sys
from pathlib import Path

site = Path(sys.argv[sys.argv.index("--target") + 1])
Path("called").write_text("\\n".join(sys.argv[1:]))
for name in (
    "bin/jp.py",
    "boto3/data/ec2/2016-11-15/resources-1.json",
    "boto3/data/s3/2006-03-01/resources-1.json",
    "boto3-1.0.dist-info/METADATA",
    "boto3-1.0.dist-info/RECORD",
    "botocore/__pycache__/session.cpython-311.pyc",
    "botocore/data/_retry.json",
    "botocore/data/endpoints.json",
    "botocore/data/partitions.json",
    "botocore/data/sdk-default-configuration.json",
    "botocore/data/ec2/2016-11-15/service-2.json.gz",
    "botocore/data/s3-control/service-2.json.gz",
    *(f"botocore/data/{{service}}/1/service-2.json.gz" for service in SERVICES),
):
    (site / name).parent.mkdir(parents=True, exist_ok=True)
    (site / name).touch()
"""


def services() -> list[str]:
    [found] = re.findall(r"^SERVICES := (.+)$", (LAYER / "Makefile").read_text("utf-8"), re.MULTILINE)
    return str(found).split()


def build(folder: Path, **environment: str) -> tuple[set[str], list[str]]:
    """Build the layer with a stand-in for pip: its files, and how pip was called."""
    layer = folder / "a layer"
    (layer / "lifeboat/__pycache__").mkdir(parents=True)
    (layer / "lifeboat/__init__.py").touch()
    (layer / "lifeboat/__pycache__/model.cpython-311.pyc").touch()
    shutil.copy(LAYER / "Makefile", layer)
    python = folder / "python"
    python.write_text(FAKE_PYTHON.replace("SERVICES", repr(services())), "utf-8")
    python.chmod(0o755)
    artifacts = folder / "built here"
    subprocess.run(
        ["make", "build-LifeboatLayer"],
        cwd=layer,
        env={"PATH": os.environ["PATH"], "ARTIFACTS_DIR": str(artifacts), "PYTHON": str(python)}
        | environment,
        check=True,
        capture_output=True,
    )
    files = {str(each.relative_to(artifacts)) for each in artifacts.rglob("*") if each.is_file()}
    return files, (layer / "called").read_text("utf-8").splitlines()


def test_layer_holds_the_package_and_the_services_it_uses(tmp_path: Path) -> None:
    files, _ = build(tmp_path)
    assert files == {
        "python/boto3-1.0.dist-info/METADATA",
        "python/boto3/data/s3/2006-03-01/resources-1.json",
        "python/botocore/data/_retry.json",
        "python/botocore/data/endpoints.json",
        "python/botocore/data/partitions.json",
        "python/botocore/data/sdk-default-configuration.json",
        "python/lifeboat/__init__.py",
        *(f"python/botocore/data/{service}/1/service-2.json.gz" for service in services()),
    }


def test_pip_installs_hashed_wheels_for_lambda(tmp_path: Path) -> None:
    _, called = build(tmp_path)
    assert called[:3] == ["-m", "pip", "install"]
    assert {"--require-hashes", "--no-deps", "--only-binary=:all:"} <= set(called)
    assert called[called.index("--requirement") + 1] == "requirements.txt"
    assert called[called.index("--python-version") + 1] == "3.13"
    assert "manylinux2014_aarch64" in called


def test_layer_can_be_built_for_the_machine_at_hand(tmp_path: Path) -> None:
    _, called = build(tmp_path, LAYER_PIP_TARGET="--only-binary=:all:")
    assert "--only-binary=:all:" in called
    assert "--platform" not in called
    assert "--python-version" not in called


def test_layer_is_not_built_nowhere() -> None:
    environment = {"PATH": os.environ["PATH"]}
    built = subprocess.run(
        ["make", "build-LifeboatLayer"],
        cwd=LAYER,
        env=environment,
        check=False,
        capture_output=True,
        text=True,
    )
    assert built.returncode != 0
    assert "ARTIFACTS_DIR" in built.stderr


def test_every_client_that_is_made_has_its_service_in_the_layer() -> None:
    made = {
        node.args[0].value
        for path in (LAYER / "lifeboat").rglob("*.py")
        for node in ast.walk(ast.parse(path.read_text("utf-8")))
        if isinstance(node, ast.Call)
        and isinstance(node.func, ast.Attribute)
        and node.func.attr in {"client", "resource"}
        and node.args
        and isinstance(node.args[0], ast.Constant)
    }
    assert made
    assert made <= set(services())


def pins(path: Path) -> dict[str, str]:
    return dict(re.findall(r"^([a-z0-9-]+)==(\S+)", path.read_text("utf-8"), re.MULTILINE))


def test_tests_run_with_the_versions_that_are_deployed() -> None:
    deployed, tested = pins(LAYER / "requirements.txt"), pins(ROOT / "requirements.txt")
    assert deployed
    assert deployed.items() <= tested.items()


@pytest.mark.parametrize("path", ["requirements.txt", "layers/lifeboat/requirements.txt"])
def test_lock_has_a_hash_for_everything_and_no_address(path: str) -> None:
    text = (ROOT / path).read_text("utf-8")
    assert "://" not in text
    assert "--index" not in text
    assert "--find-links" not in text
    requirements = re.split(r"^(?=[a-z0-9])", text, flags=re.MULTILINE)[1:]
    assert requirements
    assert all("--hash=sha256:" in each for each in requirements)
