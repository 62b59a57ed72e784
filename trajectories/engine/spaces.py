"""The spaces that k-means moves in: dynamic time warping, and step against step."""

import os
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor

import numpy as np

from trajectories.engine.bounds import slack
from trajectories.engine.passes import align, to_paths

CHUNK_SERIES = 512
PAIR_CHUNK_SERIES = 64


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
        squares = self._to_paths(paths, lengths, limits)
        return np.minimum(squares, limits[:, None]) * self._unit

    def to_paths(self, paths: np.ndarray) -> np.ndarray:
        """Distances, not squared, of all series to (paths, steps, features).

        Returns:
            (series, paths) float64.
        """
        limits = np.full(len(self.series), np.inf, dtype=self.dtype)
        squares = self._to_paths(self._scaled(paths), series_lengths(paths), limits)
        return np.sqrt(squares * self._unit)

    def to_each_other(self) -> np.ndarray:
        """Distances, not squared, between all series; (series, series) float64."""
        limits = np.full(len(self.series), np.inf, dtype=self.dtype)
        paths = self._scaled(self.series)
        squares = self._to_paths(paths, self.lengths, limits, is_symmetric=True)
        return np.sqrt(squares * self._unit)

    def nearest(
        self, centres: np.ndarray, labels: np.ndarray | None = None
    ) -> tuple[np.ndarray, np.ndarray]:
        """Label every series.

        Args:
            centres: (clusters, steps, features).
            labels: (series,) likely labels, which save work and change nothing.

        Returns:
            (series,) labels, the first of equally near ones, and squared distances.
        """
        size = len(self.series)
        limits = np.full(size, np.inf, dtype=self.dtype)
        first = np.zeros(size, dtype=np.int64) if labels is None else labels
        lengths = series_lengths(centres)
        squares = self._to_paths(self._scaled(centres), lengths, limits, first)
        return squares.argmin(axis=1), squares.min(axis=1) * self._unit

    def improve(
        self, centres: np.ndarray, labels: np.ndarray
    ) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """Label every series, and align it with its centre to move the centre."""
        labels, nearest = self.nearest(centres, labels)
        scaled = self._scaled(centres)

        def look(rows: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
            sums, counts = np.zeros(centres.shape), np.zeros(centres.shape[:2])
            series, lengths = self._scaled(self.series[rows]), self.lengths[rows]
            align(series, lengths, labels[rows], scaled, self.radius, sums, counts)
            return sums, counts

        sums, counts = map(sum, zip(*self._in_chunks(look, labels), strict=True))
        moved = sums / np.maximum(counts, 1.0)[:, :, None] / self._scale + self._shift
        return labels, nearest, np.where(counts[:, :, None] > 0, moved, centres)

    def _to_paths(
        self, paths, path_lengths, limits, first=None, is_symmetric=False
    ) -> np.ndarray:
        """Squared distances in the lanes' own unit; see ``passes.to_paths``.

        With ``first``, only the nearest path is of interest, this one most likely.
        If the paths are the series themselves, each pair is looked at once.
        """
        out = np.full((len(self.series), len(paths)), np.inf, dtype=self.dtype)
        cells = self.series.shape[1] + paths.shape[1]
        factor = 0.0 if first is None else slack(self.dtype, cells, paths.shape[2])
        first = np.zeros(len(out), dtype=np.int64) if first is None else first

        def look(rows: np.ndarray) -> None:
            begin = rows.min() if is_symmetric else 0
            found = np.empty((len(rows), len(paths) - begin), dtype=self.dtype)
            to_paths(
                self._scaled(self.series[rows]),
                self.lengths[rows],
                paths[begin:],
                path_lengths[begin:],
                self.radius,
                limits[rows],
                first[rows],
                factor,
                found,
            )
            out[rows, begin:] = found

        self._in_chunks(look, first, PAIR_CHUNK_SERIES if is_symmetric else None)
        return np.minimum(out, out.T) if is_symmetric else out

    def _in_chunks(self, look: Callable, labels: np.ndarray, size=None) -> list:
        """Run a function on chunks of rows, equal lengths and labels together."""
        order, size = np.lexsort((labels, self.lengths)), size or CHUNK_SERIES
        begins = range(0, len(order), size)
        chunks = [order[begin : begin + size] for begin in begins]
        return list(in_threads(look, chunks, self.n_jobs))

    def _scaled(self, paths: np.ndarray) -> np.ndarray:
        scaled = (paths - self._shift) * self._scale
        return np.ascontiguousarray(scaled, dtype=self.dtype)


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
