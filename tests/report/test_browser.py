"""Reports in a real browser: Debian's chromium, headless."""

import csv
import io
import re
import xml.etree.ElementTree as ET
from pathlib import Path

import pytest
from browsing import audit, opened
from playwright.sync_api import Page


def texts(page: Page, selector: str) -> list[str]:
    return page.eval_on_selector_all(selector, "cells => cells.map(cell => cell.textContent)")


def test_tables_sort_by_a_click_on_their_heading(browser, report_folder):

    def seconds(page):
        # what is shown has units, which do not sort as numbers do
        cells = page.locator("#tab-costs tbody td:nth-child(4)").all()
        assert all(cell.text_content().endswith("s") for cell in cells)
        return [float(cell.get_attribute("data-v")) for cell in cells]

    with opened(browser, report_folder) as page:
        before = seconds(page)
        heading = page.locator("#tab-costs th").nth(3)
        heading.locator("button").click()
        assert seconds(page) == sorted(before)
        assert heading.get_attribute("aria-sort") == "ascending"
        heading.locator("button").click()
        assert seconds(page) == sorted(before, reverse=True)
        assert before != sorted(before)


def test_tables_filter_by_words(browser, report_folder):
    with opened(browser, report_folder) as page:
        bar = page.locator('.tools[data-for="tab-trials"]')
        bar.locator("input").fill("lstm  echo")
        left = texts(page, "#tab-trials tbody tr:not([hidden])")
        assert left
        assert all("LSTM" in row and "echo" in row for row in left)
        assert (
            bar.locator("output").text_content()
            == f"{len(left)} of {page.locator('#tab-trials tbody tr').count()} rows"
        )
        bar.locator("input").fill("")
        assert page.locator("#tab-trials tbody tr[hidden]").count() == 0


def test_lines_can_be_hidden_and_shown(browser, report_folder):
    with opened(browser, report_folder) as page:
        figure = page.locator("#f-skill_by_distance")
        chip = figure.locator(".chip", has_text="Window")
        lines = figure.locator(f'[data-series="{chip.get_attribute("data-toggles")}"]')
        panels = figure.locator(".panel").count()
        assert lines.count() >= panels
        assert lines.first.is_visible()
        chip.click()
        assert chip.get_attribute("aria-pressed") == "false"
        assert not any(line.is_visible() for line in lines.all())
        chip.click()
        assert lines.first.is_visible()


def saved(page: Page, selector: str) -> tuple[str, str]:
    with page.expect_download() as download:
        page.locator(selector).click()
    return download.value.suggested_filename, Path(download.value.path()).read_text(encoding="utf-8")


def test_figures_are_saved_as_svg_that_needs_no_page(browser, report_folder):
    with opened(browser, report_folder, color_scheme="dark") as page:
        page.locator("#f-skill_by_distance .chip", has_text="Window").click()
        name, text = saved(page, '.tools[data-figure="f-skill_by_distance"] button:text("Save as SVG")')
    assert name == "skill_by_distance.svg"
    root = ET.fromstring(text)
    assert root.tag == "{http://www.w3.org/2000/svg}svg"
    assert "var(" not in text
    assert 'data-series="Markov' in text
    assert 'data-series="Window' not in text
    # it carries the legend of what it shows, above the panels
    words = {text.text: float(text.get("y")) for text in root.findall("{http://www.w3.org/2000/svg}text")}
    assert any("Markov" in name for name in words)
    assert not any("Window" in name for name in words)
    panels = [float(p.get("y")) for p in root.findall("{http://www.w3.org/2000/svg}svg") if p.get("x") == "0"]
    assert max(words.values()) < min(panels)


def test_files_of_figures_are_whole_where_they_are_opened(browser, report_folder):
    page = browser.new_page()
    for path in sorted((report_folder / "figures").glob("*.svg")):
        page.goto(path.as_uri())
        cut = page.evaluate(
            """() => {
                const whole = document.documentElement.getBoundingClientRect();
                return [...document.querySelectorAll("svg svg text")]
                    .filter((text) => {
                        const box = text.getBoundingClientRect();
                        return box.right > whole.right + 1 || box.bottom > whole.bottom + 1;
                    })
                    .map((text) => text.textContent);
            }"""
        )
        assert cut == [], path.name
    page.close()


def test_the_numbers_of_a_figure_are_saved_as_csv(browser, report_folder):
    with opened(browser, report_folder) as page:
        page.locator("#f-skill_by_distance summary").click()
        name, text = saved(page, '.tools[data-for="num-skill_by_distance"] button')
    rows = list(csv.DictReader(io.StringIO(text)))
    assert name == "skill_by_distance.csv"
    assert {row["task"] for row in rows} == {"echo", "lag-chain"}
    assert all(-2 < float(row["skill"]) < 2 for row in rows)


@pytest.mark.parametrize("name", ["report_folder", "hostile_folder", "hostile_comparison", "hostile_file"])
def test_a_phone_needs_no_scrolling_to_the_side(browser, request, name):
    with opened(browser, request.getfixturevalue(name), width=390) as page:
        assert page.evaluate("document.documentElement.scrollWidth") == 390


def test_an_accessibility_audit_finds_nothing(browser, small_folder):
    with opened(browser, small_folder, color_scheme="light") as page:
        for details in page.locator("details:not(.fold) > summary").all():
            details.click()
        assert audit(page) == []
        # the dark page differs in colours alone
        page.emulate_media(color_scheme="dark")
        assert audit(page, ["color-contrast"]) == []


def test_everything_is_there_without_script(browser, report_folder):
    with opened(browser, report_folder, java_script_enabled=False) as page:
        assert page.locator(".panel svg").count() > 10
        assert page.locator("#tab-trials tbody tr").count() > 50
        assert page.locator(".tools").first.is_hidden()
        assert page.locator("#h-verdict").is_visible()


def test_the_page_can_be_made_dark_by_hand_and_prints_light(browser, report_folder):
    with opened(browser, report_folder, color_scheme="light") as page:
        background = "getComputedStyle(document.body).backgroundColor"
        light = page.evaluate(background)
        page.locator(".theme").click()
        assert page.evaluate(background) != light
        page.emulate_media(media="print")
        assert page.evaluate(background) == light
        assert page.locator("nav").is_hidden()
        assert page.pdf().startswith(b"%PDF")


def test_words_of_a_figure_do_not_overlap(browser, report_folder):
    script = """panels => panels.flatMap(panel => {
        const boxes = [...panel.querySelectorAll("text")].map(t => [t.textContent,
        t.getBoundingClientRect()]); const hits = [];
        boxes.forEach(([a, p], i) => boxes.slice(i + 1).forEach(([b, q]) => {
            const x = Math.min(p.right, q.right) - Math.max(p.left, q.left);
            const y = Math.min(p.bottom, q.bottom) - Math.max(p.top, q.top);
            if (x > 2 && y > 3) hits.push(`${panel.closest("figure").id}: ${a} / ${b}`);
        }));
        return hits;
    })"""
    with opened(browser, report_folder) as page:
        assert page.eval_on_selector_all(".panel", script) == []


@pytest.mark.parametrize(
    ("name", "figure", "title"),
    [
        ("hostile_folder", "skill_by_distance", "<script>window.hacked = 1</script>"),
        ("hostile_comparison", "contest", "Which model for <script>window.hacked = 1</script>?"),
        (
            "hostile_file",
            "contest",
            "Which model for <svg onload=alert(7)> {{ 7 * 7 }} =1+1 '\"?",
        ),
    ],
)
def test_hostile_names_run_nothing(browser, request, name, figure, title):
    with opened(browser, request.getfixturevalue(name)) as page:
        assert page.evaluate("window.hacked") is None
        for button in page.locator("th button:visible").all()[:12]:
            button.click()
        assert page.evaluate("window.hacked") is None
        assert page.title() == title
        page.locator(f"#f-{figure} summary").click()
        _, text = saved(page, f'.tools[data-for="num-{figure}"] button')
        _, picture = saved(page, f'.tools[data-figure="f-{figure}"] button:text("SVG")')
    ET.fromstring(picture)
    cells = [cell for row in csv.reader(io.StringIO(text)) for cell in row]
    assert not [c for c in cells if c.startswith(("=", "+", "@")) or re.match(r"-\D|-\d+[^\d.]", c)]
