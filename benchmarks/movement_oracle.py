"""What somebody who knows how the sample shop was made could see of a switch.

The oracle knows of every customer the kind until now, the habits (pace, moods,
favourite weekday and so on), the day of the last order, and how often which kind
follows which, but not when. It sees the order days of three months and says how
likely it is that the customer became of another kind at their beginning. Baskets and
amounts it does not see; but nobody who has to learn from orders knows as much of
their days.
"""

from collections.abc import Sequence

import numpy as np
import pandas as pd
from scipy.special import logsumexp
from scipy.stats import gamma
from trajectories.sample_shop.kinds import KIND_NUMBERS, KINDS, Traits, draw_traits
from trajectories.sample_shop.orders import daily_rates
from trajectories.sample_shop.population import Population, draw_population
from trajectories.sample_shop.shop import CHUNK, Shop, _mixed_kinds

WINDOW_MONTHS = 3
NAMES = np.array([kind.name for kind in KINDS])


class Habits:
    """What the oracle knows of each customer; every array is (customers, ...).

    Attributes:
        calendar: the days of the shop.
        population: kinds over time.
        traits: pace, moods and so on.
        mixed_kinds: a second kind that shows through, -1 for none.
        regularity: gamma shape of the gaps between orders.
        counts: (customers, days) orders, returns left out.
    """

    def __init__(self, shop: Shop):
        """Draw again what `generate_shop` drew, from the same seeds."""
        count = shop.settings.customers
        seeds = np.random.SeedSequence(shop.settings.seed).spawn(6)
        self.calendar = shop.calendar
        self.population = draw_population(
            np.random.default_rng(seeds[1]), count, self.calendar
        )
        sizes = np.diff([*range(0, count, CHUNK), count])
        traits, mixed = [], []
        for size, seed in zip(sizes, seeds[0].spawn(len(sizes)), strict=True):
            rng = np.random.default_rng(seed)
            traits.append(draw_traits(rng, size, self.calendar))
            mixed.append(_mixed_kinds(rng, size))
        self.traits = Traits(
            **{
                name: np.concatenate([getattr(part, name) for part in traits])
                for name in vars(traits[0])
            }
        )
        self.mixed_kinds = np.concatenate(mixed)
        kinds = self.population.kinds
        first = kinds[np.arange(count), np.argmax(kinds >= 0, axis=1)]
        is_lapsed = kinds[:, -1] == KIND_NUMBERS["Lapsed Customers"]
        regularity = np.array([kind.regularity for kind in KINDS], dtype=float)
        self.regularity = regularity[np.where(is_lapsed, first, kinds[:, -1])]
        sold = shop.orders.take(np.flatnonzero(~shop.orders.is_return))
        self.counts = np.zeros((count, len(self.calendar)), dtype=int)
        np.add.at(self.counts, (sold.customers, sold.days), 1)

    def rates(self) -> np.ndarray:
        """Expected orders a day as they were, (customers, days)."""
        rows = np.arange(len(self.population))
        return daily_rates(
            self.population, rows, self.traits, self.mixed_kinds, self.calendar
        )

    def rates_as(self, rows: np.ndarray, kinds, starts, window: slice) -> np.ndarray:
        """Expected orders a day of customers, were they of a kind from a day on."""
        shape = (len(rows), 1)
        one_kind = Population(
            kinds=np.broadcast_to(kinds, len(rows)).reshape(shape),
            start_months=np.zeros(shape, dtype=int),
            start_days=np.broadcast_to(starts, len(rows)).reshape(shape),
            end_days=np.full(shape, len(self.calendar)),
            is_already=np.zeros(len(rows), dtype=bool),
        )
        rates = daily_rates(
            one_kind,
            np.arange(len(rows)),
            self.traits.take(rows),
            self.mixed_kinds[rows],
            self.calendar,
        )
        return rates[:, window]


def log_likelihood(
    rates: np.ndarray, counts: np.ndarray, carried: np.ndarray, shape: np.ndarray
) -> np.ndarray:
    """Log likelihood of the order days of a window under some expected orders.

    A renewal process in operational time, as `draw_order_days` draws it: gaps on the
    scale of accumulated expected orders are gamma with mean 1 (Brown et al. 2002).
    Orders of one day lie evenly in it.

    Args:
        rates: (customers, days) expected orders a day.
        counts: (customers, days) orders.
        carried: (customers,) expected orders between the last order and the window.
        shape: (customers,) of the gamma distribution; 1 is a Poisson process.

    Returns:
        (customers,), minus infinity for orders on days on which none are expected.
    """
    ends = np.cumsum(rates, axis=1)
    rows, days = np.nonzero(counts)
    repeats = counts[rows, days]
    rows, days, sizes = (np.repeat(part, repeats) for part in (rows, days, repeats))
    within = np.arange(len(rows)) - np.repeat(np.cumsum(repeats) - repeats, repeats)
    rate = rates[rows, days]
    times = ends[rows, days] - rate * (1 - (within + 0.5) / sizes)
    is_first = np.r_[True, rows[1:] != rows[:-1]][: len(rows)]
    before = np.where(is_first, -carried[rows], np.r_[0.0, times[:-1]][: len(rows)])
    with np.errstate(divide="ignore"):
        seen = np.log(rate) + gamma.logpdf(
            times - before, shape[rows], scale=1 / shape[rows]
        )
    latest = -carried.astype(float)
    latest[rows] = times  # the last of a customer's orders is written last
    silence = gamma.logsf(ends[:, -1] - latest, shape, scale=1 / shape)
    total = silence.copy()
    np.add.at(total, rows, seen)
    return total


def windows_of(habits: Habits) -> pd.DataFrame:
    """Windows of three months of customers who ordered before them.

    Returns:
        row, month (number of the first month), slot and kind before, kind_after: the
        kind in the window; is_switch where it begins with another kind than before.
        Windows in which another switch falls are left out.
    """
    population, calendar = habits.population, habits.calendar
    months = len(calendar.months)
    numbers = np.arange(months)
    begun = population.start_months[:, :, None] <= numbers
    begun &= population.kinds[:, :, None] >= 0
    slots = begun.shape[1] - 1 - np.argmax(begun[:, ::-1], axis=1)
    first_days = np.argmax(habits.counts > 0, axis=1)
    parts = []
    for month in range(1, months - WINDOW_MONTHS + 1):
        before, after = slots[:, month - 1], slots[:, month]
        is_one_kind = slots[:, month + WINDOW_MONTHS - 1] == after
        is_known = first_days < calendar.month_starts[month]
        rows = np.flatnonzero(is_known & is_one_kind & begun[:, :, month - 1].any(1))
        parts.append(
            pd.DataFrame(
                {
                    "row": rows,
                    "month": month,
                    "slot": before[rows],
                    "kind_before": population.kinds[rows, before[rows]],
                    "kind_after": population.kinds[rows, after[rows]],
                    "is_switch": before[rows] != after[rows],
                }
            )
        )
    return pd.concat(parts, ignore_index=True)


def judge(shop: Shop) -> pd.DataFrame:
    """Weigh, for every window, a switch at its beginning against none.

    Returns:
        customer_id, month (datetime), is_switch, kind_before, kind_after; log_gain:
        log likelihood of the order days under a switch to the kinds that follow (each
        as often as it does) less that under no switch; log_ratio: the same for the
        one kind that did follow (0 where none did).
    """
    habits = Habits(shop)
    windows = windows_of(habits)
    cumulated = np.cumsum(habits.rates(), axis=1)
    switches = windows[windows["is_switch"]]
    follows = switches.groupby(["kind_before", "kind_after"]).size()
    chances = follows / follows.groupby("kind_before").transform("sum")
    judged = [
        _judge_month(habits, cumulated, part, month, chances)
        for month, part in windows.groupby("month")
    ]
    windows = pd.concat(judged, ignore_index=True)
    return pd.DataFrame(
        {
            "customer_id": shop.customer_ids[windows["row"]],
            "month": habits.calendar.months[windows["month"]].astype("datetime64[s]"),
            "is_switch": windows["is_switch"],
            "kind_before": NAMES[windows["kind_before"]],
            "kind_after": NAMES[windows["kind_after"]],
            "log_gain": windows["log_gain"],
            "log_ratio": windows["log_ratio"],
        }
    )


def _judge_month(
    habits: Habits,
    cumulated: np.ndarray,
    windows: pd.DataFrame,
    month: int,
    chances: pd.Series,
) -> pd.DataFrame:
    """Weigh the windows that begin in one month."""
    calendar = habits.calendar
    begin = calendar.month_starts[month]
    window = slice(begin, calendar.month_starts[month + WINDOW_MONTHS])
    rows = windows["row"].to_numpy()
    before = windows["kind_before"].to_numpy()
    last = begin - 1 - np.argmax(habits.counts[rows, :begin][:, ::-1] > 0, axis=1)
    # The last of the orders of a day lies as late in it as `log_likelihood` has it.
    of_day = cumulated[rows, last] - np.where(last > 0, cumulated[rows, last - 1], 0)
    rest = 0.5 * of_day / habits.counts[rows, last]
    carried = cumulated[rows, begin - 1] - cumulated[rows, last] + rest

    def likelihood(chosen: np.ndarray, kinds, starts) -> np.ndarray:
        return log_likelihood(
            habits.rates_as(rows[chosen], kinds, starts, window),
            habits.counts[rows[chosen], window],
            carried[chosen],
            habits.regularity[rows[chosen]],
        )

    everybody = np.arange(len(rows))
    starts = habits.population.start_days[rows, windows["slot"]]
    stayed = likelihood(everybody, before, starts)
    gains = np.full((len(rows), len(KINDS)), -np.inf)
    ratio = np.zeros(len(rows))
    for (earlier, later), chance in chances.items():
        chosen = np.flatnonzero(before == earlier)
        with np.errstate(invalid="ignore"):
            gained = likelihood(chosen, later, begin) - stayed[chosen]
        gains[chosen, later] = np.log(chance) + gained
        became = windows["is_switch"].to_numpy()[chosen]
        became &= windows["kind_after"].to_numpy()[chosen] == later
        ratio[chosen[became]] = gained[became]
    return windows.assign(log_gain=logsumexp(gains, axis=1), log_ratio=ratio)


def alarm_threshold(log_gain: Sequence[float], share: float) -> float:
    """Least gain that at most this share of windows without a switch passes."""
    ranked = np.sort(np.asarray(log_gain))
    return float(np.quantile(ranked, 1 - share, method="higher"))
