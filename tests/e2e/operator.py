"""Somebody on call, who types what the pages say: each command is run on the embedded AWS as it is shown."""

from __future__ import annotations

import io
import json
import re
import shutil
from collections.abc import Callable, Sequence
from contextlib import redirect_stderr, redirect_stdout
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from botocore.model import ListShape, Shape, StructureShape

from cli.app import main
from tests.cli.documented import IMPORT, MOMENT, NEW_POOL, POOL, ROOT, SUB
from tests.e2e.world import BACKUP, World

VARIABLE = re.compile(r"\$\{?([A-Z_]+)\}?")
SAME = {"--wait": 1, "--yes": 1, "--region": 2, "--stack": 2}
"""Options that change nothing on the embedded AWS, and how many words they take."""

UNKNOWN = "an error that this command does not know"


@dataclass(frozen=True, slots=True)
class Said:
    """What a command printed and how it ended."""

    words: tuple[str, ...]
    status: int
    text: str

    @property
    def line(self) -> str:
        return " ".join(self.words)


@dataclass
class Operator:
    """Runs commands in `desk`, a folder with the repository's samconfig.toml.

    `moment` is what the example's moment stands for, `sub` what its sub does. Whatever else the commands
    need, such as the id of the last import, is looked up.
    """

    world: World
    desk: Path
    sub: str
    moment: str = ""
    variables: dict[str, str] = field(default_factory=dict)
    said: list[Said] = field(default_factory=list)

    def type(self, words: Sequence[str]) -> Said:
        """Run one command line."""
        runs: dict[str, Callable[[list[str]], tuple[int, str]]] = {
            "lifeboat": self._lifeboat,
            "aws": self._aws,
            "export": self._export,
            "make": self._make,
            "sam": self._sam,
            "cp": self._copy,
        }
        filled = [self._filled(word, words) for word in words]
        status, text = runs[filled[0]](filled[1:])
        said = Said(tuple(words), status, text)
        self.said.append(said)
        return said

    def typed(self, words: Sequence[str]) -> bool:
        """Whether the same has been typed already, save for options that make no difference here."""
        return any(_kept(said.words) == _kept(words) for said in self.said)

    # -- what stands on the pages for what only an account has ------------------------------------------

    def _filled(self, word: str, words: Sequence[str]) -> str:
        word = VARIABLE.sub(lambda found: self.variables.get(found[1], found[0]), word)
        word = word.replace(POOL, self.world.deployment.user_pool_id)
        word = word.replace(SUB, self.sub).replace(MOMENT, self.moment)
        if IMPORT in word:
            word = word.replace(IMPORT, self.last_import())
        if NEW_POOL in word:
            fills = words[0] == "lifeboat" and words[1] in ("import", "preflight")
            word = word.replace(NEW_POOL, self.world.empty_pool() if fills else self.restored_pool())
        return word

    def imports(self) -> list[dict[str, Any]]:
        """The entries of the imports, drills aside, in the order in which they began."""
        drills = {str(entry.get("import_id", "")) for entry in self.world.items("DRILL", BACKUP)}
        entries = [entry for entry in self.world.items("IMPORT", BACKUP) if entry["sk"] not in drills]
        return sorted(entries, key=lambda entry: str(entry["started_at"]))

    def last_import(self) -> str:
        return str(self.imports()[-1]["sk"])

    def restored_pool(self) -> str:
        return str(self.imports()[-1]["user_pool_id"])

    # -- the programs -----------------------------------------------------------------------------------

    def _lifeboat(self, words: list[str]) -> tuple[int, str]:
        local = ["--local", "--local-dir", str(self.world.aws.state_dir)]
        region = self.variables.get("AWS_DEFAULT_REGION")
        if region and "--region" not in words:
            local += ["--region", region]
        out = io.StringIO()
        with redirect_stdout(out), redirect_stderr(out):
            status = main([*words, *local])
        text = out.getvalue()
        assert "Traceback" not in text, text
        assert UNKNOWN not in text, f"{words}: {text}"
        return status, text

    def _aws(self, words: list[str]) -> tuple[int, str]:
        """The AWS CLI's way to write a request, for the few commands that the runbook needs."""
        service, operation, *given = words
        options: dict[str, list[str]] = {}
        for word in given:
            if word.startswith("--"):
                options[word.removeprefix("--")] = values = []
            else:
                values.append(word)
        region = options.pop("region", [""])[0]
        client = self.world.client(service, region)
        method = operation.replace("-", "_")
        takes = client.meta.service_model.operation_model(
            client.meta.method_to_api_mapping[method]
        ).input_shape
        members = {re.sub(r"(?<!^)(?=[A-Z])", "-", name).lower(): name for name in takes.members}
        request = {
            members[name]: _value(takes.members[members[name]], values) for name, values in options.items()
        }
        answer = getattr(client, method)(**request)
        return 0, json.dumps(answer, default=str)

    def _export(self, words: list[str]) -> tuple[int, str]:
        name, _, value = words[0].partition("=")
        self.variables[name] = value
        return 0, ""

    def _make(self, words: list[str]) -> tuple[int, str]:
        """`make setup` has made the interpreter that runs this."""
        assert words == ["setup"]
        return 0, ""

    def _sam(self, words: list[str]) -> tuple[int, str]:
        """What `sam` does was done when this world was made, by the same template (local/deployment.py)."""
        config = (self.desk / "samconfig.toml").read_text("utf-8")
        assert words == ["build"] or f"[{words[-1]}.deploy.parameters]" in config
        return 0, ""

    def _copy(self, words: list[str]) -> tuple[int, str]:
        shutil.copy(self.desk / words[0], self.desk / words[1])
        return 0, ""


def _kept(words: Sequence[str]) -> list[str]:
    left, kept = list(words), []
    while left:
        number = SAME.get(left[0], 0)
        kept += left[: 0 if number else 1]
        left = left[max(1, number) :]
    return kept


def _value(shape: Shape, values: list[str]) -> Any:
    """An option's value as the API takes it: JSON, the short form of structures, or a word."""
    if shape.type_name == "boolean":
        return True
    if isinstance(shape, ListShape) and isinstance(shape.member, StructureShape):
        return [dict(part.split("=", 1) for part in value.split(",")) for value in values]
    if isinstance(shape, ListShape):
        return values
    return values[0]


def desk(folder: Path) -> Path:
    """A folder to type in, with the repository's configuration."""
    shutil.copy(ROOT / "samconfig.toml", folder)
    return folder
