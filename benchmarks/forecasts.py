"""How good the revenue forecasts are, against single methods and Prophet.

``python -m benchmarks forecasts`` reads the backtests of two shops, the sample and
Online Retail II, out of their warehouses; lets the package forecast 200 made monthly
series and 200 products cut short; and times nine segments.
"""

import argparse
import os
import resource
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import duckdb
import numpy as np
import pandas as pd

from benchmarks.data_sets.monthly_series import (
    KINDS,
    made_days,
    made_series,
    product_series,
    read_series,
)
from benchmarks.dbt_builds import BENCH, PROJECT, BuildError, PeakMemory, run_models
from benchmarks.forecast_scores import (
    BANDED,
    COVERAGES,
    OTHERS,
    PROPHETS,
    Score,
    score,
    with_published,
)
from benchmarks.frames import of_frames
from benchmarks.goals import Goal, finish, page, table
from trajectories import forecasting
from trajectories.forecasting import projected_models
from trajectories.forecasting.methods import METHODS

judge_forecasts = of_frames(forecasting.judge_forecasts)
project_revenue = of_frames(forecasting.project_revenue)
rolling_histories = of_frames(forecasting.rolling_histories)

HORIZON = 6
CUTS = (12, 18, 24)
PARTS = ("time", "made", "products", "sample", "retail")
PER_KIND, PRODUCTS, MOST = 40, 200, 200
# Prophet's own record before the cut comes from every so manieth shop of series.
PROPHET_EVERY = 8
# Series judged together in the trial that imitates a shop's segments.
SHOP_SERIES = 8
TIMED_SERIES, TIMED_MONTHS, SECONDS_GOAL = 9, 24, 60
SHOP_SELECT = "+fct_forecast_backtests"
_MARKETS = {"sample": "sample shop", "retail": "Online Retail II"}
_INPUTS = {"sample": None, "retail": PROJECT / "inputs" / "online_retail_ii.yml"}
_TITLES = {
    "simple": "published MASE against the best single simple method",
    "Prophet": "published MASE against Prophet, on months and on days",
    "80 %": "coverage of the published 80 % band",
    "95 %": "coverage of the published 95 % band",
    "interval score": "interval score of the published 80 % band",
}
_AIMS = {
    "simple": "at or under, in every cell",
    "Prophet": "never worse",
    **{
        f"{level} %": f"{least:.0%} to {most:.0%} in every cell"
        for level, (least, most) in COVERAGES.items()
    },
    "interval score": "better than Prophet's own bands and the naive ones",
}
NOTES = (
    "A cell pools scaled errors (MASE: over the mean absolute change of the history"
    " from month to month) over series, origins and six horizons. Ratios are published"
    " over other, each on the backtests that both have: under 1, the published one is"
    ' better. "Best single method" is the one with the highest such ratio. Coverage'
    " counts calibrated bands only, and so does the interval score (at 80 %, scaled"
    " like errors). Goals are for the cells that are not called a part.",
    "Shops: every origin with an outcome, segments and total, as published from there."
    ' "Without hindsight" leaves out what was forecast on a map that was fitted'
    " later.",
    "Made series and products: cut to their first 12, 18 and 24 months and forecast"
    " six ahead, once, series against outcomes that no model saw; from the months"
    " before, from the sixth on, the gate and the bands learn. At the cut, Prophet is"
    f" fitted to every series, before it to every {PROPHET_EVERY}th group of"
    f" {SHOP_SERIES} from the ends of quarters, to save time. As {SHOP_SERIES}"
    " segments: judged in these groups, each alone, as a shop's segments are. Kinds are"
    " parts of the cell of all series. Products were chosen by their first twelve"
    " months.",
)


@dataclass(frozen=True)
class Timing:
    """What forecasting nine series with all backtests took.

    Attributes:
        seconds: wall time, from histories to published forecasts.
        processor_seconds: of all processes.
        fits: forecasts of one history by one model.
        prophet_fits: those by Prophet.
        histories: series times origins.
        peak_bytes: resident memory of the largest process.
        load: processes that ran or waited to in the minute before, on average.
    """

    seconds: float
    processor_seconds: float
    fits: int
    prophet_fits: int
    histories: int
    peak_bytes: int
    load: float


def main(arguments: list[str] | None = None) -> int:
    """Measure all cells, print the tables and write them."""
    options = _options(arguments)
    timing, scores, left_out = None, [], []
    try:
        other = read_series(options.series) if options.series else None
        if "time" in options.parts:
            timing = time_forecasts()
        if "made" in options.parts:
            scores += made_scores(made_series(options.per_kind))
        scores += _product_scores(options, left_out)
        for shop in ("sample", "retail"):
            if shop in options.parts and _is_there(shop, left_out):
                scores += shop_scores(shop, options.reuse)
        if other is not None:
            scores += other_scores(other, options, left_out)
    except (BuildError, ValueError) as problem:
        print(problem, file=sys.stderr)
        return 1
    usual = _options(["--reuse"] if options.reuse else [])
    is_full = options == usual and not left_out
    return finish("forecasts", report(scores, timing, left_out), is_full)


def _options(arguments: list[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m benchmarks forecasts")
    parser.add_argument("--parts", nargs="+", choices=PARTS, default=list(PARTS))
    parser.add_argument(
        "--series", type=Path, help="further series: CSV of series_id, month, amount"
    )
    parser.add_argument(
        "--most", type=int, default=MOST, help="of these, at most, evenly spaced"
    )
    parser.add_argument("--per-kind", type=int, default=PER_KIND, help="made series")
    parser.add_argument("--products", type=int, default=PRODUCTS)
    parser.add_argument(
        "--reuse", action="store_true", help="take the warehouses that are there"
    )
    return parser.parse_args(arguments)


# -- Series ------------------------------------------------------------------


def replay(series: pd.DataFrame, cuts: tuple[int, ...] = CUTS) -> pd.DataFrame:
    """Cut series short, and forecast them from every month up to the last cut.

    Every series counts from its own first month, laid on one calendar.

    Args:
        series: series_id, month, amount; without gaps.
        cuts: months known at the ends of the cells, in order.

    Returns:
        The histories that `judge_forecasts` takes, with their forecasts to come by
        `forecast`; a series serves the origins six months before its end or earlier.
    """
    number = series.groupby("series_id").cumcount()
    length = series.groupby("series_id")["month"].transform("size")
    plain = pd.DataFrame(
        {
            "segmentation": "series",
            "segment_id": series["series_id"],
            "month": month_after(number),
            "revenue_amount": series["amount"],
        }
    )
    longest = cuts[-1] + HORIZON
    is_used = (number < longest) & (length >= cuts[0] + HORIZON)
    laid = rolling_histories(plain[is_used], origins=longest, horizon=HORIZON)
    lengths = length.groupby(series["series_id"]).first().clip(upper=longest)
    last = lengths.reindex(laid["segment_id"]).to_numpy() - HORIZON
    return laid[laid["origin_month"].to_numpy() < month_after(last).to_numpy()]


def month_after(months: pd.Series | np.ndarray) -> pd.Series:
    """Return the first day of the month so many after January 2001."""
    numbers = np.asarray(months, dtype=np.int64) + 12 * (2001 - 1970)
    dates = numbers.astype("datetime64[M]").astype("datetime64[us]")
    return pd.Series(dates, index=getattr(months, "index", None))


def forecast(
    histories: pd.DataFrame, cuts: tuple[int, ...] = CUTS, every: int = PROPHET_EVERY
) -> pd.DataFrame:
    """Forecast all histories simply, and by Prophet those of a cut or some shops.

    A shop has Prophet's whole record or none, for the gate to judge it by.

    Args:
        histories: of `replay`.
        cuts: as there.
        every: of the shops of `shops_of`, from the first on.
    """
    ends = month_after(np.array(cuts) - 1)
    is_cut = histories["origin_month"].isin(ends)
    is_full = (shops_of(histories) % every == 0) | is_cut
    parts = [
        project_revenue(histories[chosen], HORIZON, models)
        for chosen, models in ((is_full, (*METHODS, "prophet")), (~is_full, METHODS))
    ]
    return pd.concat(parts, ignore_index=True)


def at_cuts(
    projections: pd.DataFrame, histories: pd.DataFrame, cuts: tuple[int, ...] = CUTS
) -> Iterator[tuple[int, pd.DataFrame]]:
    """Judge, and yield each cut with the backtests of the months held out there."""
    judged = judge_forecasts(projections, histories, HORIZON)
    backtests = with_published(judged, histories)
    for cut, end in zip(cuts, month_after(np.array(cuts) - 1), strict=True):
        chosen = backtests[backtests["origin_month"] == end]
        if len(chosen):
            yield cut, chosen


def shops_of(frame: pd.DataFrame) -> pd.Series:
    """Deal the series in turn to shops of SHOP_SERIES each, numbered from 0."""
    ranks = frame["segment_id"].rank(method="dense").astype(int) - 1
    return ranks % max((ranks.max() + 1) // SHOP_SERIES, 1)


def as_shops(frame: pd.DataFrame) -> pd.DataFrame:
    """Let the shops not know of each other."""
    return frame.assign(definition=shops_of(frame).map("shop {}".format))


def made_scores(series: pd.DataFrame) -> list[Score]:
    """Score the made series: all, as small shops, and by kind."""
    histories = replay(series)
    projections = forecast(histories)
    scores, parts = [], []
    for cut, backtests in at_cuts(projections, histories):
        scores.append(score(f"made series, {cut} months", backtests))
        kinds = backtests["segment_id"].str.split(" ").str[0]
        for kind in KINDS:
            name = f"part: {kind}, {cut} months"
            parts.append(score(name, backtests[kinds == kind], False))
    for cut, backtests in at_cuts(as_shops(projections), as_shops(histories)):
        name = f"made series as {SHOP_SERIES} segments, {cut} months"
        scores.append(score(name, backtests))
    return scores + parts


def _product_scores(options: argparse.Namespace, left_out: list[str]) -> list[Score]:
    if "products" not in options.parts or not _is_there("products", left_out):
        return []
    histories = replay(product_series(retail_file(), options.products), CUTS[:2])
    cells = at_cuts(forecast(histories, CUTS[:2]), histories, CUTS[:2])
    return [score(f"products, {cut} months", backtests) for cut, backtests in cells]


def other_scores(
    series: pd.DataFrame, options: argparse.Namespace, left_out: list[str]
) -> list[Score]:
    """Score other people's series; say how many were too short or too many."""
    lengths = series.groupby("series_id").size()
    long = lengths.index[lengths >= CUTS[0] + HORIZON]
    if not len(long):
        raise ValueError(
            f"The file {options.series} has no series of {CUTS[0] + HORIZON} months or"
            f" more; found {len(lengths)}, the longest of {lengths.max()} months."
        )
    places = np.linspace(0, len(long) - 1, min(options.most, len(long)))
    chosen = long[np.unique(places.round().astype(int))]
    left_out += [
        f"{options.series.name}: {(lengths < cut + HORIZON).sum():,} of"
        f" {len(lengths):,} series are too short for {cut} months and {HORIZON} more"
        for cut in CUTS
    ]
    if len(chosen) < len(long):
        left_out.append(f"{len(long) - len(chosen):,} of the others, to save time")
    histories = replay(series[series["series_id"].isin(chosen)])
    cells = at_cuts(forecast(histories), histories)
    name = options.series.stem
    return [score(f"{name}, {cut} months", backtests) for cut, backtests in cells]


# -- Shops -------------------------------------------------------------------


def retail_file() -> Path:
    """Say where Online Retail II lies, as inputs/online_retail_ii.yml does."""
    shared = os.environ.get("TRAJECTORIES_SHARED_DATA", PROJECT.parent / "shared/data")
    return Path(shared) / "online_retail_ii" / "online_retail_II.parquet"


def _is_there(part: str, left_out: list[str]) -> bool:
    """Say whether a part's data are there; if not, say so."""
    if part == "sample" or retail_file().exists():
        return True
    left_out.append(f"{part}: there is no {retail_file().name} in the shared data")
    print(f"Skipped {left_out[-1]}.", file=sys.stderr)
    return False


def shop_scores(shop: str, reuse: bool) -> list[Score]:
    """Build a shop up to its backtests, or take the build that is there; score it.

    Raises:
        BuildError: the build fails, or has no backtests.
    """
    folder = BENCH / f"forecasts_{shop}"
    database = folder / "work.duckdb"
    if not (reuse and database.exists()):
        # Model versions of an earlier build would go on scoring.
        database.unlink(missing_ok=True)
        run_models(folder, SHOP_SELECT, {}, _INPUTS[shop])
    try:
        with duckdb.connect(str(database), read_only=True) as tables:
            backtests = tables.table("marts.fct_forecast_backtests").df()
    except duckdb.CatalogException:
        raise BuildError(
            f"{database} has no marts.fct_forecast_backtests. Build it anew, without"
            " --reuse."
        ) from None
    return split_scores(_MARKETS[shop], backtests)


def split_scores(name: str, backtests: pd.DataFrame) -> list[Score]:
    """Score a shop by definition, both together, and without hindsight."""
    known = backtests[~backtests["is_hindsight"]]
    scores = [
        score(f"{name}, {definition}", backtests[backtests["definition"] == definition])
        for definition in ("cohort", "stock")
    ]
    scores.append(score(f"{name}, both", backtests))
    if 0 < len(known) < len(backtests):
        scores.append(score(f"part: {name}, both, without hindsight", known, False))
    return scores


# -- Time --------------------------------------------------------------------


def time_forecasts(series: int = TIMED_SERIES, months: int = TIMED_MONTHS) -> Timing:
    """Forecast made series with all models from every origin, days too; judge them."""
    per_kind = -(-series // len(KINDS))
    made = made_series(per_kind, months)
    made = made[made["series_id"].isin(sorted(made["series_id"].unique())[:series])]
    names = {"series_id": "segment_id", "amount": "revenue_amount"}
    plain = made.rename(columns=names).assign(segmentation="series")
    histories = rolling_histories(plain)
    keys = [*histories.columns[:4]]
    days = histories[keys].drop_duplicates()
    days = days.merge(made_days(made).rename(columns=names))
    ends = days["origin_month"] + pd.offsets.MonthEnd(0)
    days = days[days["order_date"] <= ends]
    peak, load = PeakMemory(os.getpid(), max), os.getloadavg()[0]
    begun, used = time.perf_counter(), _processor_seconds()
    projections = project_revenue(histories, HORIZON, projected_models(), days)
    judge_forecasts(projections, histories, HORIZON)
    seconds, used = time.perf_counter() - begun, _processor_seconds() - used
    fitted = projections[[*keys, "model"]].drop_duplicates()
    return Timing(
        seconds=seconds,
        processor_seconds=used,
        fits=len(fitted),
        prophet_fits=int(fitted["model"].isin(PROPHETS).sum()),
        histories=len(histories[keys].drop_duplicates()),
        peak_bytes=peak.stop(),
        load=load,
    )


def _processor_seconds() -> float:
    """Add up this process and its children that have ended."""
    both = resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN
    used = [resource.getrusage(which) for which in both]
    return sum(one.ru_utime + one.ru_stime for one in used)


# -- The page ----------------------------------------------------------------


def make_goals(scores: list[Score], timing: Timing | None) -> list[Goal]:
    """Say of every goal in how many cells it is met, and where it is not."""
    cells = [one for one in scores if one.is_goal]
    goals = [_goal(name, cells) for name in _TITLES if cells]
    if timing:
        goals.append(
            Goal(
                f"forecasts of {TIMED_SERIES} series ({TIMED_MONTHS} months) with full"
                f" backtest of all models, {timing.fits:,} fits",
                f"under {SECONDS_GOAL} s",
                f"{timing.seconds:.0f} s ({timing.processor_seconds:.0f} s of"
                " processors)",
                timing.seconds < SECONDS_GOAL,
            )
        )
    return goals


def _goal(name: str, cells: list[Score]) -> Goal:
    missed = [cell for cell in cells if not cell.verdicts()[name]]
    backtests = sum(cell.backtests for cell in cells)
    measured = f"met in {len(cells) - len(missed)} of {len(cells)} cells"
    if missed:
        found = (f"{cell.name} ({_measured(name, cell)})" for cell in missed)
        measured += "; missed: " + "; ".join(found)
    title = f"{_TITLES[name]} ({len(cells)} cells, {backtests:,} backtests)"
    return Goal(title, _AIMS[name], measured, not missed)


def _measured(name: str, cell: Score) -> str:
    """Write what a goal measures in a cell."""
    if name == "simple":
        best = cell.best_method()
        return f"{_ratio(cell.errors[best].ratio)} of {best}"
    if name == "Prophet":
        return " and ".join(_ratio(cell.errors[one].ratio) for one in PROPHETS)
    if name == "interval score":
        return ", ".join(_ratio(cell.bands[one].ratio) for one in BANDED)
    return f"{cell.coverages[int(name.split()[0])]:.1%}"


def _ratio(value: float) -> str:
    return f"{value:.3f}" if np.isfinite(value) else "none"


def report(scores: list[Score], timing: Timing | None, left_out: list[str]) -> str:
    """Put all of it into Markdown."""
    parts = []
    if scores:
        parts += [*NOTES, "## Cells", cell_table(scores)]
        parts += ["## Methods", method_table(scores), "## Bands", band_table(scores)]
    if timing:
        parts += ["## Time", _time_text(timing)]
    if left_out:
        parts.append("Left out: " + "; ".join(left_out) + ".")
    goals = make_goals(scores, timing)
    return page("forecasts", "Forecasts of revenue", goals, *parts)


def cell_table(scores: list[Score]) -> str:
    """One row per cell, with the goals that it misses."""
    header = ["cell", "series", "origins", "backtests", "MASE published"]
    header += ["best single method", "published / best", "/ Prophet on months"]
    header += ["/ Prophet on days", "calibrated", "in 80 %", "in 95 %", "missed"]
    rows = [
        [
            one.name,
            *(f"{count:,}" for count in (one.series, one.origins, one.backtests)),
            f"{one.mase:.3f}",
            one.best_method(),
            _measured("simple", one).split()[0],
            *(_ratio(one.errors[name].ratio) for name in PROPHETS),
            f"{one.calibrated:,}",
            *(_measured(f"{level} %", one) for level in COVERAGES),
            ", ".join(name for name, met in one.verdicts().items() if not met) or "-",
        ]
        for one in scores
    ]
    return table(header, rows)


def method_table(scores: list[Score]) -> str:
    """MASE of every model, and where it has fewer backtests, the published beside."""
    rows = [[one.name, *(_pair_text(one, name) for name in OTHERS)] for one in scores]
    legend = (
        "MASE of each model. Where it has no forecast of some backtests: its own /"
        " what was published, on those that both have (how many)."
    )
    return f"{legend}\n\n{table(['cell', *OTHERS], rows)}"


def _pair_text(one: Score, name: str) -> str:
    pair = one.errors[name]
    if not pair.backtests:
        return "none"
    if pair.backtests == one.backtests:
        return f"{pair.theirs:.3f}"
    return f"{pair.theirs:.3f} / {pair.ours:.3f} ({pair.backtests:,})"


def band_table(scores: list[Score]) -> str:
    """Interval scores of the published band and of models' own, on common backtests."""
    header = ["cell", *(f"own of {name} / published" for name in BANDED)]
    rows = [
        [
            one.name,
            *(
                f"{pair.theirs:.2f} / {pair.ours:.2f} ({pair.backtests:,})"
                if pair.backtests
                else "none"
                for pair in (one.bands[name] for name in BANDED)
            ),
        ]
        for one in scores
    ]
    return table(header, rows)


def _time_text(timing: Timing) -> str:
    return (
        f"{timing.histories} histories ({TIMED_SERIES} series of {TIMED_MONTHS} months,"
        f" every origin from the sixth month on), {timing.fits:,} fits, of which"
        f" {timing.prophet_fits:,} by Prophet: {timing.seconds:.1f} s of wall time,"
        f" {timing.processor_seconds:.1f} s of processors, at most"
        f" {timing.peak_bytes / 1e6:.0f} MB in a process. Starting processes and"
        " importing libraries is counted. In the minute before, other programs kept"
        f" {timing.load:.1f} processes running or waiting."
    )
