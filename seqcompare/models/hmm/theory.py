"""What theory says of hidden states: which tasks so many of them are enough for."""

from __future__ import annotations

from seqcompare.models.hmm.grids import LONGEST
from seqcompare.needs import Needs, Traits


def theory(needs: Needs, traits: Traits) -> bool | None:
    """Return whether so many states can hold the memory."""
    if needs.role == "value":
        return False
    if "states" in needs.undecided:
        return None
    if needs.role == "step":
        if not traits.latent:
            return needs.distance == 0
        if needs.distance < 0 and traits.causal:
            return False
    if traits.capacity < needs.least_states:
        return False
    return True if needs.enough_states is not None and traits.capacity >= needs.enough_states else None


def theory_of_prediction(needs: Needs, traits: Traits) -> bool | None:
    """Return whether so many states can hold the memory, of all classes together."""
    if needs.role != "sequence":
        return theory(needs, traits)
    if traits.capacity < needs.joint_least:
        return False
    return True if needs.joint_states is not None and traits.capacity >= needs.joint_states else None


def theory_of_durations(needs: Needs, traits: Traits) -> bool | None:
    """Return whether the states, or states and ages, can hold the memory."""
    # a state shows the same at every age
    few = traits.capacity == 1 < needs.least_states
    if needs.role != "next" or few or traits.capacity * LONGEST < needs.least_states:
        return False
    able = needs.lasting_states is not None and traits.capacity >= needs.lasting_states
    # a hazard that is always the same is a chain's, so what that can, this can
    return True if (able and needs.distance <= LONGEST) or theory(needs, traits) else None


def theory_of_numbers(needs: Needs, traits: Traits) -> bool | None:
    """Return whether a linear state of so many numbers is enough."""
    if needs.kind != "real" or needs.role != "next" or needs.linear is False or needs.past_squares:
        return False
    return None if needs.state_numbers is None else traits.capacity >= needs.state_numbers


def theory_of_rules(needs: Needs, traits: Traits) -> bool | None:
    """Return whether so many rules on the last step are enough; what longer ones can do is open."""
    if needs.kind != "real" or needs.role != "next":
        return False
    return None if needs.rules is None else traits.capacity >= needs.rules


def theory_of_labels(needs: Needs, traits: Traits) -> bool | None:
    """Return whether the present step is enough: states that are labels carry nothing else."""
    return needs.role == "step" and needs.distance == 0
