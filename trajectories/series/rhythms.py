"""Rhythm: when a customer orders in a window, and how it repeats.

Two customers can share a rhythm in two ways: their orders fall on the same days (a
campaign, a season, a decline), or they repeat alike wherever they fall (a burst at
any time, every weekend). Step-by-step distances see the first way only, and scatter
customers of the second kind over all segments. A rhythm therefore puts two views
side by side:

- the *path*: the series smoothed by a Gaussian, divided by its own maximum;
- the *spectrum*: the amplitudes of its Fourier transform, divided by that of
  frequency 0. Shifting a series does not change them (Wiener 1930, "Generalized
  harmonic analysis": they hold what the autocorrelation holds). High frequencies,
  single days apart, are damped by a Gaussian a quarter as wide as the path's.

Both are scaled to the same total variance over the training sample, so that neither
drowns the other (as in multiple factor analysis, Escofier and Pages 1994).

A rhythm has as many numbers as the window has steps: a smoothed path needs only
every second step, and so many frequencies are below one per two steps.
"""

import numpy as np

from trajectories.series.smoothing import smooth

# What is looked at: the weight of the squared differences of steps with spend (1, or
# 0 without), and of the spend itself. A step with spend is worth more than its
# amount: few amounts dominate where they are spread widely.
RHYTHMS = {
    "smoothed_order_rhythm": (1.0,),
    "smoothed_spend_rhythm": (2.0, 1.0),
}


def rhythm(
    X: np.ndarray, smoothing_steps: float, weights: tuple[float, ...]
) -> np.ndarray:
    """Put the spectrum and the path of each series side by side.

    Args:
        X: (customers, steps, features) amounts, NaN-padded at the end; negative ones
            (returns) count as 0.
        smoothing_steps: standard deviation of the path's Gaussian in steps; 2 or
            more, since the path is looked at every second step (with amounts beside
            the steps with spend, 4 or more: every fourth).
        weights: of the steps with spend and, if there are two, of the amounts.

    Returns:
        (customers, steps, features): half of them the spectrum, from the lowest
        frequency on, then the path. With two weights, both take turns in each. NaN
        where the path is past the end of a shorter series.
    """
    amounts = np.maximum(X, 0.0)
    ordered = np.where(np.isnan(X), np.nan, amounts > 0)
    spectra, paths = [], []
    for side, weight in zip((ordered, amounts)[: len(weights)], weights, strict=True):
        spectra.append(np.sqrt(weight) * _spectrum(side, smoothing_steps / 4))
        path = _of_own_maximum(smooth(side, smoothing_steps))
        paths.append(np.sqrt(weight) * path[:, :: 2 * len(weights)])
    half = X.shape[1] // 2
    parts = [_in_turn(spectra)[:, :half], _in_turn(paths)[:, : X.shape[1] - half]]
    return np.concatenate(parts, axis=1)


def rhythm_scale(rhythms: np.ndarray) -> np.ndarray:
    """Root of the total variance over customers of each half.

    Args:
        rhythms: (customers, steps, features), from :func:`rhythm`.

    Returns:
        (2 x features,): the spectrum's, then the path's; 1 where nothing varies.
    """
    half = rhythms.shape[1] // 2
    present = ~np.isnan(rhythms)
    counts = np.maximum(present.sum(axis=0), 1)
    centred = rhythms - np.nansum(rhythms, axis=0) / counts
    variance = np.nansum(centred**2, axis=0) / counts
    total = np.stack([variance[:half].sum(axis=0), variance[half:].sum(axis=0)])
    return np.sqrt(np.where(total > 1e-12, total, 1.0)).ravel()


def _spectrum(side: np.ndarray, sigma: float) -> np.ndarray:
    """Damped amplitudes at frequencies 1, 2, ... per window; 0 for empty series."""
    steps = side.shape[1]
    amplitudes = np.abs(np.fft.rfft(np.nan_to_num(side), axis=1))
    frequencies = np.arange(1, amplitudes.shape[1])[:, None] / steps
    damping = np.exp(-0.5 * (2 * np.pi * frequencies * sigma) ** 2)
    return _divided(amplitudes[:, 1:], amplitudes[:, :1]) * damping


def _of_own_maximum(path: np.ndarray) -> np.ndarray:
    return _divided(path, np.nan_to_num(path).max(axis=1, keepdims=True))


def _divided(values: np.ndarray, by: np.ndarray) -> np.ndarray:
    return values / np.where(by > 1e-12, by, 1.0)


def _in_turn(sides: list[np.ndarray]) -> np.ndarray:
    """Put sides of (customers, numbers, features) into one, taking turns."""
    customers, _, features = sides[0].shape
    return np.stack(sides, axis=2).reshape(customers, -1, features)
