"""The spaces that k-means moves in: dynamic time warping, and step against step."""

import os
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor

import numpy as np

from trajectories.engine.bounds import slack
from trajectories.engine.passes import to_nearest, to_paths

CHUNK_SERIES = 512


class DtwSpace:
    """Series under dynamic time warping, with barycentres for centres.

    Petitjean, Ketterlin and Gancarski 2011, "A global averaging method for dynamic
    time warping": align every series with its centre, then set each step of the
    centre to the mean of what was aligned with it. One such step an iteration; the
    sum of squared distances never grows.

    The series stay where they are: each chunk is laid into lanes when it is needed,
    so that memory does not grow with passes or threads.

    Args:
        series: (series, steps, features), NaN-padded at the end, float32 or float64.
        radius: of the Sakoe-Chiba band, in steps.
        n_jobs: threads; None is 1, -1 is as many as there are processors.
        dtype: what is computed in: float32 is twice as fast, float64 as exact as
            tslearn. For float32 the values are shifted and scaled into -1 to 1
            first, so that large values lose no accuracy (see ``engine.dtw``).
    """

    def __init__(
        self,
        series: np.ndarray,
        radius: int,
        n_jobs: int | None = None,
        dtype: type = np.float32,
    ):
        """Measure lengths and, for float32, shift and scale."""
        self.series, self.radius = series, radius
        self.n_jobs, self.dtype = n_jobs, np.dtype(dtype)
        self.lengths = series_lengths(series)
        features = series.shape[2]
        self._shift, self._scale = np.zeros(features), 1.0
        if self.dtype == np.float32:
            low, high = np.nanmin(series, axis=(0, 1)), np.nanmax(series, axis=(0, 1))
            self._shift = (low.astype(float) + high) / 2
            reach = float((high.astype(float) - low).max()) / 2
            self._scale = 1 / reach if reach > 0 else 1.0
        # Squared distances grow with the square of the scale.
        self._unit = self._scale**-2

    def lowered(self, nearest: np.ndarray, rows: np.ndarray) -> np.ndarray:
        """Take the less of ``nearest`` and the distance to each of some series."""
        limits = np.asarray(nearest / self._unit, dtype=self.dtype)
        paths, lengths = self._scaled(self.series[rows]), self.lengths[rows]
        return self._to_paths(paths, lengths, limits) * self._unit

    def to_each_other(self) -> np.ndarray:
        """Distances, not squared, between all series; (series, series) float64."""
        limits = np.full(len(self.series), np.inf, dtype=self.dtype)
        paths = self._scaled(self.series)
        squares = self._to_paths(paths, self.lengths, limits, later=True)
        return np.sqrt(np.minimum(squares, squares.T) * self._unit)

    def to_paths(self, paths: np.ndarray) -> np.ndarray:
        """Distances, not squared, of all series to (paths, steps, features).

        Returns:
            (series, paths) float64.
        """
        limits = np.full(len(self.series), np.inf, dtype=self.dtype)
        squares = self._to_paths(self._scaled(paths), series_lengths(paths), limits)
        return np.sqrt(squares * self._unit)

    def nearest(self, centres: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Label every series; return (series,) labels and squared distances."""
        labels = np.zeros(len(self.series), dtype=np.int64)
        centres = centres[:, : series_lengths(centres).max()]
        nearest, _ = self._to_nearest(centres, labels, is_aligned=False)
        return labels, nearest

    def improve(
        self, centres: np.ndarray, labels: np.ndarray
    ) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """Label every series, and align it with its centre to move the centre."""
        labels = labels.copy()
        nearest, (sums, counts) = self._to_nearest(centres, labels, is_aligned=True)
        moved = sums / np.maximum(counts, 1.0)[:, :, None] / self._scale + self._shift
        return labels, nearest, np.where(counts[:, :, None] > 0, moved, centres)

    def _to_paths(self, paths, path_lengths, limits, later=False) -> np.ndarray:
        out = np.full((len(self.series), len(paths)), np.inf, dtype=self.dtype)

        def look(rows: np.ndarray) -> None:
            to_paths(
                self.series,
                rows,
                self.lengths,
                paths,
                path_lengths,
                self.radius,
                self._shift,
                self._scale,
                limits,
                later,
                out,
            )

        for _ in in_threads(look, self._chunks(self.lengths), self.n_jobs):
            pass
        return out.astype(float)

    def _to_nearest(self, centres, labels, is_aligned):
        nearest = np.empty(len(labels), dtype=self.dtype)
        scaled = self._scaled(centres)
        _, steps, features = centres.shape
        shape = centres.shape if is_aligned else (0, 0, features)
        cells = self.series.shape[1] + steps

        def look(rows: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
            sums, counts = np.zeros(shape), np.zeros(shape[:2])
            to_nearest(
                self.series,
                rows,
                self.lengths,
                scaled,
                self.radius,
                self._shift,
                self._scale,
                slack(self.dtype, cells, features),
                labels,
                nearest,
                sums,
                counts,
            )
            return sums, counts

        order = np.lexsort((labels, self.lengths))
        sums, counts = np.zeros(shape), np.zeros(shape[:2])
        for more_sums, more_counts in in_threads(look, _cut(order), self.n_jobs):
            sums += more_sums
            counts += more_counts
        return nearest.astype(float) * self._unit, (sums, counts)

    def _scaled(self, paths: np.ndarray) -> np.ndarray:
        scaled = (paths - self._shift) * self._scale
        return np.ascontiguousarray(scaled, dtype=self.dtype)

    def _chunks(self, lengths: np.ndarray) -> list[np.ndarray]:
        return _cut(np.argsort(lengths, kind="stable"))


class EuclideanSpace:
    """Series compared step against step, where some have fewer steps than others.

    Args:
        series: (series, steps, features), NaN-padded at the end.
        squares: gives squared distances, (series, others).
    """

    def __init__(
        self,
        series: np.ndarray,
        squares: Callable[[np.ndarray, np.ndarray], np.ndarray],
    ):
        """Keep the series."""
        self.series, self._squares = series, squares

    def lowered(self, nearest: np.ndarray, rows: np.ndarray) -> np.ndarray:
        """Take the less of ``nearest`` and the distance to each of some series."""
        squares = self._squares(self.series, self.series[rows])
        return np.minimum(nearest[:, None], squares)

    def improve(
        self, centres: np.ndarray, labels: np.ndarray
    ) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """Label every series and move the centres to the means of theirs.

        Each series weighs the same in total however many steps it has. A step that
        no member has keeps the old centre's value.
        """
        squares = self._squares(self.series, centres)
        labels = squares.argmin(axis=1)
        flat = self.series.reshape(len(labels), -1)
        old = centres.reshape(len(centres), -1)
        present = ~np.isnan(flat)
        weights = present * (flat.shape[1] / present.sum(axis=1, keepdims=True))
        members = np.eye(len(centres))[labels].T
        mass = members @ weights
        sums = members @ (np.where(present, flat, 0.0) * weights)
        means = np.where(mass > 0, sums / np.where(mass > 0, mass, 1.0), old)
        return labels, squares.min(axis=1), means.reshape(centres.shape)


def series_lengths(series: np.ndarray) -> np.ndarray:
    """Count the steps of NaN-padded (series, steps, features); (series,) int64."""
    return (~np.isnan(series[:, :, 0])).sum(axis=1)


def _cut(order: np.ndarray) -> list[np.ndarray]:
    return [
        order[begin : begin + CHUNK_SERIES]
        for begin in range(0, len(order), CHUNK_SERIES)
    ]


def in_threads(function: Callable, chunks: list, n_jobs: int | None) -> Iterator:
    """Run a function on chunks in threads and yield its results in their order.

    An interrupt or error cancels the chunks that have not begun.
    """
    threads = (os.cpu_count() or 1) if n_jobs == -1 else max(1, n_jobs or 1)
    if threads == 1 or len(chunks) == 1:
        yield from map(function, chunks)
        return
    executor = ThreadPoolExecutor(threads)
    try:
        yield from executor.map(function, chunks)
    finally:
        executor.shutdown(cancel_futures=True)
