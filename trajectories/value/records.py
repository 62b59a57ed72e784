"""What every model said at every origin, by what was known then, beside what came."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import NamedTuple

import numpy as np

from trajectories.value.bands import Shapes, simulate_shapes
from trajectories.value.clocks import Clock, read_clock
from trajectories.value.measures import randomised_places
from trajectories.value.money import (
    ADJUSTED,
    CORRECTED,
    EXPECTED,
    Amounts,
    expected_spend,
    measure_amounts,
    total_factor,
)
from trajectories.value.purchases import FITTED, PurchaseModel, fit_purchases
from trajectories.value.samples import HORIZONS, Origin
from trajectories.value.scores import (
    BOOSTING,
    LOGIT,
    MOST_ROWS,
    PURCHASES,
    Curve,
    Ranker,
    matched_curve,
    order_features,
    probability_curve,
    train_boosting,
    train_logit,
)

#: With fewer earlier origins, a shorter horizon that has as many tells more: one alone
#: has one season.
FEWEST_ORIGINS = 3
#: Origins, the newest, by whose outcomes probabilities, totals and bands are set.
MOST_EVIDENCE = 6
#: Boosting is tried for horizons up to this.
BOOSTED_DAYS = 90


class Past(NamedTuple):
    """Earlier origins from which the end of a horizon had been seen.

    Attributes:
        horizon: its days.
        origins: their places, the oldest first.
    """

    horizon: int
    origins: list[int]


@dataclass(frozen=True)
class Said:
    """What was said at an origin of the days after it.

    Attributes:
        ranker: gives the scores.
        scores: by model, (n,).
        curves: by model, from score to the probability of an order.
        chance_model: whose probability of an order spend and bands are made with.
        chance: (n,), that probability.
        amounts: how amounts vary.
        factors: by model of money, what its total was multiplied by.
        orders: by model of money, expected order days, (n,), corrected.
        spend: by model of money, expected spend, (n,), corrected.
        simulated: the one of them that bands are simulated about.
        shapes: of bands.
    """

    ranker: Ranker
    scores: dict[str, np.ndarray]
    curves: dict[str, Curve]
    chance_model: str
    chance: np.ndarray
    amounts: Amounts
    factors: dict[str, float]
    orders: dict[str, np.ndarray]
    spend: dict[str, np.ndarray]
    simulated: str
    shapes: Shapes

    def probability(self, model: str) -> np.ndarray:
        """Probability of an order by a model, calibrated, (n,)."""
        curve = self.curves.get(model)
        scores = self.scores[model]
        return scores if curve is None else curve.at(scores)


@dataclass
class ValueRecord:
    """Origins, and what was said at each, found when asked for and kept.

    Attributes:
        origins: the oldest first.
        seed: of boosting, shapes and places.
        horizons: days ahead for which outcomes are counted.
    """

    origins: Sequence[Origin]
    seed: int
    horizons: Sequence[int] = HORIZONS
    boosted_days: float = BOOSTED_DAYS
    _kept: dict = field(default_factory=dict)

    def purchases(self, place: int) -> dict[str, PurchaseModel]:
        """Fit all models of purchases at an origin."""
        return self._once(("purchases", place), lambda: self._fitted(place))

    def _once(self, key: tuple, make):
        if key not in self._kept:
            self._kept[key] = make()
        return self._kept[key]

    def _fitted(self, place: int) -> dict[str, PurchaseModel]:
        table = self.origins[place].compressed()
        return {name: fit_purchases(table, name) for name in FITTED}

    def sound_purchases(self, place: int) -> list[str]:
        """Name the models that are not degenerate, the likeliest first; else the NBD.

        Where drop-out is identified, the NBD, in which nobody stops, is left out.
        """
        fitted = self.purchases(place)
        sound = [
            one
            for one in fitted.values()
            if one.name != "nbd" and not one.is_degenerate
        ]
        sound.sort(key=lambda one: -one.log_likelihood)
        return [one.name for one in sound] or ["nbd"]

    def chosen_purchases(self, place: int, names: Sequence[str]) -> list[PurchaseModel]:
        """Give fitted models of an origin by name."""
        fitted = self.purchases(place)
        return [fitted[name] for name in names]

    def clock(self, place: int) -> Clock:
        """Measure the gaps known at an origin."""
        return self._once(
            ("clock", place), lambda: read_clock(self.origins[place].state)
        )

    def known(self, place: int, horizon: int) -> list[int]:
        """List earlier origins of which the outcome had come by an origin.

        Of those that looked back as far as ahead: with less nothing is learnt.
        """
        end, first = self.origins[place].end, self._first
        return [
            earlier
            for earlier in range(place)
            if self.origins[earlier].end + horizon <= end
            and self.origins[earlier].end - first >= horizon
            and horizon in self.origins[earlier].outcomes
        ]

    @property
    def _first(self) -> int:
        """The day of the first order of all."""
        oldest = self.origins[0]
        return oldest.end - int(oldest.state["observed_days"].max(initial=0))

    def _longest(self, horizon: int, origins: Callable[[int], list[int]]) -> Past:
        known = [
            Past(shorter, found)
            for shorter in sorted(self.horizons, reverse=True)
            if shorter <= horizon and (found := origins(shorter))
        ]
        many = [past for past in known if len(past.origins) >= FEWEST_ORIGINS]
        return next(iter(many or known), Past(int(horizon), []))

    def trained(self, place: int, horizon: int) -> Past:
        """Give the horizon and the origins that a classifier learns from."""
        return self._longest(horizon, lambda days: self.known(place, days))

    def evidence(self, place: int, horizon: int) -> Past:
        """Give what models are judged and corrected by.

        The longest horizon, up to one, whose end was seen from ``FEWEST_ORIGINS`` or
        more at which a classifier could be trained; where there are none, from any.
        """

        def could(days: int) -> list[int]:
            known = self.known(place, days)
            return [one for one in known if self.known(one, days)][-MOST_EVIDENCE:]

        found = self._longest(horizon, could)
        return found if found.origins else self.trained(place, horizon)

    def totals(self, place: int, horizon: int) -> Past:
        """Give what totals are corrected by: of half the horizon at least.

        Less of it may be a season that the rest is not.
        """
        past = self.trained(place, horizon)
        return past if 2 * past.horizon >= horizon else Past(past.horizon, [])

    def said(self, place: int, horizon: int) -> Said:
        """Say everything at an origin, from what was known then."""
        return self._once(("said", place, horizon), lambda: self._said(place, horizon))

    def ranker(self, place: int, horizon: int) -> Ranker:
        """Train what ranks the customers of an origin."""
        return self._once(
            ("ranker", place, horizon), lambda: self._trained_ranker(place, horizon)
        )

    def _trained_ranker(self, place: int, horizon: int) -> Ranker:
        names = self.sound_purchases(place)
        ranker = Ranker(self.chosen_purchases(place, names), horizon)
        shorter, origins = self.trained(place, horizon)
        features, came, rows = [], [], 0
        for earlier in reversed(origins):
            # The same models as here, or features would mean something else.
            models = self.chosen_purchases(earlier, names)
            origin = self.origins[earlier]
            features.append(order_features(models, origin.state, shorter))
            came.append((origin.outcomes[shorter][0] > 0).astype(float))
            rows += len(came[-1])
            if rows >= MOST_ROWS:
                break
        if rows:
            table, outcome = np.vstack(features), np.concatenate(came)
            ranker.logit = train_logit(table, outcome)
            if horizon <= self.boosted_days:
                ranker.boosting = train_boosting(table, outcome, self.seed)
        return ranker

    def _said(self, place: int, horizon: int) -> Said:
        origin = self.origins[place]
        ranker = self.ranker(place, horizon)
        scores = ranker.scores(origin.state)
        shorter, earlier = self.evidence(place, horizon)
        curves = self._curves(scores, shorter, earlier, horizon)
        main = LOGIT if LOGIT in scores else PURCHASES
        curve = curves.get(main)
        chance = scores[main] if curve is None else curve.at(scores[main])
        amounts = measure_amounts(origin.state)
        raw = expected_spend(
            ranker.purchases,
            amounts,
            origin.state,
            horizon,
            self._adjusting(main, chance),
        )
        factors = self._factors(raw, *self.totals(place, horizon))
        return Said(
            ranker,
            scores,
            curves,
            main,
            chance,
            amounts,
            factors,
            {name: orders * factors[name] for name, (orders, _) in raw.items()},
            {name: spend * factors[name] for name, (_, spend) in raw.items()},
            ADJUSTED if ADJUSTED in raw else EXPECTED,
            simulate_shapes(ranker.purchases[0], amounts, horizon, self.seed),
        )

    @staticmethod
    def _adjusting(main: str, chance: np.ndarray) -> np.ndarray | None:
        return chance if main == LOGIT else None

    def _curves(
        self,
        scores: dict[str, np.ndarray],
        shorter: int,
        earlier: list[int],
        horizon: int,
    ) -> dict[str, Curve]:
        """Turn scores into probabilities.

        Those of models are calibrated by earlier outcomes of the horizon; where only a
        shorter one has been seen they stand as they are, for they know how long it is.
        Ranks take the probabilities of models of purchases and regression, in the
        middle of the two, in their own order.
        """
        found = {}
        for name in {PURCHASES, LOGIT, BOOSTING} & set(scores):
            sides = [
                (
                    self.ranked(one, horizon)[name],
                    self.origins[one].outcomes[horizon][0],
                )
                for one in earlier
                if shorter == horizon and name in self.ranked(one, horizon)
            ]
            if sides:
                said, came = map(np.concatenate, zip(*sides, strict=True))
                curve = probability_curve(said, (came > 0).astype(float))
                if curve is not None:
                    found[name] = curve
        known = [
            np.sort(found[name].at(scores[name]) if name in found else scores[name])
            for name in (PURCHASES, LOGIT)
            if name in scores
        ]
        level = sum(known) / len(known)
        for name in set(scores) - {PURCHASES, LOGIT, BOOSTING}:
            found[name] = matched_curve(scores[name], level)
        return found

    def ranked(self, place: int, horizon: int) -> dict[str, np.ndarray]:
        """Give the scores of an origin alone."""
        return self._once(
            ("ranked", place, horizon),
            lambda: self.ranker(place, horizon).scores(self.origins[place].state),
        )

    def _factors(
        self, raw: dict[str, tuple], shorter: int, earlier: list[int]
    ) -> dict[str, float]:
        """Correct totals by what they were off at earlier origins, uncorrected."""
        found = dict.fromkeys(raw, 1.0)
        for name in CORRECTED & set(raw):
            said, came = [], []
            for one in earlier:
                then = self.said(one, shorter)
                if name in then.spend:
                    said.append(then.spend[name] / then.factors[name])
                    came.append(self.spent(one, shorter))
            if said:
                found[name] = total_factor(np.concatenate(said), np.concatenate(came))
        return found

    def spent(self, place: int, horizon: int) -> np.ndarray:
        """What customers spent after an origin, never below 0, (n,)."""
        return np.maximum(self.origins[place].outcomes[horizon][1], 0.0)

    def band_places(self, place: int, horizon: int) -> np.ndarray:
        """Where outcomes fell in what was said of single customers, (n,)."""
        then = self.said(place, horizon)
        below, at = then.shapes.places(
            self.origins[place].state,
            then.spend[then.simulated],
            then.chance,
            self.spent(place, horizon),
        )
        generator = np.random.default_rng([self.seed, place, horizon])
        return randomised_places(below, at, generator)
