"""The report in a real browser: on a desk, on a phone, in the dark, on paper, and without scripts."""

from __future__ import annotations

import re
from typing import Any

import pytest
from playwright.sync_api import Page, expect

from lifeboat.restore.page.tables import MOST_ROWS
from tests.browser.desk import Desk, Scheme
from tests.browser.samples import IMPORT_ID, PLANTED, report

PHONE, TABLET, DESKTOP = 360, 800, 1280
PORTION = 100

ALL_WIDTHS = pytest.mark.parametrize("width", [PHONE, TABLET, DESKTOP])

CONTRAST = """
() => {
  const luminance = (color) => {
    const [r, g, b] = color.match(/[\\d.]+/g).slice(0, 3).map((part) => {
      const share = part / 255;
      return share <= 0.03928 ? share / 12.92 : ((share + 0.055) / 1.055) ** 2.4;
    });
    return 0.2126 * r + 0.7152 * g + 0.0722 * b;
  };
  const behind = (element) => {
    for (let each = element; each; each = each.parentElement) {
      const color = getComputedStyle(each).backgroundColor;
      if (!/, 0\\)$/.test(color) && color !== "transparent") return color;
    }
    return "rgb(255, 255, 255)";
  };
  const faint = new Set();
  const walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
  while (walker.nextNode()) {
    const element = walker.currentNode.parentElement;
    if (!walker.currentNode.textContent.trim() || element.closest("script, svg")) continue;
    if (!element.checkVisibility()) continue;
    const [one, other] = [luminance(getComputedStyle(element).color), luminance(behind(element))];
    const ratio = (Math.max(one, other) + 0.05) / (Math.min(one, other) + 0.05);
    if (ratio < 4.5) faint.add(`${element.tagName}.${element.className} ${ratio.toFixed(2)}`);
  }
  return [...faint];
}
"""
"""What is written with less contrast than WCAG 2.2 asks for (1.4.3, level AA)."""


def shown(page: Page, section: str) -> list[str]:
    """The texts of the rows of a section's table."""
    return page.locator(f"#{section} .list tbody tr").all_inner_texts()


def subs(page: Page, section: str) -> list[str]:
    return page.locator(f"#{section} .list td.code").all_inner_texts()


@ALL_WIDTHS
@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_it_fits_every_screen_and_can_be_read(desk: Desk, width: int, scheme: Scheme) -> None:
    page = desk.open(report(), {}, width, scheme)
    page.locator("#names").check()
    page.locator("details").evaluate_all("all => all.forEach(each => { each.open = true })")
    overflow = page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth")
    assert overflow <= 0
    assert page.evaluate(CONTRAST) == []
    background = page.evaluate("getComputedStyle(document.body).backgroundColor")
    assert (background == "rgb(255, 255, 255)") == (scheme == "light")
    # and every chart is drawn as wide as its place
    for chart in page.locator("svg.track, .plot svg").all():
        box = chart.bounding_box()
        assert box is not None
        assert 80 < box["width"] <= width


def test_it_says_at_once_how_it_ended_and_what_to_do(desk: Desk) -> None:
    page = desk.open(report())
    expect(page.locator("h1")).to_contain_text("Import incomplete")
    expect(page.locator("#next")).to_contain_text(f"lifeboat import --resume {IMPORT_ID} --wait")
    page = desk.open(report(failed=0, different=0))
    expect(page.locator("h1")).to_contain_text("Import succeeded")
    expect(page.locator("#next")).to_contain_text("Forgot password")
    assert page.locator("#failed").count() == 0


def test_every_part_has_a_name_and_an_order_for_those_who_cannot_see_it(desk: Desk) -> None:
    page = desk.open(report())
    expect(page.get_by_role("main")).to_be_visible()
    expect(page.get_by_role("navigation", name="Contents")).to_be_visible()
    assert [heading.inner_text() for heading in page.get_by_role("heading", level=1).all()] != []
    for link in page.get_by_role("navigation").get_by_role("link").all():
        target = link.get_attribute("href")
        assert target is not None
        assert page.locator(target).count() == 1
    for table in page.locator("table").all():
        assert table.locator("caption").count() == 1
        assert table.locator("thead th:not([scope=col])").count() == 0
    for plot in page.locator(".plot svg").all():
        assert plot.get_attribute("role") == "img"
        assert plot.locator("title").text_content()
    assert page.locator("svg:not([role=img]):not([aria-hidden=true])").count() == 0


def test_a_table_is_searched(desk: Desk) -> None:
    page = desk.open(report(failed=250))
    search = page.locator("#failed").get_by_role("searchbox", name="Search")
    said = page.locator("#failed output")
    expect(said).to_have_text(f"the first {PORTION} shown")
    search.fill("aliasEXISTS")
    expect(said).to_have_text("84 of 250 found")
    assert all("AliasExistsException" in row for row in shown(page, "failed"))
    search.fill("nothing like this")
    expect(said).to_have_text("0 of 250 found")
    assert shown(page, "failed") == []
    search.fill("")
    assert len(shown(page, "failed")) == PORTION


def test_a_table_is_sorted_from_the_keyboard(desk: Desk) -> None:
    content = report(failed=30)
    page = desk.open(content)
    header = page.locator("#failed").get_by_role("columnheader", name="Sub")
    header.get_by_role("button").focus()
    page.keyboard.press("Enter")
    expect(header).to_have_attribute("aria-sort", "ascending")
    wanted = sorted(entry["sub"] for entry in content["failed"])
    assert set(subs(page, "failed")) == set(wanted)
    first, last = subs(page, "failed")[0], subs(page, "failed")[-1]
    page.keyboard.press("Enter")
    expect(header).to_have_attribute("aria-sort", "descending")
    assert (subs(page, "failed")[-1], subs(page, "failed")[0]) == (first, last)


def test_numbers_are_sorted_as_numbers(desk: Desk) -> None:
    page = desk.open(report())
    section = page.locator("#not-restorable")
    section.get_by_role("button", name="Users").click()
    section.get_by_role("button", name="Users").click()
    counts = section.locator(".list").first.locator("td.n").all_inner_texts()
    numbers = [int(count.replace(",", "")) for count in counts if count != "unknown"]
    assert numbers == sorted(numbers, reverse=True)
    assert len(numbers) > 3


def test_a_long_table_is_shown_in_portions(desk: Desk) -> None:
    page = desk.open(report(failed=250))
    failed = page.locator("#failed")
    failed.get_by_role("button", name="Show 100 more").click()
    assert len(shown(page, "failed")) == 2 * PORTION
    failed.get_by_role("button", name="Show all 250").click()
    assert len(shown(page, "failed")) == 250
    expect(failed.locator(".more")).to_be_hidden()


def test_without_scripts_everything_is_there(desk: Desk) -> None:
    page = desk.open(report(failed=250), {}, scripts=False)
    assert len(shown(page, "failed")) == 250
    expect(page.locator(".tools").first).to_be_hidden()
    assert page.locator("#course .plot svg path.line").count() == 3
    page.locator("#names").check()
    expect(page.locator("#failed th.name")).to_be_visible()


def test_usernames_are_shown_only_when_they_are_switched_on(desk: Desk) -> None:
    content = report()
    names = {content["failed"][0]["sub"]: PLANTED}
    page = desk.open(content, names)
    switch, name = page.get_by_label("Show usernames"), page.get_by_role("cell", name=PLANTED)
    search = page.locator("#failed").get_by_role("searchbox")
    expect(name).to_be_hidden()
    search.fill("lovelace")
    assert shown(page, "failed") == []
    switch.focus()
    page.keyboard.press("Space")
    assert len(shown(page, "failed")) == 1
    expect(name).to_be_visible()
    switch.uncheck()
    search.fill("")
    expect(page.locator("#failed td.name").first).to_be_hidden()


def test_there_is_nothing_personal_in_it_unless_it_is_given(desk: Desk) -> None:
    page = desk.open(report())
    assert page.locator("#names, .name").count() == 0
    assert not re.search(r"[\w.]+@[\w.]+", page.content())


def test_on_paper_it_is_light_and_has_no_buttons(desk: Desk) -> None:
    page = desk.open(report(failed=250), scheme="dark")
    page.emulate_media(media="print")
    assert page.evaluate("getComputedStyle(document.body).color") == "rgb(27, 31, 36)"
    assert page.evaluate(CONTRAST) == []
    expect(page.locator("nav")).to_be_hidden()
    expect(page.locator("#failed .tools")).to_be_hidden()
    expect(page.locator("#failed .more")).to_be_hidden()
    assert page.pdf().startswith(b"%PDF")


def test_the_pace_can_be_read_under_the_pointer(desk: Desk) -> None:
    page = desk.open(report())
    page.locator(".plot svg").first.hover()
    readout = page.locator(".readout")
    expect(readout).to_contain_text("users settled")
    assert page.locator(".cursor[d]").count() == 2
    page.locator("h1").hover()
    expect(readout).to_have_text("")


def test_a_report_of_very_many_failures_stays_usable(desk: Desk) -> None:
    page = desk.open(report(users=2_000_000, failed=MOST_ROWS + 5_000, different=MOST_ROWS), {}, PHONE)
    failed = page.locator("#failed")
    expect(failed).to_contain_text("5,000 more are in the JSON report.")
    assert page.locator("tr").count() < 1_000, "no more is laid out than is looked at"
    failed.get_by_role("searchbox").fill("never handled")
    expect(failed.locator("output")).to_contain_text(f"{MOST_ROWS // 3:,} of {MOST_ROWS:,} found")
    failed.get_by_role("searchbox").fill("")
    page.set_viewport_size({"width": DESKTOP, "height": 900})
    failed.get_by_role("button", name="Reason").click()
    assert len(shown(page, "failed")) == PORTION


@pytest.mark.parametrize("change", [{"rates": []}, {"timeline": []}, {"kinds": {}}])
def test_it_does_without_what_an_older_report_does_not_have(desk: Desk, change: dict[str, Any]) -> None:
    older = {name: value for name, value in report().items() if name not in change}
    page = desk.open(older)
    expect(page.locator("h1")).to_contain_text("incomplete")
    expect(desk.open({**report(), **change}).locator("h1")).to_contain_text("incomplete")
