"""The one look of every figure: a colour and a marker per family, a shade per capacity."""

from __future__ import annotations

# Okabe and Ito (2008), "Color universal design": told apart under every common colour blindness.
FAMILY_COLORS = {
    "markov": "#0072B2",
    "hmm": "#009E73",
    "window": "#E69F00",
    "recurrent": "#D55E00",
    "reference": "#595959",
}
FAMILY_MARKERS = {"markov": "o", "hmm": "s", "window": "^", "recurrent": "D", "reference": "x"}
