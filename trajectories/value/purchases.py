"""How often customers buy until they stop: NBD, BG/NBD and Pareto/NBD.

Each is fitted by maximum likelihood on the compressed table: distinct repeat order days
x, day of the last one t_x, and days observed T, with the number of customers who have
them. Time is divided by its mean before a fit, so that days and weeks give the same
probabilities.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

import numpy as np
import pyarrow as pa
from scipy.optimize import minimize
from scipy.special import betaln, digamma, gammaln, hyp2f1
from threadpoolctl import threadpool_limits

#: Parameters, of time divided by its mean, stay within exp of these.
LOG_BOUNDS = (-6.0, 5.0)
#: A drop-out is identified when it adds so much to the log-likelihood of the NBD.
LEAST_GAIN = 2.0
#: At a bound it is, all the same, when it adds so much: all then stop at one rate.
LEAST_GAIN_AT_BOUND = 10.0
#: More distinct histories than this are laid on a grid of days before a fit.
MOST_HISTORIES = 2_000
#: The first such grid has so many cells from the first day to the last.
FINEST_GRID = 256
#: Points at which the integral over the time of dropping out is taken.
NODES, WEIGHTS = np.polynomial.legendre.leggauss(20)
HISTORY_COLUMNS = ("repeat_orders", "last_repeat_days", "observed_days")
COMPRESSED_SCHEMA = pa.schema(
    {**dict.fromkeys(HISTORY_COLUMNS, pa.float64()), "customers": pa.float64()}
)


@dataclass(frozen=True)
class PurchaseModel:
    """A fitted model of when customers order.

    Attributes:
        name: nbd, bg_nbd or pareto_nbd.
        parameters: r and alpha; of bg_nbd also a and b, of pareto_nbd s and beta.
            alpha and beta are in the unit of the histories.
        log_likelihood: of all customers.
        nbd_log_likelihood: of the NBD, in which nobody ever stops, on the same.
        is_degenerate: drop-out is not identified: it adds less than ``LEAST_GAIN`` to
            the log-likelihood, or a parameter is at a bound and it adds less than
            ``LEAST_GAIN_AT_BOUND``. An NBD is at a bound alone.
    """

    name: str
    parameters: Mapping[str, float]
    log_likelihood: float
    nbd_log_likelihood: float
    is_degenerate: bool

    def alive_probability(
        self, x: np.ndarray, t_x: np.ndarray, T: np.ndarray
    ) -> np.ndarray:
        """P(still a customer at T), shape (n,); no churn score, see order_probability.

        Fader, Hardie and Lee (2005a), BG/NBD; Schmittlein, Morrison and Colombo
        (1987), Pareto/NBD.
        """
        return _alive(self, *_floats(x, t_x, T))

    def order_probability(
        self, x: np.ndarray, t_x: np.ndarray, T: np.ndarray, t: float
    ) -> np.ndarray:
        """P(an order within t after T), shape (n,), in the unit of the histories."""
        x, t_x, T = _floats(x, t_x, T)
        p = self.parameters
        silent = ((p["alpha"] + T) / (p["alpha"] + T + t)) ** (p["r"] + x)
        if self.name == "pareto_nbd":
            silent = silent * ((p["beta"] + T) / (p["beta"] + T + t)) ** p["s"]
            left = _dropping(
                p["r"] + x, p["alpha"] + T, p["s"], p["beta"] + T, np.zeros_like(T), t
            )
            logs = (p["r"] + x) * np.log(p["alpha"] + T)
            silent = silent + np.exp(left + logs + p["s"] * np.log(p["beta"] + T))
        return np.clip(_alive(self, x, t_x, T) * (1 - silent), 0.0, 1.0)

    def expected_orders(
        self, x: np.ndarray, t_x: np.ndarray, T: np.ndarray, t: float
    ) -> np.ndarray:
        """E(order days within t after T), shape (n,).

        BG/NBD: Fader, Hardie and Lee (2005a), equation 10, by Euler's transformation
        of its 2F1, which does not overflow. Pareto/NBD: Fader and Hardie (2005b),
        equation 22.
        """
        x, t_x, T = _floats(x, t_x, T)
        p = self.parameters
        rate = (p["r"] + x) / (p["alpha"] + T)
        alive = _alive(self, x, t_x, T)
        if self.name == "nbd":
            return rate * t
        if self.name == "pareto_nbd":
            power = p["s"] - 1
            return (
                alive
                * rate
                * (p["beta"] + T)
                * _shrinking(power, np.log((p["beta"] + T) / (p["beta"] + T + t)))
            )
        a = p["a"] if abs(p["a"] - 1) > 1e-6 else 1 + 1e-6
        c = a + p["b"] + x - 1
        z = t / (p["alpha"] + T + t)
        series = hyp2f1(a + p["b"] - 1 - p["r"], a - 1, c, z)
        return alive * c / (a - 1) * (1 - (1 - z) ** (a - 1) * series)

    def expected_new_orders(self, t: np.ndarray) -> np.ndarray:
        """E(repeat order days of a new customer within t), shape of t.

        Fader, Hardie and Lee (2005a), equation 9.
        """
        t = np.asarray(t, dtype=float)
        zero = np.zeros_like(t)
        return np.array(
            [
                self.expected_orders(zero[:1], zero[:1], zero[:1], one)[0]
                for one in t.ravel()
            ]
        ).reshape(t.shape)


def _floats(*values: np.ndarray) -> list[np.ndarray]:
    return [np.atleast_1d(np.asarray(value, dtype=float)) for value in values]


def compress_histories(histories: pa.Table) -> pa.Table:
    """Count customers with the same history, for a fit.

    Args:
        histories: columns ``HISTORY_COLUMNS``, a row per customer: repeat order days
            (0 or more, without the first), days from the first to the last order day,
            days from the first order to the day of the origin (not to the last order).

    Returns:
        ``COMPRESSED_SCHEMA``, sorted. With more than ``MOST_HISTORIES`` distinct ones,
        those of a cell of ever wider grids of days stand together, with their means.

    Raises:
        ValueError: a number is negative, or a last order lies after the origin.

    Examples:
        >>> days = {"repeat_orders": [0, 0, 2], "last_repeat_days": [0, 0, 30]}
        >>> histories = pa.table(days | {"observed_days": [90, 90, 80]})
        >>> compress_histories(histories)["customers"].to_pylist()
        [2.0, 1.0]
    """
    x, t_x, T = _floats(*(histories[name] for name in HISTORY_COLUMNS))
    if (np.minimum(x, t_x) < 0).any() or (t_x > T).any():
        raise ValueError(
            "Histories need repeat orders and days of 0 or more, and no last order"
            f" after the origin; found {int(((t_x > T) | (x < 0) | (t_x < 0)).sum())}"
            f" of {len(x)} customers without. Leave out days after the origin."
        )
    rows = np.column_stack([x, t_x, T])
    kept, group = _distinct(rows)
    cells, grid = kept, float(T.max(initial=0)) / FINEST_GRID
    while len(cells) > MOST_HISTORIES and grid < T.max():
        whole = np.column_stack([kept[:, 0], np.ceil(kept[:, 1:] / grid)])
        cells, place = _distinct(whole)
        if len(cells) <= MOST_HISTORIES:
            group = place[group]
        grid *= 2
    counts = np.bincount(group)
    means = [np.bincount(group, one) / counts for one in (x, t_x, T)]
    columns = [pa.array(one) for one in (*means, counts.astype(float))]
    return pa.table(columns, schema=COMPRESSED_SCHEMA)


def _distinct(rows: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Give distinct rows in order, and of each row which it is."""
    sizes = rows.max(axis=0, initial=0) + 1
    if (rows == np.floor(rows)).all() and np.prod(sizes) < 2**62:
        whole, places = rows.astype(np.int64), sizes.astype(np.int64)
        keys = (whole[:, 0] * places[1] + whole[:, 1]) * places[2] + whole[:, 2]
        _, first, group = np.unique(keys, return_index=True, return_inverse=True)
        return rows[first], group
    known, group = np.unique(rows, axis=0, return_inverse=True)
    return known, group.ravel()


def fit_purchases(histories: pa.Table, name: str) -> PurchaseModel:
    """Fit a model of purchases by maximum likelihood.

    Args:
        histories: what `compress_histories` gave, in any unit of time.
        name: nbd, bg_nbd (Fader, Hardie and Lee 2005a, equation 6) or pareto_nbd
            (Schmittlein, Morrison and Colombo 1987, as in Fader and Hardie 2005b,
            equation 7, its integral by Gauss-Legendre quadrature).

    Returns:
        The model, which says itself when its drop-out is not identified.

    Raises:
        ValueError: the model has another name, or there is no customer observed for
            any time.

    Examples:
        >>> history = {"repeat_orders": [0.0, 3.0, 1.0], "customers": [50.0, 9, 20]}
        >>> history |= {"last_repeat_days": [0.0, 70, 20]}
        >>> history |= {"observed_days": [90.0, 80, 85]}
        >>> fitted = fit_purchases(pa.table(history), "nbd")
        >>> p = fitted.order_probability([0, 3], [0, 70], [90, 80], 90)
        >>> bool(p[0] < p[1])
        True
    """
    if name not in FITTED:
        raise ValueError(f"Unknown model {name!r}; use {', '.join(FITTED)}.")
    x, t_x, T, n = _floats(*(histories[c] for c in COMPRESSED_SCHEMA.names))
    unit = float((T * n).sum() / n.sum()) if n.sum() else 0.0
    if unit <= 0:
        raise ValueError("No customer is observed for any time: there is no model.")
    scaled = (x, t_x / unit, T / unit, n)
    nbd = _maximum(_nbd, [1.0, 1.0], scaled)
    best = nbd
    if name != "nbd":
        best = _maximum(FITTED[name], [*np.exp(nbd.x), 1.0, 1.0], scaled)
    shift = -float((x * n).sum()) * np.log(unit)
    names = {"nbd": ("r", "alpha"), "bg_nbd": ("r", "alpha", "a", "b")}
    values = np.exp(best.x)
    parameters = dict(
        zip(names.get(name, ("r", "alpha", "s", "beta")), values, strict=True)
    )
    for scale in {"alpha", "beta"} & set(parameters):
        parameters[scale] *= unit
    gain = (nbd.fun - best.fun) * n.sum()
    is_at_bound = np.isclose(best.x[:, None], LOG_BOUNDS, atol=1e-3).any()
    return PurchaseModel(
        name=name,
        parameters={key: float(value) for key, value in parameters.items()},
        log_likelihood=float(shift - best.fun * n.sum()),
        nbd_log_likelihood=float(shift - nbd.fun * n.sum()),
        is_degenerate=bool(
            not gain >= (LEAST_GAIN_AT_BOUND if is_at_bound else LEAST_GAIN)
            if name != "nbd"
            else is_at_bound
        ),
    )


def _maximum(likelihood: Callable, start: list[float], scaled: tuple) -> object:
    """Minimise the mean negative log-likelihood over logs of the parameters."""
    *history, n = scaled
    total = n.sum()

    def loss(logs: np.ndarray) -> tuple[float, np.ndarray]:
        value, slopes = likelihood(np.exp(logs), *history)
        slope = [(n * one).sum() for one in slopes] * np.exp(logs)
        return -float((n * value).sum() / total), -slope / total

    with threadpool_limits(1):  # of numbers so few, threads only wait for each other
        return minimize(
            loss,
            np.log(start),
            jac=True,
            method="L-BFGS-B",
            bounds=[LOG_BOUNDS] * len(start),
            options={"ftol": 1e-14, "gtol": 1e-8, "maxiter": 300},
        )


Likelihood = tuple[np.ndarray, list[np.ndarray]]


def _heads(r: float, alpha: float, x: np.ndarray) -> Likelihood:
    """Give what all have in common, and its slopes by r and alpha."""
    value = gammaln(r + x) - gammaln(r) + r * np.log(alpha)
    return value, [digamma(r + x) - digamma(r) + np.log(alpha), r / alpha]


def _nbd(
    values: np.ndarray, x: np.ndarray, t_x: np.ndarray, T: np.ndarray
) -> Likelihood:
    """Log-likelihoods, and their slopes by the parameters."""
    r, alpha = values
    heads, (by_r, by_alpha) = _heads(r, alpha, x)
    end = np.log(alpha + T)
    return heads - (r + x) * end, [by_r - end, by_alpha - (r + x) / (alpha + T)]


def _bg_nbd(
    values: np.ndarray, x: np.ndarray, t_x: np.ndarray, T: np.ndarray
) -> Likelihood:
    r, alpha, a, b = values
    heads, (by_r, by_alpha) = _heads(r, alpha, x)
    repeats = np.maximum(x, 1)
    end, last = np.log(alpha + T), np.log(alpha + t_x)
    alive = betaln(a, b + x) - betaln(a, b) - (r + x) * end
    gone = betaln(a + 1, b + repeats - 1) - betaln(a, b) - (r + x) * last
    gone = np.where(x > 0, gone, -np.inf)
    both = np.logaddexp(alive, gone)
    is_alive = np.exp(alive - both)
    is_gone = 1 - is_alive
    common = digamma(a + b) - digamma(a + b + x)
    return heads + both, [
        by_r - is_alive * end - is_gone * last,
        by_alpha - (r + x) * (is_alive / (alpha + T) + is_gone / (alpha + t_x)),
        common + is_gone / a,
        common
        - digamma(b)
        + is_alive * digamma(b + x)
        + is_gone * digamma(b + repeats - 1),
    ]


def _pareto_nbd(
    values: np.ndarray, x: np.ndarray, t_x: np.ndarray, T: np.ndarray
) -> Likelihood:
    """Of the integral, slopes are taken by differences: its logarithm is smooth."""
    r, alpha, s, beta = values
    heads, (by_r, by_alpha) = _heads(r, alpha, x)
    end, left = np.log(alpha + T), np.log(beta + T)
    alive = -(r + x) * end - s * left
    gone = _dropping(r + x, alpha, s, beta, t_x, T)
    both = np.logaddexp(alive, gone)
    is_alive = np.exp(alive - both)
    # Who ordered on the last day cannot have gone.
    known = np.where(np.isfinite(gone), gone, 0.0)
    step, moved = 1e-6, []
    for place, value in enumerate(values):
        r_, alpha_, s_, beta_ = values + step * value * np.eye(4)[place]
        near = _dropping(r_ + x, alpha_, s_, beta_, t_x, T)
        near = np.where(np.isfinite(gone), near, 0.0)
        moved.append((near - known) / (step * value))
    own = (-end, -(r + x) / (alpha + T), -left, -s / (beta + T))
    rest = (by_r, by_alpha, np.log(beta), s / beta)
    slopes = [
        common + is_alive * one + (1 - is_alive) * other
        for common, one, other in zip(rest, own, moved, strict=True)
    ]
    return heads + s * np.log(beta) + both, slopes


def _dropping(
    power: np.ndarray,
    alpha: np.ndarray,
    s: float,
    beta: np.ndarray,
    start: np.ndarray,
    end: np.ndarray,
) -> np.ndarray:
    """Log of the integral of s (beta+u)^-(s+1) (alpha+u)^-power over start to end.

    Taken along the steeper of the two factors, so that the other one, which is smooth
    in it, is all that the quadrature sees: orders or leavings may be many.
    """
    power, alpha, beta, start, end = np.broadcast_arrays(power, alpha, beta, start, end)
    found = np.empty(power.shape)
    by_orders = power / (alpha + start) >= (s + 1) / (beta + start)
    for chosen, integrate in ((by_orders, _along_orders), (~by_orders, _along_leaving)):
        if chosen.any():
            own = (one[chosen] for one in (power, alpha, beta, start, end))
            found[chosen] = integrate(s, *own)
    return found


def _along_orders(
    s: float,
    power: np.ndarray,
    alpha: np.ndarray,
    beta: np.ndarray,
    start: np.ndarray,
    end: np.ndarray,
) -> np.ndarray:
    """By w = (1 - (alpha+start / alpha+u)^(power-1)) / (power-1)."""
    k = power - 1
    k = np.where(np.abs(k) < 1e-9, 1e-9, k)
    begin = alpha + start
    most = -np.expm1(-k * np.log((alpha + end) / begin)) / k
    w = most[:, None] * (NODES + 1) / 2
    u = begin[:, None] * np.exp(-np.log1p(-k[:, None] * w) / k[:, None])
    u = np.minimum(u - alpha[:, None], end[:, None])
    # Divided by its largest value, for it may be too small for a number.
    inner = ((beta + start)[:, None] / (beta[:, None] + u)) ** (s + 1)
    with np.errstate(divide="ignore"):
        mean = np.log(most * (inner * WEIGHTS).sum(axis=1) / 2 * s)
    return mean - (s + 1) * np.log(beta + start) - k * np.log(begin)


def _along_leaving(
    s: float,
    power: np.ndarray,
    alpha: np.ndarray,
    beta: np.ndarray,
    start: np.ndarray,
    end: np.ndarray,
) -> np.ndarray:
    """By v = 1 - (beta+start / beta+u)^s."""
    begin = beta + start
    most = -np.expm1(-s * np.log((beta + end) / begin))
    v = most[:, None] * (NODES + 1) / 2
    u = begin[:, None] * np.exp(-np.log1p(-v) / s) - beta[:, None]
    u = np.minimum(u, end[:, None])
    inner = ((alpha + start)[:, None] / (alpha[:, None] + u)) ** power[:, None]
    with np.errstate(divide="ignore"):
        mean = np.log(most * (inner * WEIGHTS).sum(axis=1) / 2)
    return mean - s * np.log(begin) - power * np.log(alpha + start)


FITTED: dict[str, Callable] = {
    "nbd": _nbd,
    "bg_nbd": _bg_nbd,
    "pareto_nbd": _pareto_nbd,
}


def _alive(
    model: PurchaseModel, x: np.ndarray, t_x: np.ndarray, T: np.ndarray
) -> np.ndarray:
    p = model.parameters
    if model.name == "nbd":
        return np.ones_like(T)
    if model.name == "bg_nbd":
        steep = (p["r"] + x) * np.log((p["alpha"] + T) / (p["alpha"] + t_x))
        odds = p["a"] / (p["b"] + np.maximum(x, 1) - 1) * np.exp(np.minimum(steep, 700))
        return np.where(x > 0, 1 / (1 + odds), 1.0)
    gone = _dropping(p["r"] + x, p["alpha"], p["s"], p["beta"], t_x, T)
    alive = -(p["r"] + x) * np.log(p["alpha"] + T) - p["s"] * np.log(p["beta"] + T)
    return 1 / (1 + np.exp(np.clip(gone - alive, -700, 700)))


def _shrinking(power: float, log_ratio: np.ndarray) -> np.ndarray:
    """(1 - exp(power * log_ratio)) / power, also where power is 0."""
    if abs(power) < 1e-9:
        return -log_ratio
    return -np.expm1(power * log_ratio) / power
