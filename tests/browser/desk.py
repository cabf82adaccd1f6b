"""Opens reports in a browser, whose pages may do nothing but be looked at."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any, Literal

from playwright.sync_api import Browser, BrowserContext, Page

from lifeboat.restore.page import page as report_page

Scheme = Literal["light", "dark"]


class Desk:
    """Opens reports, and keeps what their pages asked for or complained of."""

    def __init__(self, browser: Browser, folder: Path) -> None:
        self._browser = browser
        self._folder = folder
        self._contexts: list[BrowserContext] = []
        self.asked: list[str] = []
        self.complaints: list[str] = []

    def open(
        self,
        report: Mapping[str, Any],
        names: Mapping[str, str] | None = None,
        width: int = 1280,
        scheme: Scheme = "light",
        scripts: bool = True,
    ) -> Page:
        """A report's page, from its file, in a window so wide."""
        file = self._folder / f"report-{len(self._contexts)}.html"
        file.write_text(report_page(report, names), "utf-8")
        context = self._browser.new_context(
            viewport={"width": width, "height": 900}, color_scheme=scheme, java_script_enabled=scripts
        )
        context.set_default_timeout(30_000)
        self._contexts.append(context)
        page = context.new_page()
        page.on("request", lambda request: self.asked.append(request.url))
        page.on("console", lambda message: self.complaints.append(f"{message.type}: {message.text}"))
        page.on("pageerror", lambda error: self.complaints.append(str(error)))
        page.goto(file.as_uri())
        return page

    def close(self) -> None:
        for context in self._contexts:
            context.close()
