"""What theory says of chains: which tasks an order is enough for."""

from __future__ import annotations

from seqcompare.needs import Needs, Traits


def theory(needs: Needs, traits: Traits) -> bool | None:
    """Return whether the order spans the distance."""
    if needs.role == "value":
        return False
    if not needs.finite or "steps" in needs.undecided:
        return None
    return 0 <= needs.distance <= traits.capacity


def theory_of_symbols(needs: Needs, traits: Traits) -> bool | None:
    """Return whether the order spans the distance, of steps that are no numbers."""
    return False if needs.kind == "real" else theory(needs, traits)


def theory_of_counts(needs: Needs, traits: Traits) -> bool | None:
    """Return whether the order spans the distance, where counts thin out and others arrive."""
    return theory(needs, traits) if needs.kind == "counts" else False


def theory_of_lines(squares: bool, needs: Needs, traits: Traits) -> bool | None:
    """Return whether a linear rule on so many steps is right, with a variance by past squares or without."""
    if needs.role != "next" or needs.kind != "real" or needs.linear is False:
        return False
    if needs.past_squares:
        return squares
    if not needs.finite:
        return None
    return False if needs.distance > traits.capacity else needs.linear
