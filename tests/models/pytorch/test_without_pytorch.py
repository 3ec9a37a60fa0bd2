"""What is said where PyTorch is not installed."""

import sys

import pytest

from seqcompare import TorchClassifier, TorchTagger


@pytest.mark.parametrize("kind", [TorchClassifier, TorchTagger])
def test_the_extra_is_named_where_pytorch_is_missing(kind, monkeypatch):
    monkeypatch.setitem(sys.modules, "torch", None)
    y = ["u", "v"] if kind is TorchClassifier else ["uvu", "vv"]
    with pytest.raises(
        ImportError, match=r"^networks of your own need PyTorch: pip install 'seqcompare\[torch\]'$"
    ):
        kind(dict).fit(["aba", "bb"], y)
