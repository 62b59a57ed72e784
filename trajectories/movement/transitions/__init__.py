"""How customers move between segments, and how many will be where.

A month's segments depend on those of the month before: a Markov chain whose states
are all segments, the stages of customers who are not clustered among them. Newcomers
enter it, nobody leaves it: who stops buying lapses. What is counted grows with
segments and months, not with customers.
"""

from trajectories.movement.transitions.assumptions import judge_transitions
from trajectories.movement.transitions.chains import estimate_transitions, follow_chains
from trajectories.movement.transitions.expectations import expect_segments

__all__ = [
    "estimate_transitions",
    "expect_segments",
    "follow_chains",
    "judge_transitions",
]
