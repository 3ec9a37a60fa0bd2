import itertools

import numpy as np
import pytest
from matplotlib.colors import to_rgb

from seqcompare import style
from seqcompare.families import FAMILIES, REFERENCE, SPARE_COLOURS, SPARE_MARKERS
from seqcompare.style import Palette


def described(name, colour="#0072B2", marker="o", title="", models=()):
    return {
        "name": name,
        "title": title or name,
        "colour": colour,
        "marker": marker,
        "models": [{"name": model, "title": model.upper()} for model in models],
    }


BLUE = described("chains", "#0072B2", "o", "chain of links", ["first", "second", "third"])
GREY = described(REFERENCE, "#595959", "X", models=["exact"])
COLORS = ["#0072b2", "#009e73", "#e69f00", "#d55e00", "#595959", "#000000", "#ffff00", "#000080"]
COLORS += [color.lower() for color in SPARE_COLOURS]


@pytest.mark.parametrize("color", COLORS)
def test_words_in_a_familys_colour_can_be_read(color):
    for level in range(style.N_SHADES):
        assert style.contrast(style.text_shade(color, level), style.PAPER) >= 4.5


@pytest.mark.parametrize("color", COLORS)
def test_shades_go_from_pale_to_dark_and_the_other_way_on_a_dark_page(color):
    levels = range(style.N_SHADES)
    light = [style.contrast(style.shade(color, k), style.PAPER) for k in levels]
    dark = [style.contrast(style.dark_shade(color, k), style.DARK_PAPER) for k in levels]
    assert color == "#000000" or light == sorted(light)
    assert dark == sorted(dark)
    assert min(dark[2:]) >= 3


@pytest.mark.parametrize("color", COLORS)
def test_the_middle_shade_is_the_colour_itself(color):
    assert style.shade(color, 2) == color


def test_the_ends_of_the_shades_lie_half_way_to_paper_and_to_ink():
    for level, towards in ((0, style.PAPER), (4, style.INK)):
        for place in (1, 3, 5):
            parts = [
                int(c[place : place + 2], 16) for c in (style.shade("#e69f00", level), towards, "#e69f00")
            ]
            assert parts[0] == pytest.approx((parts[1] + parts[2]) / 2, abs=1.5)


def test_contrast_of_black_and_white():
    assert style.contrast("#000000", "#ffffff") == pytest.approx(21)


def test_a_family_looks_as_it_is_described_and_its_label_begins_with_a_capital():
    palette = Palette([BLUE])
    look = palette.style("chains")
    assert (look.color, look.marker, look.line) == ("#0072b2", "o", "-")
    assert palette.title("chains") == "Chain of links"
    assert palette.model_title("second") == "SECOND"
    assert palette.model_title("nobody's") == "nobody's"


def test_families_that_nobody_described_have_a_look_of_their_own():
    own = [described("mine", SPARE_COLOURS[0], SPARE_MARKERS[0])]
    palette = Palette([BLUE, *own], ["chains", "mine", *(f"strange {k}" for k in range(30))])
    looks = [(look.color, look.marker) for look in palette.values()]
    assert len(palette) == 32
    assert all(a != b for a, b in itertools.combinations(looks, 2))
    assert len({color for color, _ in looks}) == 1 + len(SPARE_COLOURS)
    assert palette.title("strange 3") == "strange 3"


def test_two_families_that_say_the_same_of_themselves_look_different():
    palette = Palette([BLUE, described("copy")])
    assert palette["chains"].color == "#0072b2"
    assert palette["copy"].color != palette["chains"].color


@pytest.mark.parametrize("colour", ["red", "#fff", "#ffffff", "#fefefe", "url(x)", None, "}</style>"])
@pytest.mark.parametrize("marker", ["", "$x$", "nothing", None, "</g>", "None"])
def test_what_is_no_colour_or_marker_is_replaced(colour, marker):
    for family in (described("odd", colour), described("odd", marker=marker)):
        look = Palette([family])["odd"]
        assert (look.color, look.marker) == (SPARE_COLOURS[0].lower(), SPARE_MARKERS[0])


def test_a_model_has_the_colour_of_its_family_and_the_shade_of_its_capacity():
    looks = Palette([BLUE], ["nets"]).model_styles(
        [
            ("small", "chains", "first", 1),
            ("large", "chains", "first", 8),
            ("net", "nets", "deep", 32),
            ("simple net", "nets", "flat", 32),
        ]
    )
    assert looks["small"].color == style.shade("#0072b2", 0)
    assert looks["large"].color == style.shade("#0072b2", style.N_SHADES - 1)
    assert looks["net"].color == looks["simple net"].color
    assert looks["net"].line != looks["simple net"].line
    assert {look.marker for look in looks.values()} == {"o", SPARE_MARKERS[0]}


def test_the_line_of_a_model_is_its_place_in_the_family_whatever_was_run():
    palette = Palette([BLUE])
    rows = [(kind, "chains", kind, 1.0) for kind in ("first", "second", "third", "somebody's")]
    all_of_them = palette.model_styles(rows)
    assert len({look.line for look in all_of_them.values()}) == 4
    assert palette.model_styles(rows[2:3])["third"] == all_of_them["third"]


def test_machines_made_by_hand_have_a_line_that_no_model_has():
    palette = Palette([BLUE, GREY])
    line = palette.style(REFERENCE).line
    assert line not in style.LINES
    assert palette.model_styles([("machine", REFERENCE, "exact", 4.0)])["machine"].line == line


#: How linear red, green and blue are seen without one kind of cones (Machado, Oliveira and Fernandes 2009).
SEEN_WITHOUT = {
    "red": [
        [0.152286, 1.052583, -0.204868],
        [0.114503, 0.786281, 0.099216],
        [-0.003882, -0.048116, 1.051998],
    ],
    "green": [[0.3673, 0.8606, -0.2280], [0.2801, 0.6725, 0.0474], [-0.0118, 0.0429, 0.9689]],
}
TO_XYZ = np.array([[0.4124, 0.3576, 0.1805], [0.2126, 0.7152, 0.0722], [0.0193, 0.1192, 0.9505]])


def lab(color, seen):
    """CIELAB of a colour as it is seen through the matrix `seen`."""
    linear = [p / 12.92 if p <= 0.04045 else ((p + 0.055) / 1.055) ** 2.4 for p in to_rgb(color)]
    ratio = TO_XYZ @ np.clip(np.array(seen) @ linear, 0, 1) / TO_XYZ.sum(axis=1)
    root = np.where(ratio > 0.008856, np.cbrt(ratio), 7.787 * ratio + 16 / 116)
    return np.array([116 * root[1] - 16, 500 * (root[0] - root[1]), 200 * (root[1] - root[2])])


@pytest.mark.parametrize("cones", SEEN_WITHOUT)
def test_no_two_families_look_alike_to_whoever_lacks_a_kind_of_cones(cones):
    palette = Palette([family.describe() for family in FAMILIES.values()], [f"strange {k}" for k in range(4)])
    looks = [palette.style(family) for family in palette]
    assert len({look.marker for look in looks}) == len(looks)
    for one, other in itertools.combinations(looks, 2):
        distance = np.linalg.norm(lab(one.color, SEEN_WITHOUT[cones]) - lab(other.color, SEEN_WITHOUT[cones]))
        assert distance >= 20 or one.line != other.line


def test_lines_go_by_the_place_of_a_family_in_a_run():
    palette = Palette([family.describe() for family in FAMILIES.values()])
    lines = [palette.style(family).line for family in palette][: len(style.LINES)]
    assert len(set(lines)) == len(lines)


def test_every_theme_colour_has_one_name_and_every_family_has_its_shades():
    palette = Palette([BLUE, GREY, described("night", "#191970", "h")], ["somebody's <own>"])
    theme = palette.theme()
    codes = [light for light, _, _ in theme.values()]
    assert len(set(codes)) == len(codes)
    assert all(name.replace("-", "").isalnum() for name in theme)
    for family in palette:
        for level in range(style.N_SHADES):
            assert palette.style(family, level).color in codes


def test_entries_of_a_family_share_its_colour_and_can_be_told_apart():
    palette = Palette([BLUE, GREY])
    looks = palette.entry_styles(
        [("a", "chains"), ("b", "chains"), ("c", REFERENCE), *((f"{k}", "chains") for k in range(6))]
    )
    assert looks["a"].color == palette.style("chains").color
    assert looks["c"].color == palette.style(REFERENCE).color
    mine = [look for name, look in looks.items() if name != "c"]
    assert {look.marker for look in mine} == {"o"}
    assert {look.color for look in mine} == {style.shade("#0072b2", level) for level in range(style.N_SHADES)}
    assert len({(look.color, look.line) for look in mine}) == 8


def deuteranope(color):
    """Return a colour as people without green cones see it (Machado, Oliveira and Fernandes 2009)."""
    part = np.array([int(color[i : i + 2], 16) / 255 for i in (1, 3, 5)])
    linear = np.where(part <= 0.04045, part / 12.92, ((part + 0.055) / 1.055) ** 2.4)
    seen = np.array(
        [[0.367322, 0.860646, -0.227968], [0.280085, 0.672501, 0.047413], [-0.011820, 0.042940, 0.968881]]
    )
    return np.clip(seen @ linear, 0, 1)


def test_nine_families_are_told_apart_without_green_cones():
    described = [
        {"name": family.name, **{k: v for k, v in family.describe().items() if k != "name"}}
        for family in FAMILIES.values()
    ]
    palette = style.Palette(described, [f"mine {k}" for k in range(9 - len(described))])
    looks = list(palette.values())
    assert len(looks) >= 9
    for one, other in itertools.combinations(looks, 2):
        apart = np.abs(deuteranope(one.color) - deuteranope(other.color)).max()
        # what looks alike in colour has a shape of its own
        assert one.marker != other.marker or apart > 0.1, (one, other)
