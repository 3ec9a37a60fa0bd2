"""Formats of files: found by ending, registered by anyone, told of what they alone know."""

import importlib.metadata
import inspect
import sys
from pathlib import Path
from textwrap import dedent

import pytest

from seqcompare.cli import main
from seqcompare.data.options import OPTIONS, READING_OPTIONS
from seqcompare.data.readers import Reader, named_reader, reader_of, reading_options, register_reader
from seqcompare.datasets import READERS, DataError, read
from seqcompare.registry import Registry

# what someone else would write, in a file of their own
TOY = """
    from seqcompare.datasets import Option, Reader


    def read_toy(path, pause=None):
        lines = path.read_text().split()
        if not lines:
            raise ValueError("expected a line, got none")
        pairs = [line.partition("=")[::2] for line in lines]
        return [steps.replace(pause or "~", " ") for _, steps in pairs], [label for label, _ in pairs]


    READER = Reader("toy", (".toy",), read_toy, "a label and letters a line", (Option("pause", "A blank."),))
"""
LINES = "up=ab~a\ndown=ba~b\nup=aa~b\ndown=bb~a\n"


@pytest.fixture
def toy(tmp_path, monkeypatch):
    (tmp_path / "toy_format.py").write_text(dedent(TOY))
    monkeypatch.syspath_prepend(tmp_path)
    monkeypatch.delitem(sys.modules, "toy_format", raising=False)
    path = tmp_path / "x.toy"
    path.write_text(LINES)
    return path


@pytest.fixture
def registered(toy):
    reader = register_reader(named_reader("toy_format:READER"))
    yield toy
    READERS.unregister(reader.name)


def test_a_format_of_anyone_is_read(registered):
    data = read(registered)
    assert (len(data), data.role, data.name) == (4, "sequence", "x")
    assert "".join(data.X[0]) == "ab a"
    assert "pause" in reading_options()
    assert "".join(read(registered, pause="b").X[0]) == "a ~a"


def test_a_format_is_named_by_its_place(toy):
    assert read(toy, file_format="toy_format:READER").role == "sequence"
    with pytest.raises(DataError, match=r"x.toy: there is no reader 'toy_format:NONE'"):
        read(toy, file_format="toy_format:NONE")
    with pytest.raises(DataError, match="'toy_format:Reader' is no reader, but type"):
        read(toy, file_format="toy_format:Reader")


def test_the_command_line_reads_it(toy, monkeypatch, capsys):
    command = ["seqcompare", "profile", str(toy), "--format", "toy_format:READER", "--max-order", "1"]
    monkeypatch.setattr(sys, "argv", [*command, "--option", "pause=a"])
    with pytest.raises(SystemExit) as ended:
        main()
    said = capsys.readouterr()
    assert ended.value.code == 0, said.err
    assert "4 sequences, role sequence" in said.err


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["--option", "pause"], "error: --option takes NAME=VALUE, got 'pause'"),
        (["--option", "paws=a"], "error: reading has no option 'paws': did you mean"),
        (["--values", "a"], "error: values ['a'] does not apply: a toy file has no columns"),
    ],
)
def test_the_command_line_says_what_it_does_not_know(registered, monkeypatch, capsys, words, message):
    monkeypatch.setattr(sys, "argv", ["seqcompare", "profile", str(registered), *words])
    with pytest.raises(SystemExit) as ended:
        main()
    assert ended.value.code == 2
    assert capsys.readouterr().err.startswith(message)


def test_what_a_reader_did_not_foresee_is_one_line(tmp_path, capsys, monkeypatch):
    def read_badly(path):
        return {}["no such key"]

    path = tmp_path / "a.bad"
    path.write_text("a=abc")
    register_reader(Reader("bad", (".bad",), read_badly))
    try:
        with pytest.raises(
            DataError, match=r"a.bad: the reader 'bad' has failed: KeyError: 'no such key'"
        ) as told:
            read(path)
        assert isinstance(told.value.__cause__, KeyError)
        monkeypatch.setattr(sys, "argv", ["seqcompare", "profile", str(path)])
        with pytest.raises(SystemExit) as ended:
            main()
    finally:
        READERS.unregister("bad")
    assert ended.value.code == 2
    said = capsys.readouterr().err
    assert said.count("\n") == 1
    assert "the reader 'bad' has failed" in said


def test_an_error_of_a_reader_names_the_file(registered):
    registered.write_text("")
    with pytest.raises(DataError, match=r"x\.toy: expected a line, got none"):
        read(registered)


def test_an_installed_package_brings_a_format(toy, monkeypatch):
    point = importlib.metadata.EntryPoint("toy", "toy_format:READER", "seqcompare.readers")
    monkeypatch.setattr("seqcompare.registry.entry_points", lambda **kwargs: [point])
    monkeypatch.setattr(Registry, "every", {})
    assert list(Registry("file format", list, "seqcompare.readers")) == ["toy"]


def test_an_unknown_option_is_named(tmp_path):
    path = tmp_path / "a.csv"
    path.write_text("x\n1\n2\n")
    for data in (path, ["ab", "ba"]):
        with pytest.raises(TypeError, match="reading has no option 'sequences': did you mean 'sequence'"):
            read(data, sequences="a")
        with pytest.raises(DataError, match="reading has no option 'sequences'"):
            read(data, sequences="a")
    with pytest.raises(DataError, match="tokens must be one of char, word, got 'syllable'"):
        read(tmp_path / "a.txt", tokens="syllable")
    with pytest.raises(
        DataError, match="tokens 'word' does not apply: it is for subtitles and text, and this is a csv"
    ):
        read(path, tokens="word")


def test_options_stand_once():
    own = [name for name, p in inspect.signature(read).parameters.items() if p.kind is p.KEYWORD_ONLY]
    assert tuple(own) == READING_OPTIONS == tuple(option.name for option in OPTIONS)
    assert reading_options() == READING_OPTIONS


def test_an_ending_belongs_to_whoever_was_registered_last():
    mine = register_reader(Reader("mine", (".csv", ".x.csv"), Path.read_text))
    try:
        assert reader_of(Path("a.CSV")) is mine
        assert reader_of(Path("a.csv.gz")) is mine
        assert reader_of(Path("a.fasta")) is READERS["fasta"]
        with pytest.raises(ValueError, match="there is a file format 'mine' already"):
            register_reader(Reader("mine", (".y",), Path.read_text))
    finally:
        READERS.unregister("mine")
    assert reader_of(Path("a.csv")) is READERS["csv"]
    assert reader_of(Path("a.docx")) is None


def test_an_option_does_not_hide_one_of_all_formats():
    option = OPTIONS[0]
    with pytest.raises(ValueError, match="'mine' has an option 'sequence', which is one of all formats"):
        register_reader(Reader("mine", (".x",), Path.read_text, options=(option,)))
