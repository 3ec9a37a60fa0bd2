"""A file format of one's own: a sequence a line, its label before a colon."""

from seqcompare.data.readers import Reader, register_reader


def _read(path):
    lines = [line.partition(":") for line in path.read_text(encoding="utf-8").splitlines()]
    return [list(steps) for _, _, steps in lines], [label for label, _, _ in lines]


TOY_READER = Reader("toy", (".toy",), _read, "a sequence a line, its label before a colon")

register_reader(TOY_READER)
