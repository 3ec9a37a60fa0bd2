"""Families as runs write them down: five of every day, and one that somebody made up."""

FAMILIES = [
    {
        "name": name,
        "title": title,
        "colour": colour,
        "marker": marker,
        "models": [{"name": key, "title": words} for key, words in models.items()],
    }
    for name, title, colour, marker, models in (
        ("markov", "Markov chain", "#0072B2", "o", {"markov": "Markov chain"}),
        ("hmm", "HMM", "#009E73", "s", {"hmm": "HMM", "hmm-sticky": "Sticky HMM"}),
        (
            "window",
            "window",
            "#E69F00",
            "^",
            {
                "logistic": "Logistic window",
                "ridge": "Ridge window",
                "linear-svm": "Linear SVM window",
                "rbf-svm": "RBF SVM window",
                "mlp": "MLP window",
                "logistic-centred": "Centred window",
            },
        ),
        (
            "recurrent",
            "recurrent",
            "#D55E00",
            "D",
            {
                "elman": "Elman",
                "jordan": "Jordan",
                "gru": "GRU",
                "lstm": "LSTM",
                "bilstm": "LSTM both ways",
            },
        ),
        ("reference", "reference", "#595959", "X", {"exact": "Exact machine"}),
        ("oracles", "oracle at Delphi", "#8e2bb0", "h", {"smoke": "Smoke", "mirrors": "Mirrors"}),
    )
]
