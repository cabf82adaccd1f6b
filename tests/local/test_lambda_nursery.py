"""What the functions' processes are forked from."""

import json
import subprocess
import sys

from local.function_processes import INHERITED
from local.lambda_nursery import LOOKED_AT, WHOLE
from local.processes import REPOSITORY, clean_environment

NOTING = """
import json, os, sys
from local import lambda_nursery

class Noting(type(os.environ)):
    def __getitem__(self, name):
        looked_at.add(name)
        return super().__getitem__(name)

looked_at = set()
os.environ.__class__ = Noting
lambda_nursery.import_modules()
json.dump({"looked_at": sorted(looked_at), "modules": sorted(sys.modules)}, sys.stdout)
"""
"""Imports what a nursery does, and notes the names of the variables that are looked at."""

OF_THE_INTERPRETER = ("PYTHON", "_PYTHON")
"""How the variables begin that no function has."""


def test_no_variable_matters_to_what_is_imported_but_those_that_a_nursery_has() -> None:
    layer = REPOSITORY / "layers/lifeboat"
    done = subprocess.run(
        [sys.executable, "-c", NOTING],
        cwd=REPOSITORY,
        env=clean_environment(PYTHONPATH=f"{layer}:{REPOSITORY}"),
        check=True,
        capture_output=True,
        text=True,
    )
    found = json.loads(done.stdout)
    looked_at = [name for name in found["looked_at"] if name not in INHERITED]
    assert [name for name in looked_at if not name.startswith((*LOOKED_AT, *OF_THE_INTERPRETER))] == []
    assert "POWERTOOLS_SERVICE_NAME" in looked_at
    assert {f"{package}.settings" for package in WHOLE} <= set(found["modules"])
