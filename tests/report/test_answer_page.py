"""The answer of a comparison: one object, the same words in every form, and on the first screen of a page."""

import json
import re
import shutil
from pathlib import Path

import matplotlib as mpl
import pytest
from browsing import audit, opened

mpl.use("agg")

import matplotlib.pyplot as plt
from matplotlib.colors import to_hex
from matplotlib.text import Text

import seqcompare
from seqcompare import quantities
from seqcompare.metrics import METRICS
from seqcompare.report.answer.axis import zoomed
from seqcompare.report.answer.tiles import scale_of
from seqcompare.report.figures.skill import FRAME
from seqcompare.report.page import write_report
from seqcompare.report.sweep_answer import reaches as matrix
from seqcompare.report.sweep_answer.picture import draw
from seqcompare.report.sweep_answer.reaches import CANNOT, NOT_LEARNED, ReachCell, Reaches
from seqcompare.results.left_out import OVER_TIME, TOLD_APART, LeftOut, Spent
from seqcompare.style import Palette

GOLDEN = Path(__file__).parents[1] / "golden"
RUNS = ["next", "next-real", "sequence", "sequence-real", "step", "value"]


@pytest.fixture(params=RUNS)
def answer(request):
    return seqcompare.load_run(GOLDEN / f"compare-{request.param}").answer()


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    folder = tmp_path_factory.mktemp("answers") / "step"
    shutil.copytree(GOLDEN / "compare-step", folder)
    write_report(folder)
    return folder


def test_every_form_says_the_same(answer):
    html, markdown, text = answer._repr_html_(), answer.to_markdown(), answer.to_text()
    for tile in answer.sheet.tiles:
        assert f"<b>{tile.value}</b>" in html
        assert tile.value in markdown.replace("\\", "")
        assert tile.value in " ".join(text.split())
    for row in answer.sheet.rows:
        for form in (html, text, answer.to_latex()):
            assert row.score.removesuffix("%") in form
    assert json.loads(json.dumps(answer.to_dict()))["rows"][0]["entry"] == answer.sheet.rows[0].entry


def test_a_terminal_of_80_columns_is_kept_to(answer):
    commands = {offer.command for offer in answer.sheet.offers}
    lines = answer.to_text(80).splitlines()
    assert all(len(line) <= 80 for line in lines if line.strip() not in commands)
    # no line ends within a word
    words = " ".join(note.text for note in answer.sheet.limits).split()
    assert set(words) <= set(answer.to_text(80).split())


@pytest.mark.parametrize("width", [40, 50, 60, 70, 80])
def test_a_number_is_whole_or_left_out_on_a_terminal(answer, width):
    lines = answer.to_text(width).splitlines()
    first = next(i for i, line in enumerate(lines) if line.split()[:1] == ["Family"])
    shown = [line.split() for line in lines[first + 1 : first + 1 + len(answer.sheet.rows)]]
    widest = dict(zip(("score", "interval", "sure", "reach", "parameters"), range(5), strict=True))
    for row, cells in zip(answer.sheet.rows, shown, strict=True):
        whole = " ".join(getattr(row, name) for name in widest).split()
        # names may be cut, and columns left out from the last on
        numbers = [cell for cell in cells if cell in whole]
        assert row.score in numbers
        assert numbers == whole[: len(numbers)]
        assert not any(cell[:1].isdigit() for cell in cells if cell not in numbers)


@pytest.mark.parametrize("name", RUNS)
def test_what_is_counted_in_stands_beside_what_is_compared_by(name):
    run = seqcompare.load_run(GOLDEN / f"compare-{name}")
    good = next(tile for tile in run.answer().sheet.tiles if tile.label == "How good")
    known = {"accuracy", "rmse"} & set(run.summary().dropna(axis=1, how="all")) - {run.answer().metric.name}
    assert bool(known) == bool(re.search(r"chance [\d.]+%? · models are compared by .*\d", good.note))
    words = {"accuracy": r"[\d.]+% right$", "rmse": r"RMSE [\d.]+$"}
    assert all(re.match(words[name], good.value) for name in known)


def test_what_a_budget_left_out_is_said_and_more_is_offered():
    run = seqcompare.load_run(GOLDEN / "compare-next")
    before = run.answer()
    tested = before.sheet.rows[0].entry
    assert not any("budget" in note.text for note in before.sheet.todo)
    run = seqcompare.load_run(GOLDEN / "compare-next")
    left = (LeftOut(tested, "large", OVER_TIME, 0), LeftOut("late", "late 1", OVER_TIME, 0))
    vars(run.result)["spent"] = Spent(90.0, 80.0, 1e9, left, {tested: 3, "late": 1})
    sheet = run.answer().sheet
    # a run that was made in Python goes on in Python
    assert sheet.todo[0].text.endswith("by the same call with budget='6m'.")
    (sure,) = (tile for tile in sheet.tiles if tile.label == "How sure")
    assert sure.note.endswith("; 1 of its own candidates and late were not tried")
    assert "First of all more time would: 2 candidates were over the budget." in str(run.verdict())
    assert re.search(
        rf"Tried were .*{tested} \([^)]*1 of its candidates not to the end\)", sheet.limits[-1].text
    )
    for form in (run.answer().to_markdown(), run.answer().to_text(), run.answer()._repr_html_()):
        assert "6m" in form
        assert "late were not" in " ".join(form.split())
    winner = seqcompare.load_run(GOLDEN / "compare-step").verdict().entry
    named = seqcompare.load_run(GOLDEN / "compare-step")
    left = (LeftOut(winner, "large", OVER_TIME, 0),)
    vars(named.result)["spent"] = Spent(90.0, 80.0, 1e9, left, {winner: 3})
    said = "Another of its own may be better: 1 of its 3 candidates was not tried to the end."
    assert said in str(named.verdict())
    told_apart = (LeftOut(tested, "small", TOLD_APART, 0),)
    assert not Spent(90.0, 80.0, 1e9, told_apart, {tested: 3}).cut_short


def test_bits_and_errors_are_explained_where_they_come_first():
    def good(name):
        tiles = seqcompare.load_run(GOLDEN / f"compare-{name}").answer().sheet.tiles
        return next(tile.note for tile in tiles if tile.label == "How good")

    assert "fewer is better, a coin toss is 1 bit" in good("next")
    assert good("value").startswith("LSTM 32, the best so far · less is better")
    assert scale_of(METRICS["rmse"]) == "less is better, in the unit of the data"
    assert "better" not in good("step")  # of the share that is right, more is


def test_rows_begin_with_what_is_enough_and_end_with_the_floor(answer):
    rows = answer.sheet.rows
    tried = [row for row in rows if row.status != "not tried"]
    assert list(rows[: len(tried)]) == tried
    places = [{"enough": 0, "inferior": 2}.get(row.status, 1) for row in tried if not row.is_reference]
    assert places == sorted(places)
    assert tried[-1].is_reference
    assert {row.entry for row in rows} == set(answer.frame()["entry"])


def test_the_axis_is_zoomed_to_the_models_and_ticks_are_round(answer):
    models = [row.values for row in answer.sheet.rows if not row.is_reference]
    axis = zoomed(models, answer.metric, 0.01)
    best = answer.sheet.rows[0].values["score"]
    assert 0 <= axis.place(best) <= 1
    assert 2 <= len(axis.ticks) <= 5
    for value, words in axis.ticks:
        shown = float(words.rstrip("%").replace("−", "-")) / (100 if "%" in words else 1)
        assert shown == pytest.approx(value)


def test_latex_has_caption_label_and_aligned_decimals(answer):
    text = answer.to_latex()
    assert text.isascii()
    assert re.search(r"\\caption\{.+\}\n\\label\{tab:[a-z0-9-]+\}", text)
    assert "S[table-format" in text
    body = text[text.index("\\midrule") : text.index("\\bottomrule")]
    assert {line.count(" & ") for line in body.splitlines() if "&" in line} == {9}


def test_small_numbers_keep_their_figures():
    assert quantities.keep_figures(0.001879, "0.002") == "0.0019"
    assert quantities.keep_figures(0.4567, "0.457") == "0.457"
    assert quantities.keep_figures(0.0, "0.000") == "0.000"


@pytest.mark.parametrize(
    ("written", "expected"),
    [
        (quantities.percent(0.9766), "97.7%"),
        (quantities.probability(0.0001), "< 0.1%"),
        (quantities.probability(0.99999), "> 99.9%"),
        (quantities.p_value(0.0004), "< .001"),
        (quantities.p_value(0.0301), ".030"),
        (quantities.duration(8.4e-6), "8.4 µs"),
        (quantities.duration(0.9999), "1.0 s"),
        (quantities.duration(7200), "2.0 h"),
        (quantities.size(1200), "1.2 GB"),
        (quantities.count(1234567), "1,234,567"),
        (quantities.about(6512), "6,500"),
    ],
)
def test_a_quantity_has_one_format(written, expected):
    assert written == expected


def test_the_forms_lie_in_the_folder(folder):
    assert json.loads((folder / "answer.json").read_text())["tiles"][0]["value"] == "Markov order 1"
    assert "\\label{tab:" in (folder / "tables/answer.tex").read_text()
    assert (folder / "figures/answer.png").read_bytes()[1:4] == b"PNG"


@pytest.mark.parametrize(("width", "height"), [(1280, 900), (390, 844)])
def test_tiles_and_table_are_on_the_first_screen(browser, folder, width, height):
    with opened(browser, folder, width, unfold=False) as page:
        tiles = [tile.bounding_box() for tile in page.locator(".sq-tile").all()]
        assert len(tiles) == 4
        assert max(box["y"] + box["height"] for box in tiles) < 0.6 * height
        row = page.locator(".sq-table tbody tr").first.bounding_box()
        assert row["y"] + row["height"] < height
        assert page.evaluate("document.documentElement.scrollWidth") == width
        # before anything is unfolded, three screens are enough; a phone has cards in place of rows
        assert page.evaluate("document.documentElement.scrollHeight") < (2 if width > 600 else 4) * height


def test_folds_open_by_key_and_by_link(browser, folder):
    with opened(browser, folder, unfold=False) as page:
        fold = page.locator("#enough > details.fold")
        assert fold.get_attribute("open") is None
        page.locator("#enough > details > summary").focus()
        page.keyboard.press("Enter")
        assert fold.get_attribute("open") is not None
        page.keyboard.press("Enter")
        assert fold.get_attribute("open") is None
        page.locator(".said > summary").click()
        page.locator(".said a", has_text="pairs").first.click()
        assert page.locator("#t-pairs").is_visible()


def test_what_is_pasted_is_copied(browser, folder):
    with opened(browser, folder, unfold=False, permissions=["clipboard-read", "clipboard-write"]) as page:
        for name in ("latex", "methods", "bibtex", "markdown"):
            page.evaluate("document.querySelectorAll('.takes output').forEach(said => said.textContent = '')")
            page.locator(f'[data-copy="paste-{name}"]').click()
            page.locator(".takes output", has_text="copied").wait_for()
            pasted = page.evaluate("navigator.clipboard.readText()")
            assert pasted == page.locator(f"#paste-{name}").text_content()
            assert len(pasted) > 200


def test_a_figure_is_saved_as_a_picture(browser, folder):
    with opened(browser, folder) as page:
        with page.expect_download() as download:
            page.locator('.tools[data-figure="f-cost"] button', has_text="PNG").click()
        assert Path(download.value.path()).read_bytes()[1:4] == b"PNG"


def test_an_audit_of_the_answer_finds_nothing(browser, folder):
    with opened(browser, folder, unfold=False, color_scheme="light") as page:
        for details in page.locator("#verdict details > summary").all():
            details.click()
        assert audit(page) == []
        page.emulate_media(color_scheme="dark")
        assert audit(page, ["color-contrast"]) == []


@pytest.fixture(scope="module")
def swept():
    return seqcompare.load_run(GOLDEN / "sweep").answer()


def test_what_is_reached_not_learned_and_impossible_look_different(swept):
    found = swept.found
    looks = {task: cell.look for task, cell in zip(found.tasks, found.row("Hidden state"), strict=True)}
    assert looks["Recall"] == matrix.NOT_LEARNED
    assert looks["Echo"] == matrix.CANNOT
    assert looks["Adding"] == matrix.NOT_ASKED
    chain = dict(zip(found.tasks, found.row("Chain or autoregression"), strict=True))
    assert (chain["Recall"].words, chain["Recall"].look) == ("≥ 2", matrix.REACHED)
    assert chain["TemporalOrder"].look == matrix.UNKNOWN


def test_the_matrix_of_a_sweep_keeps_to_a_terminal(swept):
    text = swept.to_text(60)
    assert all(len(line) <= 60 for line in text.splitlines())
    assert all(group in text for group in swept.found.groups)
    assert "Chain or autoregression (most often Markov order 2) reaches all" in swept.sentence


def test_the_answer_of_a_sweep_says_the_same_in_every_form(swept):
    frame = swept.frame()
    assert frame.loc["Chain or autoregression", "Recall"] == "≥ 2"
    cells = {(row["best_model_of"], row["task"]): row["reach"] for row in swept.to_dict()["rows"]}
    assert cells == {(group, task): frame.loc[group, task] for group in frame.index for task in frame}
    drawn = [text.get_text() for text in swept.plot().texts]
    assert sorted(drawn) == sorted(frame.to_numpy().ravel())
    for said in (swept.to_markdown(), swept.to_latex(), swept._repr_html_()):
        assert "Temporal" in said
        assert "most often Markov order 2" in said
    assert all(tile.value in repr(swept) for tile in swept.tiles)


def test_what_can_be_asked_is_told_in_a_line_each(swept, capsys):
    for thing in (swept, seqcompare.load_run(GOLDEN / "sweep"), seqcompare.load_run(GOLDEN / "compare-next")):
        thing.help()
        first, *lines = capsys.readouterr().out.splitlines()
        assert first.startswith(f"{type(thing).__name__}: ")
        for line in lines:
            name, said = re.fullmatch(r"  \.(\w+)(?:\(.*\))?: (.+)", line).groups()
            assert hasattr(thing, name)
            assert said.endswith((".", ":"))
    assert "  .model(trusted): Return the model that is enough, fitted to all data." in lines


def test_a_card_says_what_the_model_is_and_no_contents_of_the_data(folder):
    card = (folder / "model_card.md").read_text(encoding="utf-8")
    answer = seqcompare.load_run(folder).answer()
    for tile in answer.sheet.tiles:
        assert f"**{tile.label}**: " in card
    assert f"load_run({str(folder)!r}).model()" in card
    for note in answer.sheet.limits:
        assert note.text.split()[0] in card


@pytest.mark.parametrize("width", [1280, 390])
def test_the_matrix_of_a_sweep_is_on_the_first_screen(browser, report_folder, width):
    with opened(browser, report_folder, width, unfold=False) as page:
        box = page.locator(".sq-reaches tbody tr").first.bounding_box()
        assert box["y"] + box["height"] < 844
        looks = page.eval_on_selector_all(
            ".sq-legend .sq-reach-cell",
            "cells => cells.map(c => { const s = getComputedStyle(c);"
            " return s.backgroundImage + s.backgroundColor + s.borderStyle; })",
        )
        assert len(set(looks)) == len(looks) >= 3
        assert page.evaluate("document.documentElement.scrollHeight") < 8 * 900


@pytest.mark.parametrize("name", [*(f"compare-{name}" for name in RUNS), "sweep"])
def test_no_words_of_a_slide_are_cut_or_lie_on_an_edge(name):
    slide = seqcompare.load_run(GOLDEN / name).answer().slide()
    slide.canvas.draw()
    whole = slide.bbox
    texts = [text for text in slide.findobj(Text) if text.get_visible() and text.get_text()]
    assert len(texts) > 5
    for text in texts:
        box = text.get_window_extent()
        assert whole.x0 <= box.x0 < box.x1 <= whole.x1, text.get_text()
        assert whole.y0 <= box.y0 < box.y1 <= whole.y1, text.get_text()
    for card in [ax for ax in slide.axes if ax.texts and not ax.lines and not ax.patches]:
        for text in card.texts:
            box = text.get_window_extent()
            assert card.bbox.y0 + 2 < box.y0, text.get_text()
            assert box.x1 < card.bbox.x1, text.get_text()
    plt.close(slide)


def test_hatching_and_frames_mean_in_the_matrix_what_they_mean_on_the_map():
    groups = dict.fromkeys(("a", "b"), Palette().style("a"))
    cells = {("a", "t"): ReachCell("< 2", NOT_LEARNED), ("b", "t"): ReachCell("✕ < 2", CANNOT)}
    ax = draw(Reaches(("t",), groups, cells, {}))
    hatched = [patch.get_y() for patch in ax.patches if patch.get_hatch()]
    framed = [round(patch.get_y()) for patch in ax.patches if to_hex(patch.get_edgecolor()) == FRAME]
    assert (hatched, framed) == ([1], [0])
    plt.close(ax.figure)
