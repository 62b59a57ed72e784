"""Customer value: who orders again, what she is worth, and how sure that is."""

from trajectories.value.judgement import judge_values
from trajectories.value.purchases import compress_histories, fit_purchases
from trajectories.value.scoring import VALUE_SCHEMA, value_scorer

__all__ = [
    "VALUE_SCHEMA",
    "compress_histories",
    "fit_purchases",
    "judge_values",
    "value_scorer",
]
