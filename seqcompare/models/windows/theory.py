"""What theory says of windows: which tasks so many taps are enough for, and which rules on them."""

from __future__ import annotations

from seqcompare.needs import Needs, Traits


def theory(linear: bool, needs: Needs, traits: Traits) -> bool | None:
    """Return whether the taps span the distance, and a rule of this kind can be right on them."""
    if needs.role in ("sequence", "value"):
        # the gap after the last mark has no bound: no width shows both marks every time
        short = traits.capacity <= needs.distance
        return False if short and (needs.role == "sequence" or traits.pooling == "last") else None
    if linear and needs.linear is False:
        return False
    if not needs.finite:
        return None
    if needs.role == "next":
        if traits.after:
            raise ValueError(f"a window that predicts the next step has after=0, got {traits.after}")
        reached = needs.distance <= traits.capacity
    else:
        reached = -traits.after <= needs.distance <= traits.capacity - 1 - traits.after
    return None if linear and reached and needs.linear is None else reached


def theory_of_pairs(needs: Needs, traits: Traits) -> bool | None:
    """Return whether products of two taps are enough for a linear rule.

    Where it is open whether a line is enough, it is whether products help.
    """
    return theory(needs.linear is None, needs, traits) if needs.pairs else False
