import itertools

import pytest

from seqcompare import style


@pytest.mark.parametrize("family", [*style.FAMILIES, "somebody's own"])
def test_words_in_a_familys_colour_can_be_read(family):
    assert style.contrast(style.text_shade(family), style.PAPER) >= 4.5


@pytest.mark.parametrize("family", [*style.FAMILIES, "somebody's own"])
def test_shades_go_from_pale_to_dark_and_the_other_way_on_a_dark_page(family):
    levels = range(style.N_SHADES)
    light = [style.contrast(style.shade(family, k), style.PAPER) for k in levels]
    dark = [style.contrast(style.dark_shade(family, k), style.DARK_PAPER) for k in levels]
    assert light == sorted(light)
    assert dark == sorted(dark)
    assert min(dark[2:]) >= 3


@pytest.mark.parametrize("family", style.FAMILIES)
def test_the_middle_shade_is_the_colour_of_the_family(family):
    assert style.shade(family, 2) == style.FAMILY_COLORS[family].lower()


def test_the_ends_of_the_shades_lie_half_way_to_paper_and_to_ink():
    for level, towards in ((0, style.PAPER), (4, style.INK)):
        for place in (1, 3, 5):
            parts = [
                int(c[place : place + 2], 16) for c in (style.shade("window", level), towards, "#e69f00")
            ]
            assert parts[0] == pytest.approx((parts[1] + parts[2]) / 2, abs=1.5)


def test_contrast_of_black_and_white():
    assert style.contrast("#000000", "#ffffff") == pytest.approx(21)


def test_families_differ_in_colour_and_marker():
    for name in ("FAMILY_COLORS", "FAMILY_MARKERS"):
        values = list(getattr(style, name).values())
        assert all(a != b for a, b in itertools.combinations(values, 2))


def test_a_model_has_the_colour_of_its_family_and_the_shade_of_its_capacity():
    looks = style.model_styles(
        [
            ("small", "markov", "markov", 1),
            ("large", "markov", "markov", 8),
            ("net", "recurrent", "lstm", 32),
            ("simple net", "recurrent", "elman", 32),
        ]
    )
    assert looks["small"].color == style.shade("markov", 0)
    assert looks["large"].color == style.shade("markov", style.N_SHADES - 1)
    assert looks["net"].color == looks["simple net"].color
    assert looks["net"].line != looks["simple net"].line
    assert {look.marker for look in looks.values()} == {"o", "D"}


def test_every_theme_colour_has_one_name():
    codes = [light for light, _, _ in style.theme_colors().values()]
    assert len(set(codes)) == len(codes)


def test_contestants_of_a_family_share_its_colour_and_can_be_told_apart():
    looks = style.contestant_styles(
        [("a", "hmm"), ("b", "hmm"), ("c", "window"), *((f"{k}", "hmm") for k in range(6))]
    )
    assert looks["a"].color == style.family_style("hmm").color
    assert looks["c"].color == style.family_style("window").color
    of_hmm = [look for name, look in looks.items() if name != "c"]
    assert {look.marker for look in of_hmm} == {style.FAMILY_MARKERS["hmm"]}
    assert {look.color for look in of_hmm} == {style.shade("hmm", level) for level in range(style.N_SHADES)}
    assert len({(look.color, look.line) for look in of_hmm}) == 8
