import os
import re
import runpy
import sys
from html.parser import HTMLParser
from itertools import pairwise

import pandas as pd
import pytest
from hostile import HOSTILE
from invented import CONFIG, MODELS, TASKS, trial_rows, write_run

from seqcompare.report.page import write_report

VOID = {"meta", "br", "img", "input", "hr", "link"}
OPTIONAL_END = {"td", "tr", "th", "li", "p"}


class Page(HTMLParser):
    """The elements of a page, with their attributes and the text in them."""

    def __init__(self, text):
        super().__init__(convert_charrefs=True)
        self.elements, self.open, self.text = [], [], []
        self.feed(text)

    def handle_starttag(self, tag, attrs):
        self.elements.append((tag, dict(attrs)))
        if tag not in VOID:
            self.open.append(tag)

    def handle_startendtag(self, tag, attrs):
        self.elements.append((tag, dict(attrs)))

    def handle_endtag(self, tag):
        while self.open[-1] != tag:
            assert self.open.pop() in OPTIONAL_END
        self.open.pop()

    def handle_data(self, data):
        if not {"script", "style"} & set(self.open):
            self.text.append(data)

    def of(self, tag):
        return [attributes for name, attributes in self.elements if name == tag]


@pytest.fixture(scope="session")
def page(report_folder):
    return Page((report_folder / "report.html").read_text(encoding="utf-8"))


def test_every_form_of_the_report_is_written(report_folder):
    names = {path.relative_to(report_folder).as_posix() for path in report_folder.rglob("*")}
    assert {"report.html", "report.md", "tables/trials.csv", "tables/horizons.tex"} <= names
    for form in ("svg", "png", "csv"):
        assert f"figures/skill_by_distance.{form}" in names


def test_elements_are_closed_in_order(page):
    assert page.open == []


def test_the_page_loads_nothing(report_folder, page):
    text = (report_folder / "report.html").read_text(encoding="utf-8")
    assert "default-src 'none'" in text
    assert not page.of("link")
    assert not page.of("img")
    assert all(not a.get("src") for _, a in page.elements)
    addresses = {a["href"] for _, a in page.elements if "href" in a}
    assert all(address.startswith("#") for address in addresses)
    assert "@import" not in text
    assert "url(http" not in text


def test_ids_are_unique_and_references_lead_somewhere(page):
    ids = [a["id"] for _, a in page.elements if "id" in a]
    assert len(ids) == len(set(ids))
    for name in ("aria-labelledby", "data-for", "data-figure"):
        assert {a[name] for _, a in page.elements if name in a} <= set(ids)
    assert {a["href"][1:] for _, a in page.elements if a.get("href", "").startswith("#")} <= set(ids)


def test_headings_do_not_skip_a_level(page):
    levels = [int(tag[1]) for tag, _ in page.elements if re.fullmatch(r"h[1-6]", tag)]
    assert levels[0] == 1
    assert levels.count(1) == 1
    assert all(after <= before + 1 for before, after in pairwise(levels))


def test_every_figure_says_in_words_what_it_shows(page):
    pictures = [a for _, a in page.elements if a.get("role") == "img"]
    assert len(pictures) == len(page.of("figure"))
    assert all(len(a["aria-label"]) > 20 for a in pictures)


def test_every_trial_is_a_row(report_folder):
    text = (report_folder / "report.html").read_text(encoding="utf-8")
    body = text[text.index('<table id="tab-trials">') :]
    rows = body[: body.index("</table>")].count("<tr>") - 1
    assert rows == len(pd.read_csv(report_folder / "tables/trials.csv"))


def test_the_markdown_shows_figures_that_exist(report_folder):
    text = (report_folder / "report.md").read_text(encoding="utf-8")
    figures = re.findall(r"!\[.+?\]\((.+?)\)", text)
    assert len(figures) >= 8
    assert all((report_folder / name).is_file() for name in figures)


def test_the_same_run_gives_the_same_bytes_and_no_file_is_ever_half_written(report_folder):
    def contents():
        files = [p for p in report_folder.rglob("*") if p.is_file() and not p.name.startswith("store.")]
        return {p.relative_to(report_folder): p.read_bytes() for p in files}

    opened = []

    def hears(event, arguments):
        if event == "open" and str(arguments[0]).startswith(str(report_folder)) and heard:
            opened.append((str(arguments[0]), arguments[2]))

    first, heard = contents(), [True]
    sys.addaudithook(hears)
    write_report(report_folder)
    heard.clear()
    assert contents() == first
    # what is killed leaves the old file or the new one: only drafts are opened to be written
    written = {name for name, flags in opened if flags & (os.O_WRONLY | os.O_RDWR)}
    assert len(written) > 20
    assert all(name.endswith((".tmp", "lock")) for name in written)


def test_a_folder_without_a_run_is_said_to_be_none(tmp_path):
    with pytest.raises(FileNotFoundError, match="holds no run"):
        write_report(tmp_path)


@pytest.mark.parametrize("keep", [0, 1])
def test_a_run_that_has_hardly_begun_has_a_report(tmp_path, keep):
    rows = list(trial_rows(seeds=1))[:keep]
    folder = write_run(tmp_path / "run", rows, {**CONFIG, "n_trials": 9})
    text = write_report(folder).read_text(encoding="utf-8")
    assert f"{keep} of 9 trials are in this report" in text


def test_a_memory_axis_shows_the_capacity_that_bits_need(tmp_path):
    rows = list(trial_rows([MODELS[0], MODELS[2], MODELS[-2]], TASKS[:1], (1, 2, 4), 1))
    for row, _ in rows:
        row |= {"axis": "memory", "memory_bits": float(row["distance"]), "distance": 6}
        row["task_params"] = f'{{"distance": 6, "n_cues": {2 ** int(row["memory_bits"])}}}'
    folder = write_run(tmp_path / "run", rows)
    assert "How much to carry" in write_report(folder).read_text(encoding="utf-8")
    needed = pd.read_csv(folder / "figures/capacity_needed.csv")
    measured = needed[needed["model"] == "Markov chain"].set_index("memory_bits")["measured"]
    assert measured.to_dict() == {1.0: 8.0, 2.0: 8.0, 4.0: 8.0}


def test_failed_trials_are_listed_and_left_out(tmp_path):
    rows = list(trial_rows(MODELS[:2], TASKS[:1], (2, 8), 1))
    failed = rows[0][0]
    failed |= {"status": "error", "error": "out of memory at step 3", "score": None, "skill": None}
    text = write_report(write_run(tmp_path / "run", rows)).read_text(encoding="utf-8")
    assert "1 of 4 trials failed" in text
    assert "out of memory at step 3" in text


HOSTILE_RUNS = ["hostile_folder", "hostile_comparison", "hostile_file"]


@pytest.fixture(params=HOSTILE_RUNS)
def hostile_run(request):
    return request.getfixturevalue(request.param)


def test_hostile_names_are_text_everywhere(hostile_run):
    for path in sorted(hostile_run.rglob("*.svg")):
        assert "<script" not in path.read_text(encoding="utf-8")
    text = (hostile_run / "report.html").read_text(encoding="utf-8")
    page = Page(text)
    assert page.open == []
    assert len(page.of("script")) == 1
    assert len(page.of("style")) == 2
    assert not page.of("img")
    for _, attributes in page.elements:
        assert not [name for name in attributes if name.startswith("on")]
    words = " ".join(page.text)
    # they are there to be read, each as it was written
    assert "{{ 7 * 7 }}" in words
    assert any(name in words for name in ("<script>window.hacked = 1</script>", "<svg onload=alert(7)>"))
    assert not set("\x00\x07\x08\x1b\u202e\u2066\u200b\ufeff") & set(text)
    assert max(map(len, re.findall(r"W+", text))) <= 200


def test_no_table_of_a_hostile_run_holds_a_formula(hostile_run):
    files = [*hostile_run.glob("tables/*.csv"), *hostile_run.glob("figures/*.csv")]
    assert len(files) > 10
    for path in files:
        frame = pd.read_csv(path, dtype=str, keep_default_na=False)
        for text in [*frame.columns, *frame.to_numpy().ravel()]:
            numeric = re.fullmatch(r"-?(\d+\.?\d*(e[+-]?\d+)?|inf)", text)
            assert numeric or not text.lstrip().startswith(("=", "+", "-", "@"))


def test_hostile_markdown_has_no_markup_of_its_own(hostile_run):
    text = (hostile_run / "report.md").read_text(encoding="utf-8")
    assert "<" not in text
    assert not re.search(r"(?<!\\)\]\(javascript", text)
    assert len(HOSTILE) == 20


def test_hostile_latex_is_escaped(hostile_run):
    files = list(hostile_run.glob("tables/*.tex"))
    assert len(files) >= 4
    for path in files:
        text = path.read_text(encoding="utf-8")
        assert text.isascii()
        # outside of the commands of the table itself, nothing that LaTeX would read
        left = re.sub(r"\\(textbackslash|textasciitilde|textasciicircum|[&%$#_{}~^])", "", text)
        assert "input" not in re.findall(r"\\([a-z]+)", left)
        assert not re.search(r"[$#_^~%]", left)


def test_no_name_becomes_code_of_the_snippet(hostile_comparison, monkeypatch, tmp_path):
    monkeypatch.chdir(tmp_path)
    snippet = hostile_comparison / "use_model.py"
    assert "hacked" in snippet.read_text(encoding="utf-8").partition("\n")[0]
    assert len(runpy.run_path(str(snippet))["classes"]) == 1
    assert not (tmp_path / "hacked").exists()
    assert not (hostile_comparison / "hacked").exists()
