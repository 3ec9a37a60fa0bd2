"""``python -m seqcompare``: the command line, where its script is not on the path."""

from seqcompare.cli import main

if __name__ == "__main__":
    main()
