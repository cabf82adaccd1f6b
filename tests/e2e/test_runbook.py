"""A new operator's day, with nothing but README.md and docs/runbook.md: every command in their order.

Deploy, see that all is well, lose the Region, restore, read the report, find three users who failed, mend
and resume. What happens in between, and is nobody's command, is in HAPPENS.
"""

from __future__ import annotations

import json
import os
import threading
import time
import webbrowser
from collections.abc import Callable, Iterator, Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final

import pytest

from cli.connection import DEFAULT_STACK
from local.deployment import deploy_both
from local.embedded import EmbeddedAws
from local.fidelity.run import QUICK_JOBS
from local.people import create_pool, create_roles, fill, population
from tests.cli.documented import FENCE, PAGES, ROOT, Shown, anchor, blocks, examples
from tests.cli.documented import said as as_said
from tests.e2e.operator import Operator, Said, desk
from tests.e2e.world import PRIMARY, World, wait_for

RUNBOOK: Final = ROOT / "docs/runbook.md"
VICTIMS: Final = ("ada", "grace", "linus")
PEOPLE: Final = population(users=30, groups=4, memberships=35, seed=11)

MAY_FAIL: Final = {
    ("fail-over", "lifeboat status"),  # a Region is lost
    ("fail-back", "lifeboat status"),  # an alarm rings on for some minutes
}
FAILS: Final = {
    ("deploy", "lifeboat init"),  # nobody is there to say yes
    ("fail-over", "lifeboat import"),  # three users cannot be restored
    ("fail-over", "lifeboat watch"),
    ("import-failed", "lifeboat failed"),
    ("import-incomplete", "lifeboat failed"),
}
"""Where a command ends with 1, or may, because something is not well; everywhere else it ends with 0."""

LATER: Final = {
    ("import-failed", "lifeboat import"),  # by the next section, when the causes are mended
    ("deploy", "lifeboat drill"),
    ("is-the-backup-good", "lifeboat drill"),
}
"""What is left out, because a later section types the same: these take long."""

ONCE: Final = ("lifeboat drill", "lifeboat export")
"""What takes long and shows nothing new the second time."""


@pytest.fixture(scope="module")
def operator(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Operator]:
    """An embedded AWS with a pool of people, three of them with names that will be taken from them."""
    with EmbeddedAws(tmp_path_factory.mktemp("aws"), seed=3) as aws:
        cognito = aws.client("cognito-idp", PRIMARY)
        pool_id = create_pool(cognito, "people")
        create_roles(aws.client("iam", PRIMARY), PEOPLE)
        fill(cognito, pool_id, PEOPLE)
        subs = [sign_on(cognito, pool_id, name) for name in VICTIMS]
        world = World(aws, deploy_both(aws, pool_id))
        world.front("PUT", "imports", QUICK_JOBS)
        here = Path.cwd()
        place = desk(tmp_path_factory.mktemp("desk"))
        os.chdir(place)
        try:
            yield Operator(world, place, subs[0])
        finally:
            os.chdir(here)


@pytest.fixture(autouse=True)
def pages_opened(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The addresses that a browser was asked to open."""
    opened: list[str] = []

    def note(url: str, *_: object, **__: object) -> bool:
        opened.append(url)
        return True

    monkeypatch.setattr(webbrowser, "open", note)
    return opened


def sign_on(cognito: Any, pool_id: str, name: str) -> str:
    """Make a confirmed user with an unverified address, whom no import job can carry; return the sub."""
    address = [{"Name": "email", "Value": f"{name}@example.com"}]
    made = cognito.admin_create_user(
        UserPoolId=pool_id, Username=name, UserAttributes=address, MessageAction="SUPPRESS"
    )
    cognito.admin_set_user_password(
        UserPoolId=pool_id, Username=name, Password="Ahoy-1-sailor!", Permanent=True
    )
    return next(str(each["Value"]) for each in made["User"]["Attributes"] if each["Name"] == "sub")


# -- what happens to the operator ---------------------------------------------------------------------------


def first_backup(operator: Operator) -> None:
    operator.variables["RANDOM_PASSWORD"] = "Nobody-knows-1!"


def moment_passes(operator: Operator) -> None:
    """The moment that the pages go back to: after the first export."""
    operator.moment = f"{datetime.now(UTC):%Y-%m-%dT%H:%M:%S.%f}"[:-3] + "Z"
    time.sleep(0.01)


def region_lost(operator: Operator) -> None:
    operator.world.region_available(PRIMARY, False)


def impostors_come(operator: Operator) -> None:
    """Three people sign up in the new pool, under names of users who are not restored yet."""
    world = operator.world
    pause = world.consumers_paused()
    pause.__enter__()
    cognito = world.client("cognito-idp")
    before = {pool["Id"] for pool in cognito.list_user_pools(MaxResults=60)["UserPools"]}

    def new_pool() -> str:
        pools = cognito.list_user_pools(MaxResults=60)["UserPools"]
        return next((str(pool["Id"]) for pool in pools if pool["Id"] not in before), "")

    def come() -> None:
        try:
            pool_id = wait_for(new_pool, "the new pool")
            wait_for(lambda: world.depth(world.output("ApiUsersQueueUrl")) >= len(VICTIMS), "users to come")
            app = cognito.create_user_pool_client(UserPoolId=pool_id, ClientName="app")["UserPoolClient"]
            for name in VICTIMS:
                cognito.sign_up(ClientId=app["ClientId"], Username=name, Password="Ahoy-1-impostor!")
        finally:
            pause.__exit__(None, None, None)

    threading.Thread(target=come, daemon=True).start()


def two_impostors_go(operator: Operator) -> None:
    """The runbook shows how to delete one account that stands in the way; here are two more."""
    operator.type(["lifeboat", "failed", "--json"])
    for name in VICTIMS[1:]:
        operator.world.client("cognito-idp").admin_delete_user(
            UserPoolId=operator.restored_pool(), Username=name
        )


def region_back(operator: Operator) -> None:
    operator.world.region_available(PRIMARY, True)


HAPPENS: Final[Mapping[tuple[str, str], Callable[[Operator], None]]] = {
    ("deploy", "make setup"): first_backup,
    ("deploy", "lifeboat status"): moment_passes,
    ("fail-over", "lifeboat status"): region_lost,
    ("fail-over", "lifeboat import"): impostors_come,
    ("import-incomplete", "aws cognito-idp"): two_impostors_go,
    ("drill-overdue", "lifeboat drill"): region_back,
    ("fail-back", "cp samconfig.toml"): region_back,
}
"""What happens before a command of a section, by the command's first two words."""


def section_of(shown: Shown) -> str:
    """The section of the second level that a command belongs to."""
    return PARENTS.get((shown.page, shown.section), shown.section)


def _parents() -> dict[tuple[str, str], str]:
    found: dict[tuple[str, str], str] = {}
    for page in (ROOT / "README.md", RUNBOOK):
        parent = ""
        for line in FENCE.sub("", page.read_text("utf-8")).splitlines():
            if line.startswith("#"):
                name = anchor(line.lstrip("# "))
                parent = name if line.startswith("## ") else parent
                found[(page.name, name)] = parent or name
    return found


PARENTS: Final = _parents()


def story() -> list[Shown]:
    """The README's deployment, then the runbook."""
    deploying = [shown for shown in blocks(ROOT / "README.md") if section_of(shown) == "deploy"]
    return [*deploying, *blocks(RUNBOOK)]


def act(operator: Operator, shown: Shown) -> Said:
    """Type one command of the story, and look at how it ends."""
    place = (section_of(shown), " ".join(shown.words[:2]))
    happens = HAPPENS.get(place)
    if happens is not None:
        happens(operator)
    said = operator.type(shown.words)
    expected = {0, 1} if place in MAY_FAIL else {1} if place in FAILS and failing(shown) else {0}
    assert said.status in expected, f"{shown.section}: {said.line}\n{said.text}"
    stack = operator.world.deployment.primary.name
    lines = [line.replace(DEFAULT_STACK, stack) for line in shown.prints]
    missing = [line for line in lines if not as_said(line, said.text)]
    assert missing == [], f"{shown.section}: {said.line}\n{said.text}"
    return said


def failing(shown: Shown) -> bool:
    """In a section whose commands fail at first: those before the users are mended."""
    return "--redrive" not in shown.words and "--resume" not in shown.words


def test_a_new_operator_gets_through_the_day(operator: Operator, pages_opened: list[str]) -> None:
    seen: dict[tuple[str, str], str] = {}
    for shown in story():
        place = (section_of(shown), " ".join(shown.words[:2]))
        if place in LATER or (place[1] in ONCE and not shown.prints and operator.typed(shown.words)):
            continue
        said = act(operator, shown)
        seen[(section_of(shown), " ".join(shown.words))] = said.text

    assert "GREEN" in seen["deploy", "lifeboat status --region us-east-1"].upper()
    assert pages_opened
    lost = {user["sub"] for name, user in source(operator).items() if name in VICTIMS}
    assert len(lost) == len(VICTIMS)
    assert all(sub in seen["import-incomplete", "lifeboat failed"] for sub in lost)
    found = json.loads(next(said.text for said in operator.said if said.line == "lifeboat failed --json"))
    assert {user["sub"] for user in found["import"]["users"]} == lost
    assert all("already has this username" in user["reason"] for user in found["import"]["users"])
    entries = operator.imports()
    assert any(entry["status"] == "SUCCEEDED" and entry["resumed"] for entry in entries)


def source(operator: Operator) -> dict[str, dict[str, Any]]:
    return operator.world.snapshot(operator.world.deployment.user_pool_id)


def test_every_example_of_the_help_works(operator: Operator) -> None:
    region_back(operator)
    if not operator.moment:
        moment_passes(operator)
    for _, words in examples():
        if operator.typed(words):
            continue
        said = operator.type(words)
        assert said.status in (0, 1), f"{said.line}\n{said.text}"


def test_every_other_command_of_the_pages_works(operator: Operator) -> None:
    done = {"README.md", RUNBOOK.name}
    for page in PAGES:
        for shown in blocks(page):
            if shown.words[0] == "lifeboat" and page.name not in done and not operator.typed(shown.words):
                said = operator.type(shown.words)
                assert said.status in (0, 1), f"{said.line}\n{said.text}"
