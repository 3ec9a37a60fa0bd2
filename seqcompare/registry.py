"""Open lists: what comes with the package, what installed packages bring, and what a user registers.

A leaf of the package: imports nothing of it.
"""

from __future__ import annotations

import difflib
from collections.abc import Callable, Iterable, Iterator, Mapping
from importlib.metadata import entry_points
from typing import Any, ClassVar, Generic, TypeVar

T = TypeVar("T")


class Registry(Mapping[str, T], Generic[T]):
    """Things of one kind by name, in the order in which they were registered.

    What comes with the package is loaded when the list is first looked at; so is what installed packages
    bring through entry points of the group, each the path of something to register, or of a function that
    is called and registers it.

    Parameters
    ----------
    what : str
        What one entry is, in words: for errors.
    built_in : callable () -> iterable of entries
        Loads what comes with the package.
    group : str
        The group of entry points, such as "seqcompare.families".
    name_of : callable (entry) -> str, optional
        What an entry is called; by default its ``name``.
    check : callable (entry, entries by name) -> None, optional
        Raises a ValueError where an entry does not fit in with what is there.
    """

    every: ClassVar[dict[str, Registry[Any]]] = {}

    def __init__(
        self,
        what: str,
        built_in: Callable[[], Iterable[T]],
        group: str,
        name_of: Callable[[T], str] = lambda entry: str(entry.name),  # type: ignore[attr-defined]  # by contract
        check: Callable[[T, Mapping[str, T]], None] | None = None,
    ) -> None:
        self.what, self.group = what, group
        self._check = check
        self._built_in, self._name_of = built_in, name_of
        self._entries: dict[str, T] = {}
        self._added: dict[str, T] = {}
        self._replaced: dict[str, T] = {}
        self._loaded = False
        Registry.every[group] = self

    def register(self, entry: T, *, replace: bool = False) -> T:
        """Add an entry, and return it, so that this serves as a decorator.

        Parameters
        ----------
        entry : object
            What is added, under its own name.
        replace : bool, default=False
            Whether to take the place of another entry of this name.

        Raises
        ------
        ValueError
            If the name is taken, empty, holds a colon, or differs from another in case alone.
        """
        self._load()
        name = check_name(self.what, self._name_of(entry))
        twin = next((other for other in self if other != name and other.lower() == name.lower()), None)
        if twin is not None:
            raise ValueError(f"there is a {self.what} {twin!r} already, and {name!r} differs in case alone")
        known = self._entries.get(name)
        if known is not None and known != entry and not replace:
            raise ValueError(f"there is a {self.what} {name!r} already; choose another name, or replace=True")
        if self._check is not None:
            self._check(entry, self)
        if known is not None and name not in self._added:
            self._replaced[name] = known
        self._entries[name] = entry
        self._added[name] = entry
        return entry

    def unregister(self, name: str) -> None:
        """Take away what a user has registered under `name`; what it replaced is back."""
        self._load()
        del self._added[name]
        if name in self._replaced:
            self._entries[name] = self._replaced.pop(name)
        else:
            del self._entries[name]

    def added(self) -> dict[str, T]:
        """Return what was registered beyond what comes with the package, for other processes to register."""
        return dict(self._added)

    def nearest(self, name: str) -> str:
        """Return the hint at the entry that was probably meant by `name`, or at all of them."""
        return nearest(name, self)

    def __getitem__(self, name: str) -> T:
        self._load()
        return self._entries[name]

    def __iter__(self) -> Iterator[str]:
        self._load()
        return iter(list(self._entries))

    def __len__(self) -> int:
        self._load()
        return len(self._entries)

    def _load(self) -> None:
        if self._loaded:
            return
        self._loaded = True
        for entry in self._built_in():
            self._entries.setdefault(self._name_of(entry), entry)
        for point in entry_points(group=self.group):
            found = point.load()
            if callable(found) and not isinstance(found, type) and not hasattr(found, "name"):
                found()
            else:
                self.register(found)


def all_added() -> dict[str, dict[str, Any]]:
    """Return what users have registered, by group: for a worker process to `take_over`."""
    return {group: registry.added() for group, registry in Registry.every.items() if registry.added()}


def take_over(added: Mapping[str, Mapping[str, Any]]) -> None:
    """Register what another process has registered, also in place of what comes with the package."""
    for group, entries in added.items():
        registry = Registry.every.get(group)
        for name, entry in entries.items():
            if registry is not None and registry.get(name) is not entry:
                registry.register(entry, replace=True)


def check_name(what: str, name: str) -> str:
    """Return a name that things can be asked for by.

    Raises
    ------
    ValueError
        If it is empty, or holds a colon, as the paths of users' own do (``module:Name``).
    """
    if not name.strip():
        raise ValueError(f"a {what} needs a name, got {name!r}")
    if ":" in name:
        raise ValueError(f"a {what} cannot be called {name!r}: a colon is for paths, as in 'module:Name'")
    return name


def nearest(name: str, known: Iterable[str]) -> str:
    """Return the hint at the known name that was probably meant, or at all of them."""
    names = {each.lower(): each for each in known}
    close = difflib.get_close_matches(name.lower(), names, n=1)
    return f"did you mean {names[close[0]]!r}?" if close else f"there are {', '.join(names.values())}"
