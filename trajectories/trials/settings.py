"""The settings of a segmentation: what is compared, and which trials are made."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from trajectories.clustering import TrajectoryKMeans
from trajectories.metrics import METRICS
from trajectories.series.representations import REPRESENTATIONS, Representation
from trajectories.series.series import Series
from trajectories.trials import evidence

CANDIDATE_KEY = ("representation", "smoothing_steps", "metric", "band")
CHOICES = ("evidence", "silhouette", "recipe")


@dataclass(frozen=True)
class Candidate:
    """One way of comparing paths, tried with every number of clusters.

    Attributes:
        representation: one of ``representations.REPRESENTATIONS``.
        metric: "dtw", "euclidean" or "msm".
        smoothing_steps: standard deviation of the Gaussian in steps, for the
            representations that smooth (None for the others).
        band: Sakoe-Chiba radius in steps, for the elastic metrics; None is no band.
        k_min, k_max: numbers of clusters tried; None is the segmentation's.
        sample_customers: customers of the sample that it is fitted on at most; None
            is all of them.
        is_recipe: whether it is the recipe as it is usually written: measured and
            shown like the others, but chosen only with ``choose: recipe``.

    Raises:
        ValueError: when a setting is unknown, or missing where it is needed.
    """

    representation: str
    metric: str
    smoothing_steps: float | None = None
    band: int | None = None
    k_min: int | None = None
    k_max: int | None = None
    sample_customers: int | None = None
    is_recipe: bool = False

    def __post_init__(self):
        """Refuse what cannot be tried."""
        if self.representation not in REPRESENTATIONS:
            raise ValueError(
                f"A candidate's representation is {self.representation!r}. Use one of"
                f" {', '.join(REPRESENTATIONS)}."
            )
        if self.metric not in METRICS:
            raise ValueError(
                f"A candidate's metric is {self.metric!r}. Use one of"
                f" {', '.join(METRICS)}."
            )
        if "smoothed" in self.representation and not (self.smoothing_steps or 0) > 0:
            raise ValueError(
                f"A candidate has the representation {self.representation!r} and"
                f" smoothing_steps {self.smoothing_steps}. Give a number above 0."
            )
        if self.metric == "euclidean" and self.band is not None:
            raise ValueError(
                f"A candidate has the metric 'euclidean' and the band {self.band}."
                " Only elastic metrics have a band; leave it out."
            )

    @property
    def key(self) -> dict:
        """What tells the candidate from the others of its segmentation."""
        return {name: getattr(self, name) for name in CANDIDATE_KEY}

    def scaling(self) -> Representation:
        """Return the representation, not yet fitted."""
        if self.smoothing_steps is None:
            return Representation(self.representation)
        return Representation(self.representation, self.smoothing_steps)


@dataclass(frozen=True)
class Settings:
    """One segmentation's settings, as the macro segmentation_settings has them.

    Attributes:
        series: name under which the series is kept.
        features: what is compared of it.
        period, window: "month" or "day", and how many of them.
        kind, is_static, series_features: of the series itself; see
            :class:`trajectories.series.series.Series`. None is the name under which
            it is kept, and ``features``.
        candidates: what is tried, each as the settings of a :class:`Candidate`.
        choose: "evidence" weighs all trials (see ``choice.choose``); "silhouette"
            takes the k with the highest silhouette of the first candidate, "recipe"
            the candidate that is the recipe.
        k_min, k_max: numbers of clusters tried.
        sample_customers: customers in the sample, at most 2,000.
        numbered_by: feature by whose mean the clusters are numbered, largest first.
        null_shuffles, bootstrap_refits, predictive_refits: repeats for the evidence.
        n_init, init_iter, max_iter, seed, engine: of the clustering, the same for a
            trial's fit and its refits, so that luck weighs the same in all of them.
        months_of_history, orders_of_history: who is active, as in the stages.

    Raises:
        ValueError: when settings contradict each other.
    """

    series: str
    features: Sequence[str]
    period: str
    window: int
    candidates: Sequence[Candidate | Mapping]
    numbered_by: str
    choose: str = "evidence"
    k_min: int = 2
    k_max: int = 8
    sample_customers: int = 400
    null_shuffles: int = 20
    bootstrap_refits: int = 10
    predictive_refits: int = 3
    n_init: int = 3
    init_iter: int = 3
    max_iter: int = 30
    kind: str | None = None
    is_static: bool = False
    series_features: Sequence[str] | None = None
    seed: int = 0
    engine: str = "compiled"
    months_of_history: int = 3
    orders_of_history: int = 3
    tried: tuple[Candidate, ...] = field(init=False)

    def __post_init__(self):
        """Refuse settings that contradict each other."""
        tried = tuple(
            c if isinstance(c, Candidate) else Candidate(**c) for c in self.candidates
        )
        object.__setattr__(self, "tried", tried)
        if not tried or len(set(tried)) < len(tried):
            raise ValueError(
                f"{len(tried)} candidates were read, {len(set(tried))} of them"
                " different. Give at least one, and each of them once."
            )
        if self.choose not in CHOICES:
            raise ValueError(
                f"choose is {self.choose!r}. Use one of {', '.join(CHOICES)}."
            )
        if self.choose == "recipe" and not any(c.is_recipe for c in tried):
            raise ValueError(
                "choose is 'recipe', but no candidate has is_recipe: true. Mark one,"
                " or choose by evidence."
            )
        if self.numbered_by not in self.features:
            raise ValueError(
                f"numbered_by is {self.numbered_by!r}, which is not among the features"
                f" {list(self.features)}."
            )
        for least, most in [(self.k_min, self.k_max), *map(self.numbers_of, tried)]:
            if not 2 <= least <= most:
                raise ValueError(
                    f"k goes from {least} to {most}. Start at 2 or more and end no"
                    " lower."
                )
        if self.sample_customers > evidence.MOST_SILHOUETTES:
            raise ValueError(
                f"sample_customers is {self.sample_customers}; at most"
                f" {evidence.MOST_SILHOUETTES} are possible."
            )

    @property
    def compared(self) -> Series:
        """The series, with all its features."""
        return Series(
            self.kind or self.series,
            self.series_features or self.features,
            self.period,
            self.window,
            self.is_static,
        )

    @property
    def steps(self) -> int:
        """Steps that are compared."""
        return self.compared.steps

    def numbers_of(self, candidate: Candidate) -> tuple[int, int]:
        """Return the least and the largest number of clusters of a candidate."""
        return candidate.k_min or self.k_min, candidate.k_max or self.k_max

    def model(self, k: int, candidate: Candidate) -> TrajectoryKMeans:
        """Return the estimator of one trial, not yet fitted."""
        return TrajectoryKMeans(
            k,
            metric=candidate.metric,
            window=candidate.band,
            n_init=self.n_init,
            init_iter=self.init_iter,
            max_iter=self.max_iter,
            random_state=self.seed,
            engine=self.engine,
        )
