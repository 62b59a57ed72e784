"""How well ``rhythm`` finds the behaviour kinds that made-up shops were made of.

``python -m benchmarks rhythm`` draws shops from two generators (the sample shop's,
and ``other_shop``, with other kinds), runs the trials as a build does, lets the rule
choose, and compares the segments with the kinds, which the trials never read.
"""

import argparse
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd
import yaml
from sklearn.metrics import adjusted_rand_score
from sklearn.model_selection import StratifiedKFold, cross_val_predict
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from sklearn.svm import SVC
from threadpoolctl import threadpool_limits
from tqdm import tqdm
from trajectories.sample_shop import ShopSettings, generate_shop

from benchmarks.data_sets.other_shop import make_other_shop
from benchmarks.data_sets.shop_frames import DAILY_SPEND, ShopFrames
from benchmarks.dbt_builds import PROJECT
from benchmarks.goals import Goal, finish, page, table
from trajectories.clustering import TrajectoryKMeans
from trajectories.segments.assignment import assign
from trajectories.series.representations import Representation
from trajectories.trials.trials import run_trials

# Kinds without a rhythm of their own: single orders, thin or even streams.
BACKGROUND_KINDS = (
    "First-Time Customers",
    "Lapsed Customers",
    "Occasional Customers",
    "Steady Customers",
)
SAMPLE_SEEDS = (ShopSettings().seed, 101, 102, 103)
OTHER_SEEDS = (101, 102, 103, 104)
GOAL = 0.90
HEADER = (
    "shop",
    "customers",
    "kinds",
    "segments",
    "adjusted Rand",
    "supervised bound",
    "share of it",
    "well-known recipe",
    "chosen",
)
# What else was tried, at the true number of segments: representation, smoothing,
# metric, band.
TRIED = (
    ("smoothed_order_rhythm", 4.0, "euclidean", None),
    ("smoothed_spend_rhythm", 4.0, "euclidean", None),
    ("smoothed_own_maximum", 4.0, "euclidean", None),
    ("smoothed_own_maximum", 3.0, "dtw", 3),
    ("smoothed_own_maximum", 3.0, "dtw", 5),
    ("smoothed_unit_length", 3.0, "euclidean", None),
    ("smoothed_unit_length", 3.0, "dtw", 3),
    ("cumulative_share", 3.0, "euclidean", None),
    ("population", 3.0, "euclidean", None),
)


@dataclass(frozen=True)
class Case:
    """A shop with its truth, seen at its last month.

    Attributes:
        name: how it is called in the table.
        frames: what the trials read.
        ids: (customers,) those whom ``rhythm`` clusters.
        windows: (customers, steps, features) of them.
        kinds: (customers,) of them.
        has_rhythm: (customers,) whether the kind has a rhythm to be found.
    """

    name: str
    frames: ShopFrames
    ids: np.ndarray
    windows: np.ndarray
    kinds: np.ndarray
    has_rhythm: np.ndarray

    @classmethod
    def of(cls, name: str, orders: pd.DataFrame, kinds: pd.Series) -> "Case":
        """Take orders and the kind of each customer_id."""
        frames = ShopFrames(DAILY_SPEND, orders)
        ids, windows = frames.active(90)
        found = kinds.reindex(ids).to_numpy(str)
        return cls(name, frames, ids, windows, found, ~np.isin(found, BACKGROUND_KINDS))

    @property
    def true_kinds(self) -> int:
        """How many kinds have a rhythm to be found."""
        return len(np.unique(self.kinds[self.has_rhythm]))

    def agreement(self, labels: np.ndarray) -> float:
        """Adjusted Rand index over the customers whose kind has a rhythm."""
        return adjusted_rand_score(self.kinds[self.has_rhythm], labels[self.has_rhythm])


def main(arguments: list[str] | None = None) -> int:
    """Compare, print the tables and write them."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks rhythm")
    parser.add_argument("--sample-seeds", type=int, nargs="*", default=SAMPLE_SEEDS)
    parser.add_argument("--other-seeds", type=int, nargs="*", default=OTHER_SEEDS)
    options = parser.parse_args(arguments)
    settings, common = rhythm_settings()
    samples = [sample_case(seed) for seed in options.sample_seeds]
    others = [other_case(seed) for seed in options.other_seeds]
    daily = [other_case(seed, daily=True) for seed in options.other_seeds[:1]]
    cases = tqdm([*samples, *others, *daily], desc="shops", disable=None)
    rows = [measure(case, settings, common) for case in cases]
    candidates = tqdm(TRIED, desc="tried", disable=None)
    tried = [try_out(candidate, samples, others, daily) for candidate in candidates]
    is_full = (
        tuple(options.sample_seeds) == SAMPLE_SEEDS
        and tuple(options.other_seeds) == OTHER_SEEDS
    )
    text = report(rows[: len(samples)], rows[len(samples) :], tried)
    return finish("rhythm", text, is_full)


def rhythm_settings() -> tuple[dict, dict]:
    """Read the project's settings of ``rhythm``, and those common to all."""
    project = yaml.safe_load((PROJECT / "dbt_project.yml").read_text(encoding="utf-8"))
    settings = project["vars"]
    names = ("seed", "months_of_history", "orders_of_history")
    rhythm = {
        **settings["series"]["daily_spend"],
        **settings["segmentations"]["rhythm"],
    }
    del rhythm["personas"]
    return rhythm, {name: settings[name] for name in names}


def sample_case(seed: int) -> Case:
    """Draw a shop of the sample's generator, without the dirt of its export."""
    shop = generate_shop(ShopSettings(seed=seed))
    orders = shop.orders
    amounts = orders.list_prices * orders.quantities - orders.discounts
    frame = pd.DataFrame(
        {
            "customer_id": shop.customer_ids[orders.customers],
            "order_date": shop.calendar.dates[orders.days],
            "amount": np.where(orders.is_return, -amounts, amounts),
            "is_return": orders.is_return,
        }
    )
    truth = shop.truth.sort_values(["customer_id", "to_month"])
    kinds = truth.drop_duplicates("customer_id", keep="last")
    return Case.of(
        f"sample, seed {seed}", frame, kinds.set_index("customer_id")["kind"]
    )


def other_case(seed: int, daily: bool = False) -> Case:
    """Draw a shop of the other generator."""
    name = "other, amounts alone" if daily else "other"
    return Case.of(f"{name}, seed {seed}", *make_other_shop(seed, daily))


def measure(case: Case, settings: Mapping, common: Mapping) -> dict:
    """Choose by the rule; compare with the kinds, the bound and the recipe.

    Returns:
        The cells of ``HEADER``, not yet formatted, and ``reason``.
    """
    trials = choose(case, settings, common)
    chosen = next(row for row in trials if row["is_chosen"])
    labels, _, _ = assign(case.windows, chosen, n_jobs=2)
    found, bound = case.agreement(labels), supervised_bound(case)
    return {
        "shop": case.name,
        "customers": len(case.ids),
        "kinds": case.true_kinds,
        "segments": chosen["k"],
        "adjusted Rand": found,
        "supervised bound": bound,
        "share of it": found / bound,
        "well-known recipe": case.agreement(recipe(case)),
        "chosen": chosen["representation"],
        "reason": chosen["reason"],
    }


def choose(case: Case, settings: Mapping, common: Mapping) -> list[dict]:
    """Run the trials as a build does: these shops are small enough to take all."""
    tables = case.frames.of(case.frames.ids)
    return run_trials({"rhythm": settings}, **tables, **common).to_pylist()


def supervised_bound(case: Case) -> float:
    """Agreement of a classifier that knows the kinds, each fifth left out in turn.

    A support vector machine on what a customer's series shows: the path, the rhythm
    of orders and of spend, and the number of orders.
    """
    names = ("smoothed_own_maximum", "smoothed_order_rhythm", "smoothed_spend_rhythm")
    shown = [
        represent(name, 4.0, case.windows).reshape(len(case.ids), -1) for name in names
    ]
    orders = np.log1p((case.windows > 0).sum(axis=1))
    machine = make_pipeline(StandardScaler(), SVC(C=3))
    folds = StratifiedKFold(5, shuffle=True, random_state=0)
    with threadpool_limits(1):
        return case.agreement(
            cross_val_predict(
                machine, np.hstack([*shown, orders]), case.kinds, cv=folds
            )
        )


def recipe(case: Case) -> np.ndarray:
    """Cluster as is usual: z-normalised spend, DTW without band, the true number."""
    spread = case.windows.std(axis=1, keepdims=True)
    centred = case.windows - case.windows.mean(axis=1, keepdims=True)
    model = TrajectoryKMeans(
        case.true_kinds, metric="dtw", n_init=3, max_iter=30, random_state=0, n_jobs=2
    )
    return model.fit_predict(centred / np.where(spread > 0, spread, 1.0))


def represent(name: str, smoothing_steps: float, windows: np.ndarray) -> np.ndarray:
    """Represent windows by themselves."""
    return Representation(name, smoothing_steps).fit_transform(windows)


def try_out(candidate: tuple, *groups: Sequence[Case]) -> tuple[str, ...]:
    """Cluster every shop with the true number; mean agreement by group of shops."""
    name, smoothing_steps, metric, band = candidate

    def agreement(case: Case) -> float:
        X = represent(name, smoothing_steps, case.windows)
        model = TrajectoryKMeans(
            case.true_kinds,
            metric=metric,
            window=band,
            n_init=3,
            max_iter=30,
            random_state=0,
            n_jobs=2,
        )
        return case.agreement(model.fit_predict(X))

    means = [np.mean([agreement(case) for case in cases]) for cases in groups]
    how = metric if band is None else f"{metric}, band {band}"
    if name.startswith("smoothed"):
        name = f"{name}, {smoothing_steps:g} steps"
    return name, how, *(f"{mean:.3f}" for mean in means)


def report(
    samples: Sequence[Mapping], others: Sequence[Mapping], tried: Sequence[Sequence]
) -> str:
    """Put all of it into Markdown."""
    far = max(abs(row["segments"] - row["kinds"]) for row in samples)
    least = min(row["adjusted Rand"] for row in samples)
    goals = [
        Goal(
            f"known kinds, sample shop and {len(samples) - 1} other seeds of its"
            " generator, k by the rule: adjusted Rand of `rhythm`",
            f"{GOAL:.2f}",
            ", ".join(f"{row['adjusted Rand']:.2f}" for row in samples),
            least >= GOAL,
        ),
        Goal(
            "number of segments, the same shops",
            "within 1 of the truth",
            f"at most {far} away",
            far <= 1,
        ),
    ]
    return page(
        "rhythm",
        "Rhythm against the known kinds of made-up shops",
        goals,
        "Agreement: adjusted Rand index (1: the same groups; 0: as by chance) over"
        " the active customers (orders enough in the last 90 days) of kinds with a"
        " rhythm. The number of segments and the representation are chosen by the"
        " rule in `trajectories/trials/choice.py`. Supervised bound: a classifier that"
        " was shown the kinds, on customers it was not shown. Well-known recipe:"
        " z-normalised spend, DTW without band, told the true number.",
        table(HEADER, [_cells(row) for row in [*samples, *others]]),
        "What else was tried, told the true number; mean over the shops of the"
        " sample's generator, of the other one, and of the one where all order alike"
        " and only amounts differ:",
        table(("representation", "metric", "sample", "other", "amounts alone"), tried),
        "The rule's reasons:",
        "\n".join(f"- {row['shop']}: {row['reason']}" for row in [*samples, *others]),
    )


def _cells(row: Mapping) -> list[str]:
    shown = []
    for name in HEADER:
        value = row[name]
        if name == "share of it":
            shown.append(f"{value:.0%}")
        elif isinstance(value, float):
            shown.append(f"{value:.3f}")
        else:
            shown.append(f"{value:,}" if isinstance(value, int) else str(value))
    return shown
