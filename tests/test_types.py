"""What editors and type checkers see: the types of everything public, and errors where calls are wrong."""

from pathlib import Path

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


def test_a_type_checker_sees_the_interface(tmp_path):
    from mypy import api

    names = sorted(seqcompare._HOME_OF)
    code = tmp_path / "uses.py"
    lines = ["import seqcompare", *(f"reveal_type(seqcompare.{name})" for name in names)]
    # a parameter of other packages' hidden Markov models, which nothing here has
    rooms = {f"tasks.{name}": getattr(tasks, name) for name in tasks.__all__}
    homes = {name: getattr(seqcompare, name) for name in names}
    called = [name for name, value in sorted((homes | rooms).items()) if isinstance(value, type)]
    wrong = ["seqcompare.compare('a.csv').verdikt()", "seqcompare.HMM(n_init='two')", "seqcompare.compair"]
    wrong += [f"seqcompare.{name}(n_states=2)" for name in called]
    code.write_text("\n".join([*lines, *wrong, ""]), encoding="utf-8")
    root = Path(seqcompare.__file__).parents[1]
    # by the options of `make types`, so that what that has seen of the package need not be seen again
    out, problems, _ = api.run([str(code), "--config-file", str(root / "pyproject.toml")])
    assert not problems
    said = [line.partition("uses.py:")[2] for line in out.splitlines() if "uses.py:" in line]
    revealed = {int(line.partition(":")[0]): line for line in said if "Revealed type" in line}
    for number, name in enumerate(names, start=2):
        assert revealed[number].split('"')[1] != "Any", name
    errors = [line for line in said if "error:" in line]
    assert {int(line.partition(":")[0]) - len(lines) for line in errors} == set(range(1, len(wrong) + 1))
    assert len([line for line in errors if '"n_states"' in line]) == len(called) > 40
    assert '"Comparison" has no attribute "verdikt"' in errors[0]
