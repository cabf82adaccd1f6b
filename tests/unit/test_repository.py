"""Rules that hold for the repository as a whole: which way imports point, and what stands where."""

import ast
import re
import shlex
import subprocess
from collections.abc import Iterable, Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
PACKAGE = ROOT / "layers/lifeboat/lifeboat"
FUNCTIONS = ROOT / "functions"
LOCKS = (ROOT / "requirements.txt", ROOT / "layers/lifeboat/requirements.txt")

FOUNDATION = "foundation"
"""The modules that lie directly in the package: model, errors, pacing, settings, telemetry and the like."""

MAY_IMPORT = {
    FOUNDATION: {FOUNDATION},
    "aws": {"aws", FOUNDATION},
    "cognito": {"cognito", "aws", FOUNDATION},
    "store": {"store", "aws", FOUNDATION},
    "export": {"export", "cognito", "store", "aws", FOUNDATION},
    "restore": {"restore", "cognito", "store", "aws", FOUNDATION},
    "sync": {"sync", "cognito", "store", "aws", FOUNDATION},
    "drill": {"drill", "cognito", "store", "aws", FOUNDATION},
    "functions": {"export", "restore", "sync", "drill", FOUNDATION},
}
"""From each part to the parts it may import; a part that is not here may import nothing."""

SPEAK_TO_AWS = {"aws", "cognito", "store"}
"""The parts in which boto3 and botocore live."""

LONGEST_APP = 60
"""Lines of an app.py: parse, one call into the package, return."""


def modules(*folders: Path) -> list[Path]:
    return sorted(path for folder in folders for path in folder.rglob("*.py"))


def tree(path: Path) -> ast.Module:
    return ast.parse(path.read_text(), filename=str(path))


def imported(path: Path) -> Iterator[str]:
    """Everything a module imports, wherever in it, as dotted names: `from a import b` is a.b."""
    for node in ast.walk(tree(path)):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{path}: relative import"
            yield from (f"{node.module}.{alias.name}" for alias in node.names)


def uses(path: Path, *dotted: str) -> bool:
    """Whether a module imports or names any of these, such as `os.environ`."""
    named = {
        f"{node.value.id}.{node.attr}"
        for node in ast.walk(tree(path))
        if isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name)
    }
    return not named.union(imported(path)).isdisjoint(dotted)


def part_of(path: Path) -> str:
    """Which part of the code a file belongs to: a key of MAY_IMPORT."""
    if path.is_relative_to(FUNCTIONS):
        return "functions"
    folders = path.relative_to(PACKAGE).parts[:-1]
    return folders[0] if folders else FOUNDATION


def part_named(module: str) -> str | None:
    """Which part of the code an imported name belongs to; None for other people's code."""
    first, *rest = module.split(".")
    if first in ("functions", "local", "cli", "tests", "benchmarks"):
        return first
    if first != "lifeboat":
        return None
    return rest[0] if rest and (PACKAGE / rest[0]).is_dir() else FOUNDATION


def relative(paths: Iterable[Path]) -> list[str]:
    return [str(path.relative_to(ROOT)) for path in paths]


def test_imports_point_one_way() -> None:
    wrong = [
        f"{path.relative_to(ROOT)} imports {module}"
        for path in modules(PACKAGE, FUNCTIONS)
        for module in imported(path)
        if (part := part_named(module)) and part not in MAY_IMPORT.get(part_of(path), set())
    ]
    assert wrong == []


def test_every_part_of_the_package_has_its_place_in_the_order() -> None:
    folders = {path.name for path in PACKAGE.iterdir() if path.is_dir() and path.name != "__pycache__"}
    assert folders <= MAY_IMPORT.keys()


def test_boto3_is_spoken_in_three_folders_only() -> None:
    wrong = [
        f"{path.relative_to(ROOT)} imports {module}"
        for path in modules(PACKAGE, FUNCTIONS)
        for module in imported(path)
        if module.split(".")[0] in ("boto3", "botocore") and part_of(path) not in SPEAK_TO_AWS
    ]
    assert wrong == []


def test_the_environment_is_read_in_settings_only() -> None:
    readers = [
        path
        for path in modules(PACKAGE, FUNCTIONS)
        if uses(path, "os.environ", "os.environb", "os.getenv", "os.getenvb")
    ]
    assert relative(readers) == relative([PACKAGE / "settings.py"])


def test_nothing_sleeps_but_the_pacing_a_purge_and_the_watch_over_an_import() -> None:
    sleepers = [path for path in modules(PACKAGE, FUNCTIONS) if uses(path, "time.sleep")]
    waiting = ("aws/queues.py", "drill/patience.py", "pacing.py", "restore/progress.py")
    assert relative(sleepers) == relative(PACKAGE / each for each in waiting)


def test_every_function_is_one_short_app() -> None:
    folders = sorted(path for path in FUNCTIONS.iterdir() if path.is_dir() and path.name != "__pycache__")
    assert folders
    for folder in folders:
        assert re.fullmatch(r"[a-z]+(_[a-z]+)+", folder.name), f"{folder.name} is not verb_noun"
        assert relative(modules(folder)) == [f"functions/{folder.name}/app.py"]
        app = folder / "app.py"
        assert len(app.read_text().splitlines()) <= LONGEST_APP, f"functions/{folder.name}/app.py is long"
        defined = {node.name for node in tree(app).body if isinstance(node, ast.FunctionDef)}
        assert "handler" in defined, f"functions/{folder.name}/app.py has no handler"


def test_the_commands_in_the_readme_exist() -> None:
    targets = set(re.findall(r"^([a-z][a-z-]*):", (ROOT / "Makefile").read_text(), re.MULTILINE))
    code = re.findall(r"```.*?```|`[^`\n]+`", (ROOT / "README.md").read_text(), re.DOTALL)
    commands = {command for text in code for command in re.findall(r"\bmake ([a-z][a-z-]*)", text)}
    assert {"demo", "test"} <= commands
    assert commands <= targets


def test_every_make_target_is_explained() -> None:
    makefile = (ROOT / "Makefile").read_text()
    declared = re.search(r"^\.PHONY: (.+)$", makefile, re.MULTILINE)
    assert declared
    explained = re.findall(r"^([a-z][a-z-]*):.*  ## \S", makefile, re.MULTILINE)
    assert sorted(declared[1].split()) == sorted(explained)


def test_make_redrive_is_the_command_line_s() -> None:
    order = ["make", "--dry-run", "redrive", "STACK=people", "REGION=eu-west-1"]
    shown = subprocess.run(order, cwd=ROOT, capture_output=True, text=True, check=True).stdout
    (line,) = (line for line in shown.splitlines() if " -m cli " in line and "exec" not in line)
    command = shlex.split(line.partition(" -m cli ")[2])
    assert command == ["failed", "--redrive", "--stack", "people", "--region", "eu-west-1"]


@pytest.mark.parametrize("lock", LOCKS, ids=relative(LOCKS))
def test_a_lock_pins_everything_by_hash_and_names_no_index(lock: Path) -> None:
    text = lock.read_text()
    assert "://" not in text
    assert re.findall(r"^-.*", text, re.MULTILINE) == []
    requirements = re.findall(r"^[A-Za-z0-9].*(?:\n    --hash.*)*", text, re.MULTILINE)
    assert requirements
    for requirement in requirements:
        assert re.match(r"[A-Za-z0-9._-]+==[^ ]+ .*--hash=sha256:[0-9a-f]{64}", requirement, re.DOTALL)


@pytest.mark.parametrize("lock", LOCKS, ids=relative(LOCKS))
def test_a_lock_holds_what_was_asked_for(lock: Path) -> None:
    assert pins(lock.with_suffix(".in")).items() <= pins(lock).items()


def test_development_and_the_layer_have_the_same_versions() -> None:
    development, layer = (pins(lock) for lock in LOCKS)
    assert layer.items() <= development.items()


def pins(requirements: Path) -> dict[str, str]:
    """The exact versions in a requirements file, by name; extras and markers aside."""
    lines = requirements.read_text().splitlines()
    found = [re.match(r"([A-Za-z0-9._-]+)(?:\[[^]]*\])?==([^ ;\\]+)", line) for line in lines]
    return {match[1].lower().replace("_", "-"): match[2] for match in found if match}
