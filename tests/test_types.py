"""What editors and type checkers see: the types of everything public, and errors where calls are wrong."""

from pathlib import Path

from numpydoc.docscrape import ClassDoc

import seqcompare
from seqcompare import tasks

STUB = Path(seqcompare.__file__).with_suffix(".pyi")
HEAD = '''"""The public names for editors and type checkers, as ``__init__.py`` imports them."""

from seqcompare import claims as claims
from seqcompare import datasets as datasets
from seqcompare import tasks as tasks
'''


def expected():
    homes = seqcompare._HOME_OF.items()
    ordered = sorted(homes, key=lambda home: home[::-1])
    lines = [f"from {module} import {name} as {name}" for name, module in ordered]
    return HEAD + "\n".join([*lines, "", "__version__: str", "__all__: list[str]", ""])


def test_the_stub_says_what_the_package_has():
    assert STUB.read_text(encoding="utf-8") == expected()


#: What says nothing of its type: any estimator of the user's may be inside, or any target asked for.
OF_ANY_TYPE = {"estimator", "estimator_", "inner", "density_", "predicts", "scale_", "set_output"}
OF_ANY_TYPE |= {"class_weight", "topology", "get_metadata_routing", "n_steps_seen_"}
#: What `NextStep` passes on from the estimator inside.
OF_ANY_TYPE |= {"n_iter_", "loss_curve_", "validation_scores_"}
#: What answers in the container that comes in, or as the one that is given does.
OF_ANY_ANSWER = {"cross_val_predict", "fit_transform", "predict_distribution", "predict_next_distribution"}
OF_ANY_ANSWER |= {"get_metadata_routing", "set_output", "to_module", "to_onnx"}


def members(kind):
    """Return what an object of a class has in public, what it has learnt included."""
    told = [name for part in ClassDoc(kind)["Attributes"] for name in part.name.split(", ")]
    return sorted({*told, *(name for name in dir(kind) if not name.startswith("_"))})


def checked(tmp_path, lines):
    """Return what mypy says of each line of a script: notes of types, and errors."""
    from mypy import api

    code = tmp_path / "uses.py"
    code.write_text("\n".join([*lines, ""]), encoding="utf-8")
    root = Path(seqcompare.__file__).parents[1]
    # by the options of `make types`, so that what that has seen of the package need not be seen again
    out, problems, _ = api.run([str(code), "--config-file", str(root / "pyproject.toml")])
    assert not problems
    said = [line.partition("uses.py:")[2] for line in out.splitlines() if "uses.py:" in line]
    found = {int(line.partition(":")[0]): line for line in said if "Revealed type" in line}
    return found, [line for line in said if "error:" in line]


def test_a_type_checker_sees_the_interface(tmp_path):
    names = sorted(seqcompare._HOME_OF)
    lines = ["import seqcompare", *(f"reveal_type(seqcompare.{name})" for name in names)]
    # a parameter of other packages' hidden Markov models, which nothing here has
    rooms = {f"tasks.{name}": getattr(tasks, name) for name in tasks.__all__}
    homes = {name: getattr(seqcompare, name) for name in names}
    classes = {name: value for name, value in sorted((homes | rooms).items()) if isinstance(value, type)}
    wanted = {}
    for name, kind in classes.items():
        # a room is no type, so its classes are imported
        room, _, own = name.rpartition(".")
        lines.append(f"from seqcompare{'.' if room else ''}{room} import {own}")
        lines.append(f"def see_{own}(it: {own}) -> None:")
        for member in members(kind):
            lines.append(f"    reveal_type(it.{member})")
            wanted[len(lines)] = f"{name}.{member}"
    wrong = ["seqcompare.compare('a.csv').verdikt()", "seqcompare.HMM(n_init='two')", "seqcompare.compair"]
    wrong += [f"seqcompare.{name}(n_states=2)" for name in classes]
    wrong += [
        f"def no_{name.replace('.', '_')}(it: {name.split('.')[-1]}) -> object: return it.nonsense"
        for name in classes
    ]
    revealed, errors = checked(tmp_path, [*lines, *wrong])
    for number, name in enumerate(names, start=2):
        assert revealed[number].split('"')[1] != "Any", name
    assert set(wanted) <= set(revealed)
    hidden = [
        name
        for number, name in wanted.items()
        if revealed[number].split('"')[1] == "Any" and name.split(".")[-1] not in OF_ANY_TYPE
    ]
    assert not hidden
    told = {**dict(enumerate(names, start=2)), **wanted}
    vague = {told[number] for number in told if revealed[number].split('"')[1].endswith("-> Any")}
    assert not {name for name in vague if name.split(".")[-1] not in OF_ANY_ANSWER}
    assert {int(line.partition(":")[0]) - len(lines) for line in errors} == set(range(1, len(wrong) + 1))
    assert len([line for line in errors if '"n_states"' in line]) == len(classes) > 40
    assert '"Comparison" has no attribute "verdikt"' in errors[0]


def test_what_is_loaded_and_what_reads_step_by_step_is_of_a_type(tmp_path):
    lines = [
        "from pathlib import Path",
        "from sklearn.linear_model import Ridge",
        "from seqcompare import Autoregression, BayesClassifier, Comparison, MarkovChain, MarkovTagger",
        "from seqcompare import NextStep, WindowStepRegressor, load, save",
        "def see(it: Comparison, chain: MarkovChain, tagger: MarkovTagger, numbers: Autoregression) -> None:",
        "    reveal_type(it.model())",
        "    reveal_type(load('model.skops'))",
        "    reveal_type(chain.step(chain.start(), 'a')[0])",
        "    reveal_type(tagger.step(tagger.start(), 'a')[0])",
        "    reveal_type(numbers.step(numbers.start(), 1.0)[0])",
        "    reveal_type(chain.start())",
        # a model that is loaded is used as any other, inside others, too, and with what only its class has
        "    save(load('model.skops'), Path('again.skops'))",
        "    NextStep(load('model.skops')), BayesClassifier(chain), WindowStepRegressor(Ridge(), before=2)",
        "    load('model.skops').transition_matrix_.sum(), it.model().predict(['ab'])[0].sum()",
        "    load(3)",
        "    BayesClassifier(3)",
        "    it.model().score(3)",
    ]
    revealed, errors = checked(tmp_path, lines)
    floats, model = (
        "numpy.ndarray[tuple[Any, ...], numpy.dtype[numpy.float64]]",
        "seqcompare.typing.FittedModel",
    )
    expected = [model, model, floats, floats, "seqcompare.models.distributions.base.Distribution", "object"]
    for number, start in enumerate(expected, start=6):
        assert revealed[number].split('"')[1].startswith(start), revealed[number]
    assert [int(line.partition(":")[0]) for line in errors] == [15, 16, 17]
