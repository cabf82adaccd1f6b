"""The pictures of the README: the command line and the report, of a pool that is lost and restored.

Run by `make screenshots`, on an embedded AWS of its own. While the import runs, two users are deleted from
the new pool and one is changed there, so that the report has something to tell.
"""

import argparse
import sys
import threading
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final, Literal

from playwright.sync_api import Browser, ViewportSize
from rich.console import Console

from local.browser import chromium
from local.deployment import STATE_DIR, Deployment, deploy_both
from local.embedded import EmbeddedAws
from local.front_control import FrontControl
from local.narration import Narrator
from local.people import create_pool, create_roles, fill, population
from local.processes import REPOSITORY, clean_environment
from local.terminal import Shown, picture, run
from local.workflows import Workflow

WORK_DIR: Final = STATE_DIR / "screenshots"
IMAGES: Final = REPOSITORY / "docs/images"
COLUMNS: Final = 104
LARGEST: Final = 200_000
"""Bytes of a picture at most: the README has several."""

LOOK_SECONDS: Final = 1.0

Scheme = Literal["light", "dark"]

DESKTOP: Final[ViewportSize] = {"width": 1120, "height": 1150}
PHONE: Final[ViewportSize] = {"width": 390, "height": 1150}


@dataclass(frozen=True, slots=True)
class Pictures:
    """Takes the pictures of a running embedded AWS, in which both stacks are deployed."""

    embedded: EmbeddedAws
    deployment: Deployment
    narrator: Narrator
    browser: Browser
    folder: Path

    def take(self) -> None:
        """Export, look at the status, lose the Region, import, look at the report."""
        backup = self.deployment.backup.region
        with self.narrator.step("Export"):
            self._command("export", "--wait")
        with self.narrator.step("lifeboat status"):
            self._draw("status", "lifeboat status", self._command("status").last)
        FrontControl(self.embedded.cognito_endpoint_url).set_available(self.deployment.primary.region, False)
        pool_id = create_pool(self.embedded.client("cognito-idp", backup), "people")
        with self.narrator.step("lifeboat import"):
            meddling = threading.Thread(target=self._meddle, args=[pool_id], daemon=True)
            meddling.start()
            given = ("--region", backup, "import", "--pool", pool_id, "--yes", "--wait")
            shown = self._command(*given, expected=1)
            screen = shown.when(lambda text: "users" in text and "/s" in text)
            self._draw("import", f"lifeboat import --pool {pool_id} --wait", screen)
        with self.narrator.step("lifeboat report"):
            file = WORK_DIR / "report.html"
            self._command("--region", backup, "report", "--no-open", "--output", str(file))
            self._photograph(file, "report", DESKTOP, "light")
            self._photograph(file, "report-charts", DESKTOP, "dark", "#course")
            self._photograph(file, "report-phone", PHONE, "light")

    def _command(self, *arguments: str, expected: int = 0) -> Shown:
        """Run a command of the command line in a terminal. Raises RuntimeError for another exit status."""
        where = ["--local", "--local-dir", str(self.embedded.state_dir)]
        environment = clean_environment(PYTHONPATH=f"{REPOSITORY}:{REPOSITORY / 'layers/lifeboat'}")
        shown = run([sys.executable, "-m", "cli", *where, *arguments], environment, COLUMNS)
        if shown.status != expected:
            raise RuntimeError(f"{' '.join(arguments)} ended with {shown.status}:\n{shown.last}")
        return shown

    def _meddle(self, pool_id: str) -> None:
        """Once half of the users are there, delete two and change one, as somebody might."""
        stack = self.deployment.backup
        ledger = Workflow(self.embedded, stack.region, "", stack.outputs["BackupTableName"], "IMPORT")
        waiting = threading.Event()
        while not _half_way(ledger.entries()):
            waiting.wait(LOOK_SECONDS)
        cognito = self.embedded.client("cognito-idp", stack.region)
        names = [user["Username"] for user in cognito.list_users(UserPoolId=pool_id, Limit=3)["Users"]]
        for name in names[:2]:
            cognito.admin_delete_user(UserPoolId=pool_id, Username=name)
        cognito.admin_update_user_attributes(
            UserPoolId=pool_id, Username=names[2], UserAttributes=[{"Name": "locale", "Value": "tlh"}]
        )

    def _draw(self, name: str, title: str, screen: str) -> None:
        """A screen of a terminal as a picture."""
        page = self.browser.new_page(viewport={"width": 1400, "height": 900})
        page.set_content(f'<body style="margin:0">{picture(screen, title, COLUMNS)}')
        page.locator("svg").first.screenshot(path=self._file(name), omit_background=True)
        page.close()
        self._check(name)

    def _photograph(
        self, file: Path, name: str, size: ViewportSize, scheme: Scheme, anchor: str = ""
    ) -> None:
        """What a window shows of a page, from its beginning or from a section on."""
        page = self.browser.new_page(viewport=size, color_scheme=scheme)
        page.goto(f"{file.as_uri()}{anchor}")
        page.screenshot(path=self._file(name))
        page.close()
        self._check(name)

    def _file(self, name: str) -> Path:
        return self.folder / f"{name}.png"

    def _check(self, name: str) -> None:
        size = self._file(name).stat().st_size
        if size > LARGEST:
            raise RuntimeError(f"{name}.png has {size:,} bytes, more than {LARGEST:,}")


def _half_way(entries: Sequence[Mapping[str, Any]]) -> bool:
    """Whether the last import has brought half of its users back."""
    progress: Mapping[str, Any] = entries[-1].get("progress", {}) if entries else {}
    return bool(progress.get("expected")) and 2 * progress["settled"] >= progress["expected"]


def main(arguments: Sequence[str] | None = None) -> int:
    """Take all pictures anew."""
    parser = argparse.ArgumentParser(prog="python -m local.screenshots", description=__doc__)
    parser.add_argument("--users", type=int, default=1_200)
    parser.add_argument("--memberships", type=int, default=1_500)
    parser.add_argument("--output", type=Path, default=IMAGES, help="folder of the pictures")
    given = parser.parse_args(arguments)
    given.output.mkdir(parents=True, exist_ok=True)
    people = population(given.users, 12, given.memberships, seed=1)
    narrator = Narrator(Console())
    with chromium() as browser, EmbeddedAws(WORK_DIR, seed=1) as embedded:
        cognito = embedded.client("cognito-idp", "us-east-1")
        with narrator.step("Build, deploy to both Regions, fill a pool"):
            pool_id = create_pool(cognito, "people")
            deployment = deploy_both(embedded, pool_id)
            create_roles(embedded.client("iam", "us-east-1"), people)
            fill(cognito, pool_id, people)
        Pictures(embedded, deployment, narrator, browser, given.output).take()
    return 0


if __name__ == "__main__":
    sys.exit(main())
