"""The space of dynamic time warping, and how series lie in memory."""

import os
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor

import numpy as np
from numba import njit

from trajectories.engine.bounds import slack
from trajectories.engine.passes import align, to_paths

CHUNK_SERIES = 512
PAIR_CHUNK_SERIES = 64
LARGEST_SCALE = 1e37  # that float32 holds


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
        self.lengths = unpadded_lengths(series)
        features = series.shape[2]
        self._shift, self._scale = np.zeros(features), 1.0
        if self.dtype == np.float32:
            low, high = np.nanmin(series, axis=(0, 1)), np.nanmax(series, axis=(0, 1))
            # Rounded as the series are: they and all paths share the same numbers.
            shift = (low.astype(float) + high) / 2
            self._shift = shift.astype(series.dtype).astype(float)
            reach = float((high.astype(float) - low).max()) / 2
            scale = min(1 / reach, LARGEST_SCALE) if reach > 0 else 1.0
            self._scale = float(series.dtype.type(scale))
        # Squared distances grow with the square of the scale.
        self._unit = np.float64(self._scale) ** -2

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
        squares = self._to_paths(self._scaled(paths), unpadded_lengths(paths), limits)
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
        return self._to_nearest(centres, labels, align=None)[:2]

    def improve(
        self, centres: np.ndarray, labels: np.ndarray
    ) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """Label every series, and align it with its centre to move the centre."""
        labels, nearest, aligned = self._to_nearest(centres, labels, align)
        sums, counts = map(sum, zip(*aligned, strict=True))
        moved = sums / np.maximum(counts, 1.0)[:, :, None] / self._scale + self._shift
        return labels, nearest, np.where(counts[:, :, None] > 0, moved, centres)

    def _to_nearest(self, centres, labels, align: Callable | None):
        """Label every series; return also what each chunk's centres aligned with."""
        paths, lengths = self._scaled(centres), unpadded_lengths(centres)
        cells, features = self.series.shape[1] + paths.shape[1], paths.shape[2]
        factor = slack(self.dtype, cells, features)
        first = np.zeros(len(self.series), np.int64) if labels is None else labels
        labels, nearest = np.empty_like(first), np.empty(len(first), self.dtype)

        def measure_rows(rows: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
            series, limits = self._chunk(rows), np.full(len(rows), np.inf, self.dtype)
            squares = self._compare(
                series, rows, paths, lengths, limits, first[rows], factor
            )
            own = squares.argmin(axis=1)
            labels[rows], nearest[rows] = own, squares.min(axis=1)
            sums, counts = np.zeros(centres.shape), np.zeros(centres.shape[:2])
            if align:
                steps = self.lengths[rows]
                align(series, steps, own, paths, self.radius, sums, counts)
            return sums, counts

        aligned = self._in_chunks(measure_rows, first)
        return labels, nearest * self._unit, aligned

    def _to_paths(self, paths, path_lengths, limits, is_symmetric=False) -> np.ndarray:
        """Squared distances to all paths in the lanes' own unit, (series, paths).

        If the paths are the series themselves, each pair is looked at once.
        """
        out = np.full((len(self.series), len(paths)), np.inf, dtype=self.dtype)
        none = np.zeros(len(out), dtype=np.int64)

        def measure_rows(rows: np.ndarray) -> None:
            begin = rows.min() if is_symmetric else 0
            out[rows, begin:] = self._compare(
                self._chunk(rows),
                rows,
                paths[begin:],
                path_lengths[begin:],
                limits[rows],
                none[rows],
            )

        self._in_chunks(
            measure_rows, none, PAIR_CHUNK_SERIES if is_symmetric else CHUNK_SERIES
        )
        return np.minimum(out, out.T) if is_symmetric else out

    def _compare(
        self, series, rows, paths, path_lengths, limits, first, factor=0.0
    ) -> np.ndarray:
        out = np.empty((len(rows), len(paths)), dtype=self.dtype)
        to_paths(
            series,
            self.lengths[rows],
            paths,
            path_lengths,
            self.radius,
            limits,
            first,
            factor,
            out,
        )
        return out

    def _in_chunks(
        self, measure_rows: Callable, labels: np.ndarray, size: int = CHUNK_SERIES
    ) -> list:
        """Run a function on chunks of rows, equal lengths and labels together."""
        together = self.lengths * (labels.max() + 1) + labels
        if together.max() < 2**16:  # numpy sorts such numbers in linear time
            together = together.astype(np.uint16)
        order = np.argsort(together, kind="stable")
        begins = range(0, len(order), size)
        chunks = [order[begin : begin + size] for begin in begins]
        return list(in_threads(measure_rows, chunks, self.n_jobs))

    def _chunk(self, rows: np.ndarray) -> np.ndarray:
        """Take some series, shifted and scaled, without a detour over float64."""
        chunk = self.series[rows]
        chunk -= self._shift.astype(chunk.dtype)
        chunk *= chunk.dtype.type(self._scale)
        return chunk.astype(self.dtype, copy=False)

    def _scaled(self, paths: np.ndarray) -> np.ndarray:
        scaled = (paths - self._shift) * self._scale
        return np.ascontiguousarray(scaled, dtype=self.dtype)


@njit(cache=True, nogil=True)
def unpadded_lengths(series):  # pragma: no cover
    """Count the steps of NaN-padded (series, steps, features); (series,) int64."""
    lengths = np.empty(len(series), np.int64)
    for row in range(len(series)):
        length = series.shape[1]
        while length > 0 and np.isnan(series[row, length - 1, 0]):
            length -= 1
        lengths[row] = length
    return lengths


def points_of(series: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Lay NaN-padded (series, steps, features) flat; see ``engine.euclid``.

    Returns:
        (series, steps x features), and how many of these numbers each series has.
    """
    return series.reshape(len(series), -1), unpadded_lengths(series) * series.shape[2]


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
