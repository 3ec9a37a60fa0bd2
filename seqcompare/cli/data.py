"""The user's data, as the command line takes them: a name or a file, and what the columns are."""

from __future__ import annotations

from collections.abc import Callable
from enum import StrEnum
from functools import wraps
from inspect import Parameter, Signature, signature
from typing import TYPE_CHECKING, Annotated, Any

import typer

from seqcompare.cli.options import JsonOption, QuietOption

if TYPE_CHECKING:
    from seqcompare.data.dataset import SequenceDataset
    from seqcompare.report.terminal import Output

_DATA = (
    "A bundled data set (see: seqcompare list datasets), or a file: CSV, TSV or Parquet with a row for each "
    "step, .ts, FASTA, or plain text."
)


class Role(StrEnum):
    """What is predicted."""

    next = "next"
    step = "step"
    sequence = "sequence"
    value = "value"


class Kind(StrEnum):
    """How whole numbers are read."""

    symbols = "symbols"
    real = "real"


class Missing(StrEnum):
    """What becomes of missing measurements."""

    error = "error"
    keep = "keep"


class FileFormat(StrEnum):
    """What a file is."""

    csv = "csv"
    tsv = "tsv"
    parquet = "parquet"
    ts = "ts"
    fasta = "fasta"
    text = "text"


class Tokens(StrEnum):
    """What a step of plain text is."""

    char = "char"
    word = "word"


class Split(StrEnum):
    """What a sequence of plain text is."""

    line = "line"
    document = "document"


DataArgument = Annotated[str, typer.Argument(help=_DATA)]
SequenceOption = Annotated[
    str | None, typer.Option(help="Column that names the sequence; '' if there is none.", show_default=False)
]
OrderOption = Annotated[
    str | None, typer.Option(help="Column that orders the steps; '' if there is none.", show_default=False)
]
ValuesOption = Annotated[
    list[str] | None,
    typer.Option(help="Column of the steps; may be given several times.", show_default=False),
]
TargetOption = Annotated[
    str | None, typer.Option(help="Column to predict; '' if there is none.", show_default=False)
]
GroupOption = Annotated[
    str | None,
    typer.Option(help="Column whose sequences stay on one side of a split.", show_default=False),
]
RoleOption = Annotated[
    Role | None, typer.Option(help="What is predicted; found in the data by default.", show_default=False)
]
KindOption = Annotated[
    Kind | None,
    typer.Option(help="How to read whole numbers; found in the data by default.", show_default=False),
]
MissingOption = Annotated[
    Missing | None,
    typer.Option(
        help="Whether missing measurements may be; by default only where a .ts file declares them.",
        show_default=False,
    ),
]
IgnoreOption = Annotated[
    str | None,
    typer.Option(
        "--ignore-label", help="Steps of this label are neither learned nor scored.", show_default=False
    ),
]
FormatOption = Annotated[
    FileFormat | None,
    typer.Option(
        "--format", help="What the file is; by default its name's ending says so.", show_default=False
    ),
]
TokensOption = Annotated[Tokens, typer.Option(help="What a step of plain text is.")]
SplitOption = Annotated[Split, typer.Option(help="What a sequence of plain text is.")]


def read_data(
    output: Output,
    data: DataArgument,
    sequence: SequenceOption = None,
    order: OrderOption = None,
    values: ValuesOption = None,
    target: TargetOption = None,
    group: GroupOption = None,
    role: RoleOption = None,
    kind: KindOption = None,
    missing: MissingOption = None,
    ignore_label: IgnoreOption = None,
    file_format: FormatOption = None,
    tokens: TokensOption = Tokens.char,
    split: SplitOption = Split.line,
) -> SequenceDataset:
    """Read the user's data, and say aloud what was guessed about them."""
    from seqcompare.datasets import read

    # an empty name says that there is no such column
    dataset = read(
        data,
        sequence=False if sequence == "" else sequence,
        order=False if order == "" else order,
        values=values,
        target=False if target == "" else target,
        group=False if group == "" else group,
        role=None if role is None else role.value,
        kind=None if kind is None else kind.value,
        missing=None if missing is None else missing.value,
        ignore_label=ignore_label,
        file_format=None if file_format is None else file_format.value,
        tokens=tokens.value,
        split=split.value,
    )
    for note in (f"{dataset.name}: {len(dataset)} sequences, role {dataset.role}", *dataset.notes):
        output.say(note)
    return dataset


def with_data(command: Callable[..., None]) -> Callable[..., None]:
    """Give a command the options of `read_data`, ``--json`` and ``--quiet``.

    Parameters
    ----------
    command : callable (output, dataset, ...) -> None
        Called with where to write and with the data that the options describe.
    """
    options = _parameters(read_data, 1)
    own = _parameters(command, 2)
    shared = [
        Parameter(name, Parameter.POSITIONAL_OR_KEYWORD, default=False, annotation=option)
        for name, option in (("as_json", JsonOption), ("quiet", QuietOption))
    ]

    @wraps(command)
    def run(**given: Any) -> None:
        from seqcompare.report.terminal import Output

        output = Output(as_json=given.pop("as_json"), quiet=given.pop("quiet"))
        dataset = read_data(output, **{option.name: given.pop(option.name) for option in options})
        command(output, dataset, **given)

    # the parser reads a command's options off its signature
    every = [options[0], *own, *options[1:], *shared]
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
