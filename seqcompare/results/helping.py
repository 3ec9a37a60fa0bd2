"""What can be asked of an object, in a line each."""

from __future__ import annotations

import inspect
import sys


class Helping:
    """Adds `help` to what a user holds at a prompt."""

    def help(self) -> None:
        """Print what can be asked of this object, a line each."""
        lines = [f"{type(self).__name__}: {_first_line(type(self))}"]
        for name, member in inspect.getmembers_static(type(self)):
            if name.startswith("_") or not _first_line(member):
                continue
            if inspect.isfunction(member):
                names = [p for p in inspect.signature(member).parameters if p != "self"]
                lines.append(f"  .{name}({', '.join(names)}): {_first_line(member)}")
            elif isinstance(member, property):
                lines.append(f"  .{name}: {_first_line(member)}")
        sys.stdout.write("\n".join([*lines, ""]))


def _first_line(thing: object) -> str:
    return (inspect.getdoc(thing) or "").partition("\n")[0]
