"""The user's data, as the command line takes them: a name or a file, and what the columns are."""

from __future__ import annotations

import sys
from collections.abc import Callable
from functools import wraps
from inspect import Parameter, Signature, signature
from typing import TYPE_CHECKING, Annotated, Any, Literal

import typer

from seqcompare.cli.corrected import words_of
from seqcompare.cli.options import JsonOption, QuietOption
from seqcompare.command import typed
from seqcompare.data.options import OPTIONS, Option
from seqcompare.quantities import several

if TYPE_CHECKING:
    from seqcompare.data.dataset import SequenceDataset
    from seqcompare.report.terminal import Output

_DATA = (
    "A bundled data set (see: seqcompare list datasets), or a file: CSV, TSV or Parquet with a row for each "
    "step, .ts, FASTA, or plain text."
)


#: What an option is without a value.
_NOTHING = {True: list[str] | None, False: str | None}


def _parameter(option: Option) -> Parameter:
    """Return what the parser reads an option off."""
    kind: object = _NOTHING[option.several]
    if option.switch:
        kind = bool | None
    if option.choices:
        kind = Literal[option.choices] | None
    flags = [] if option.flag is None else [option.flag]
    told = typer.Option(*flags, help=option.help, show_default=False)
    return Parameter(
        option.name, Parameter.POSITIONAL_OR_KEYWORD, default=None, annotation=Annotated[kind, told]
    )


_DATA_ARGUMENT = Parameter(
    "data", Parameter.POSITIONAL_OR_KEYWORD, annotation=Annotated[str, typer.Argument(help=_DATA)]
)
_OF_FORMATS = Option(
    "reader_options",
    "NAME=VALUE of an option that only a format of your own has; may be given several times.",
    several=True,
    flag="--option",
)
_SAMPLE = Option(
    "sample",
    "Of Parquet files that are larger than memory, so many steps are read, in sequences drawn at random; "
    "takes --sequence.",
)
_READING = [option for option in (*OPTIONS, _OF_FORMATS, _SAMPLE) if option.flag != ""]


def options_given(**given: Any) -> dict[str, Any]:
    """Return the options of reading that were given, as `seqcompare.datasets.read` takes them.

    Parameters
    ----------
    **given
        What the parser found; None where an option was not given.
    """
    told = {name: value for name, value in given.items() if value is not None}
    for pair in told.pop(_OF_FORMATS.name, []):
        name, equals, value = pair.partition("=")
        if not equals:
            raise ValueError(f"--option takes NAME=VALUE, got {pair!r}")
        told[name] = value
    if isinstance(told.get("sequence"), list):
        told["sequence"] = ",".join(told["sequence"])
    if "kind" in told:
        told["kind"] = _kinds(told["kind"])
    # an empty name says that there is no such column
    return told | {name: False for name in ("sequence", "order", "target") if told.get(name) == ""}


def _kinds(given: list[str]) -> str | dict[str, str]:
    """Return one kind for all columns, or those of single ones."""
    pairs = [each.rpartition("=") for each in given]
    if len(given) == 1 and not pairs[0][1]:
        return given[0]
    if not all(column and equals for column, equals, _ in pairs):
        raise ValueError(f"--kind takes one kind for all, or COLUMN=KIND of each, got {' and '.join(given)}")
    return {column: kind for column, _, kind in pairs}


def read_data(output: Output, data: str, **told: Any) -> SequenceDataset:
    """Read the user's data, and say aloud what was guessed about them.

    Parameters
    ----------
    output : Output
        Where to say it.
    data : str
        A name or a file.
    **told
        Options of reading.
    """
    output.begin(f"reading {data}")
    from seqcompare.datasets import read, read_parts, sample_parts

    sample = told.pop(_SAMPLE.name, None)
    if sample is None:
        dataset = read(data, **told)
    elif "sequence" not in told:
        raise ValueError("--sample takes --sequence: the column that says which sequence a row belongs to")
    else:
        dataset = sample_parts(read_parts(data, **told), _steps(sample))
    for note in (f"{dataset.name}: {several(len(dataset), 'sequence')}, role {dataset.role}", *dataset.notes):
        output.say(note)
    return dataset


def _steps(text: str) -> int:
    """Return a number of steps, which may be written as 1e6."""
    try:
        n_steps = int(float(text))
    except (ValueError, OverflowError):
        n_steps = 0
    if n_steps < 1:
        raise ValueError(f"--sample takes a number of steps, such as 1e6, got {text!r}")
    return n_steps


def with_data(command: Callable[..., None], before: Callable[..., None] | None = None) -> Callable[..., None]:
    """Give a command the data that the user names, the options of reading, ``--json`` and ``--quiet``.

    Parameters
    ----------
    command : callable (output, dataset, ...) -> None
        Called with where to write and with the data that the options describe.
    before : callable (data, ...) -> None, optional
        Called before these are read with what the user calls them and with the options of `command`.
    """

    @wraps(command)
    def run(output: Output, told: dict[str, Any], /, data: str, **given: Any) -> None:
        # `memory` is an option of what reads and of what runs
        with typed(sys.argv[1:], [data, *words_of({k: v for k, v in told.items() if k != "memory"})]):
            if before is not None:
                before(data, **given)
            command(output, read_data(output, data, **told), **given)

    return _with_options(run, [_DATA_ARGUMENT, *_parameters(command, 2)])


def with_reading(command: Callable[..., None]) -> Callable[..., None]:
    """Give a command the options of reading, ``--json`` and ``--quiet``.

    Parameters
    ----------
    command : callable (output, told, ...) -> None
        Called with where to write and with the options that were given.
    """
    return _with_options(command, _parameters(command, 2))


def _with_options(command: Callable[..., None], own: list[Parameter]) -> Callable[..., None]:
    # what a command has of its own is for reading as well
    shadowed = {parameter.name for parameter in own}
    options = [_parameter(option) for option in _READING if option.name not in shadowed]
    shared = [
        Parameter(name, Parameter.POSITIONAL_OR_KEYWORD, default=False, annotation=option)
        for name, option in (("as_json", JsonOption), ("quiet", QuietOption))
    ]

    @wraps(command)
    def run(**given: Any) -> None:
        from seqcompare.report.terminal import Output

        output = Output(as_json=given.pop("as_json"), quiet=given.pop("quiet"))
        told = {option.name: given.pop(option.name) for option in options}
        told |= {option.name: given[option.name] for option in _READING if option.name in shadowed}
        told = options_given(**told)
        command(output, told, **given)

    # the parser reads a command's options off its signature
    every = [*own, *options, *shared]
    run.__signature__ = Signature(every)  # type: ignore[attr-defined]  # of functions, as inspect knows it
    run.__annotations__ = {parameter.name: parameter.annotation for parameter in every}
    del run.__dict__["__wrapped__"]
    return run


def _parameters(function: Callable[..., Any], known: int) -> list[Parameter]:
    """Return the parameters behind the first `known`, with annotations that are evaluated.

    The first ones are never options, and their types are known to type checkers alone.
    """
    return [
        parameter.replace(annotation=eval(parameter.annotation, function.__globals__))
        for parameter in list(signature(function).parameters.values())[known:]
    ]
