"""Evidence for and against a clustering, always in the clustering's own metric."""

from collections.abc import Callable
from itertools import pairwise

import numpy as np
from scipy.stats import rankdata, spearmanr
from sklearn.cluster import DBSCAN, AgglomerativeClustering
from sklearn.decomposition import PCA
from sklearn.metrics import adjusted_rand_score
from sklearn.neighbors import NearestNeighbors

from trajectories.months import month_end, month_of_day
from trajectories.series.orders import YEAR_MONTHS, Orders

MOST_SILHOUETTES = 2000
#: Standard errors on either side of a 95 % interval.
NORMAL_95 = 1.96


def silhouettes(distances: np.ndarray, labels: np.ndarray) -> np.ndarray:
    """Silhouette of each customer (Rousseeuw 1987), from precomputed distances.

    Args:
        distances: (customers, customers), symmetric, zero diagonal.
        labels: (customers,).

    Returns:
        (customers,) between -1 and 1; all 0 when there is but one cluster or every
        customer is one of its own.

    Raises:
        ValueError: for more than 2,000 customers; draw a sample instead.
    """
    if len(labels) > MOST_SILHOUETTES:
        raise ValueError(
            f"Silhouettes of {len(labels)} customers were asked for. Draw a sample of"
            f" at most {MOST_SILHOUETTES}: the cost grows with the square."
        )
    customers = np.arange(len(labels))
    clusters, numbers = np.unique(labels, return_inverse=True)
    if not 2 <= len(clusters) < len(labels):
        return np.zeros(len(labels))
    members = np.eye(len(clusters))[numbers]
    sizes = members.sum(axis=0)
    sums = distances @ members
    own = sums[customers, numbers] / np.maximum(sizes[numbers] - 1, 1)
    means = sums / sizes
    means[customers, numbers] = np.inf
    nearest = means.min(axis=1)
    larger = np.maximum(own, nearest)
    is_defined = (sizes[numbers] > 1) & (larger > 0)
    return np.divide(nearest - own, larger, out=np.zeros_like(own), where=is_defined)


def bootstrap_interval(
    values: np.ndarray, generator: np.random.Generator, draws: int = 500
) -> tuple[float, float]:
    """95 % percentile interval of the mean (Efron 1979), given the clustering."""
    resampled = generator.integers(0, len(values), size=(draws, len(values)))
    low, high = np.quantile(values[resampled].mean(axis=1), [0.025, 0.975])
    return float(low), float(high)


def calinski_harabasz(
    to_own_centre: np.ndarray, labels: np.ndarray, centres_to_overall: np.ndarray
) -> float:
    """Variance ratio (Calinski and Harabasz 1974) with distances to centres.

    Between: sizes times squared distances of the centres to the overall centre,
    over k - 1. Within: squared distances to the own centre, over n - k. In Euclidean
    space this is the textbook index; under DTW the centres are barycentres.

    Args:
        to_own_centre: (customers,) distances.
        labels: (customers,) from 0.
        centres_to_overall: (clusters,) distances to the centre of all customers.
    """
    sizes = np.bincount(labels, minlength=len(centres_to_overall))
    clusters = int((sizes > 0).sum())
    within = float((to_own_centre**2).sum())
    if clusters < 2 or within <= 0 or len(labels) <= clusters:
        return float("nan")
    between = float((sizes * centres_to_overall**2).sum())
    return (between / (clusters - 1)) / (within / (len(labels) - clusters))


def davies_bouldin(
    to_own_centre: np.ndarray, labels: np.ndarray, between_centres: np.ndarray
) -> float:
    """Mean over clusters of the worst ratio of spreads to separation.

    Davies and Bouldin 1979: spread is the mean distance to the own centre,
    separation the distance between centres, both in the clustering's metric.
    Lower is better. NaN when two centres coincide or there is one cluster.
    """
    sizes = np.bincount(labels, minlength=len(between_centres))
    used = np.flatnonzero(sizes)
    if len(used) < 2:
        return float("nan")
    sums = np.bincount(labels, weights=to_own_centre, minlength=len(between_centres))
    spread = sums[used] / sizes[used]
    separation = between_centres[np.ix_(used, used)].copy()
    np.fill_diagonal(separation, np.inf)
    if separation.min() <= 0:
        return float("nan")
    return float(((spread[:, None] + spread[None, :]) / separation).max(axis=1).mean())


def within_between_ratio(distances: np.ndarray, labels: np.ndarray) -> float:
    """Mean distance of pairs within clusters over that of pairs between them."""
    members = np.eye(labels.max() + 1)[labels]
    sizes = members.sum(axis=0)
    sums = members.T @ distances @ members
    same, apart = np.trace(sums), sums.sum() - np.trace(sums)
    same_pairs = (sizes * (sizes - 1)).sum()
    apart_pairs = len(labels) ** 2 - (sizes**2).sum()
    if not same_pairs or not apart_pairs or not apart:
        return float("nan")
    return float((same / same_pairs) / (apart / apart_pairs))


def within_between_interval(
    distances: np.ndarray, labels: np.ndarray
) -> tuple[float, float]:
    """95 % interval of :func:`within_between_ratio`, given the clustering.

    Each customer is left out once (jackknife, Efron and Stein 1981): pairs share
    customers, so it is customers that are counted, not pairs.

    Args:
        distances: (customers, customers), symmetric, zero diagonal.
        labels: (customers,) from 0.

    Returns:
        Its ends, the lower one 0 or more; NaN where the ratio is not known without
        one of the customers.

    Examples:
        >>> places, labels = np.array([0.0, 1, 2, 9, 10, 11]), np.arange(6) // 3
        >>> distances = np.abs(np.subtract.outer(places, places))
        >>> low, high = within_between_interval(distances, labels)
        >>> low < within_between_ratio(distances, labels) < high
        True
    """
    customers = len(labels)
    members = np.eye(labels.max() + 1)[labels]
    own = (distances @ members)[np.arange(customers), labels]
    apart = distances.sum(axis=1) - own
    mates = members.sum(axis=0)[labels] - 1
    others = customers - 1 - mates
    # Without a customer, her pairs are gone from both sides of their sums.
    sums = [values.sum() - 2 * values for values in (own, mates, apart, others)]
    with np.errstate(divide="ignore", invalid="ignore"):
        without = (sums[0] / sums[1]) / (sums[2] / sums[3])
    ratio = within_between_ratio(distances, labels)
    error = np.sqrt((customers - 1) * np.mean((without - without.mean()) ** 2))
    if not np.isfinite(ratio + error):
        return float("nan"), float("nan")
    return float(max(ratio - NORMAL_95 * error, 0.0)), float(ratio + NORMAL_95 * error)


def bootstrap_stability(
    fit_predict: Callable[[np.ndarray], np.ndarray],
    labels: np.ndarray,
    generator: np.random.Generator,
    refits: int,
) -> float:
    """Mean adjusted Rand index of refits on resamples against the clustering.

    After Hennig 2007, "Cluster-wise assessment of cluster stability".

    Args:
        fit_predict: given the rows of a resample (with repeats), fits on them and
            returns the labels of all customers.
        labels: (customers,) the clustering.
        generator: draws the resamples.
        refits: number of resamples; 0 gives NaN.
    """
    customers = len(labels)
    scores = [
        adjusted_rand_score(
            labels, fit_predict(generator.integers(0, customers, customers))
        )
        for _ in range(refits)
    ]
    return float(np.mean(scores)) if scores else float("nan")


def family_p_values(real: np.ndarray, shuffled: np.ndarray) -> np.ndarray:
    """P-values of several statistics at once, corrected for their number.

    Westfall and Young 1993, "Resampling-based multiple testing", single-step max-T:
    each statistic is standardised over all data sets (the real one among the
    shuffled, so that all are treated alike); its p-value is the share of data sets
    whose largest statistic is at least as high. All statistics must come from the
    same shuffles: then the chance that any of them is called real on shuffled orders
    is at most the level, however they depend on each other (Phipson and Smyth 2010:
    the real data count among the shuffles, so that no p-value is zero).

    Args:
        real: (statistics,), higher means more structure.
        shuffled: (shuffles, statistics); a shuffle may lack some (NaN).

    Returns:
        (statistics,); NaN where a statistic was not measured on the real data or on
        no shuffle.
    """
    everyone = np.vstack([real, shuffled])
    measured = ~np.isnan(real) & ~np.isnan(shuffled).all(axis=0)
    p_values = np.full(len(real), np.nan)
    if not measured.any():
        return p_values
    everyone = everyone[:, measured]
    spread = np.nanstd(everyone, axis=0)
    above = (everyone - np.nanmean(everyone, axis=0)) / np.where(spread > 0, spread, 1)
    largest = np.nanmax(above[1:], axis=1, initial=-np.inf)
    at_least = (largest[:, None] >= above[0] - 1e-12).sum(axis=0)
    p_values[measured] = (1 + at_least) / len(everyone)
    return p_values


def persistence(orders: Orders, rows: np.ndarray, last_day: int) -> np.ndarray:
    """How much a customer's half-year says about the next one.

    Three rank correlations between the two halves of the last twelve months: number
    of orders, revenue, and revenue per order (of customers who ordered in both).

    Args:
        orders: all orders.
        rows: customers to look at, as rows of ``orders.customer``.
        last_day: last day of the last month, in days since 1970-01-01.

    Returns:
        (3,) between -1 and 1; NaN for fewer than ten customers.
    """
    if len(rows) < 10:
        return np.full(3, np.nan)
    months = month_of_day(last_day) - np.array([YEAR_MONTHS, YEAR_MONTHS // 2, 0])
    edges = month_end(months)
    size = int(max(rows.max(), orders.customer.max(initial=0))) + 1
    counts, sums = [], []
    for after, until in pairwise(edges):
        inside = (orders.day > after) & (orders.day <= until)
        bought = inside & ~orders.is_return
        counts.append(np.bincount(orders.customer[bought], minlength=size)[rows])
        amounts = np.bincount(
            orders.customer[inside], orders.amount[inside], minlength=size
        )
        sums.append(amounts[rows])
    both = (counts[0] > 0) & (counts[1] > 0)
    per_order = [s[both] / c[both] for s, c in zip(sums, counts, strict=True)]
    pairs = [counts, sums, per_order]
    return np.array([rank_correlation(*pair) for pair in pairs])


def persistence_departures(real: np.ndarray, shuffled: np.ndarray) -> np.ndarray:
    """How far each persistence lies from the mean of all, either way.

    The real one is one of all, so that under chance any is as likely the farthest.

    Args:
        real: (3,) from :func:`persistence`.
        shuffled: (shuffles, 3).

    Returns:
        (1 + shuffles,) root mean square differences, the real one first; NaN where
        not measured.
    """
    everyone = np.vstack([real, shuffled.reshape(-1, len(real))])
    known = ~np.isnan(everyone).any(axis=1)
    far = np.full(len(everyone), np.nan)
    if known.any():
        apart = everyone[known] - everyone[known].mean(axis=0)
        far[known] = np.sqrt((apart**2).mean(axis=1))
    return far


def rank_correlation(first: np.ndarray, second: np.ndarray) -> float:
    """Spearman's rank correlation; 0 where either is constant."""
    if len(first) < 3 or np.ptp(first) == 0 or np.ptp(second) == 0:
        return 0.0
    return float(spearmanr(first, second).statistic)


def predictive_r2(
    groupings: np.ndarray,
    outcome: np.ndarray,
    generator: np.random.Generator,
    folds: int = 10,
) -> float:
    """Out-of-sample R2 of an outcome explained by one or more groupings.

    Each tenth of the customers is predicted by the others: from the means of the
    groups or, with several groupings, from the least squares fit that adds them up.
    It is compared with the mean of the others; 0 or less means that the groups say
    nothing.

    Args:
        groupings: (customers,) or (customers, groupings) of group numbers from 0,
            made without knowing the outcome.
        outcome: (customers,), here log1p of the next 90 days' spend.
        generator: deals customers to folds.
        folds: number of parts.
    """
    columns = np.atleast_2d(np.asarray(groupings).T)
    customers = len(outcome)
    if customers < 2 * folds:
        return float("nan")
    members = np.hstack([np.eye(column.max() + 1)[column] for column in columns])
    order = np.argsort(generator.permutation(customers) % folds, kind="stable")
    parts = np.array_split(order, folds)
    squares = np.array([members[part].T @ members[part] for part in parts])
    products = np.array([members[part].T @ outcome[part] for part in parts])
    sizes = squares.sum(axis=0)
    residual = baseline = 0.0
    for fold, part in enumerate(parts):
        mean = (outcome.sum() - outcome[part].sum()) / (customers - len(part))
        counts = np.diag(sizes - squares[fold])
        apart = products.sum(axis=0) - products[fold] - counts * mean
        weights = np.linalg.pinv(sizes - squares[fold], hermitian=True) @ apart
        predicted = mean + members[part] @ weights
        residual += ((outcome[part] - predicted) ** 2).sum()
        baseline += ((outcome[part] - mean) ** 2).sum()
    return float(1 - residual / baseline) if baseline > 0 else float("nan")


def rfm_groups(rfm: np.ndarray, groups: int) -> np.ndarray:
    """Cut customers into groups by their RFM quintile scores, the usual way.

    Recency (short is good), frequency and amount are scored 1 to 5 by quintile;
    customers with equal values get equal scores. The sum of the scores, equal sums
    ordered by amount, is cut into groups of equal size. After Hughes 1994,
    "Strategic database marketing".

    Args:
        rfm: (customers, 3) recency in days, orders, amount.
        groups: number of groups, at least 1.

    Returns:
        (customers,) int64 from 0, the best customers last.
    """
    good = rfm * np.array([-1, 1, 1])
    scores = np.stack([_equal_parts(column, 5) for column in good.T], axis=1)
    amount = rankdata(rfm[:, 2]) / (len(rfm) + 1)
    return _equal_parts(scores.sum(axis=1) + amount, groups)


def _equal_parts(values: np.ndarray, parts: int) -> np.ndarray:
    """Number of the part, from 0, that each value's mean rank falls into."""
    position = (rankdata(values) - 0.5) / max(len(values), 1)
    return np.minimum((position * parts).astype(np.int64), parts - 1)


def elbow(numbers: np.ndarray, inertias: np.ndarray) -> int | None:
    """Find the elbow: the k farthest below the line between the two ends.

    Both axes are first scaled to 0..1. Satopaa et al. 2011, "Finding a kneedle in a
    haystack", without its smoothing.

    Args:
        numbers: (trials,) k, rising.
        inertias: (trials,) inertia at each k.

    Returns:
        That k, the least of several; None for fewer than three, where inertia does
        not fall, or where it falls along a straight line.
    """
    if len(numbers) < 3 or inertias[0] <= inertias[-1]:
        return None
    right = (numbers - numbers[0]) / (numbers[-1] - numbers[0])
    height = (inertias - inertias[-1]) / (inertias[0] - inertias[-1])
    below = 1 - right - height
    return int(numbers[below.argmax()]) if below.max() > 1e-9 else None


def hierarchical_ari(X: np.ndarray, labels: np.ndarray, clusters: int) -> float:
    """Agreement with Ward's agglomerative clustering of (customers, features)."""
    other = AgglomerativeClustering(clusters, linkage="ward").fit_predict(X)
    return float(adjusted_rand_score(labels, other))


def density_clusters(X: np.ndarray) -> tuple[float, np.ndarray]:
    """Cluster (customers, features) by density (Ester et al. 1996).

    The neighbourhood's radius is the knee of the k-distance curve: the point
    farthest under the chord from its first to its last point (Satopaa et al. 2011),
    with k = 2 x features, at least 4.

    Returns:
        The radius, and (customers,) numbers of clusters, -1 for noise.
    """
    neighbours = min(max(4, 2 * X.shape[1]), len(X) - 1)
    index = NearestNeighbors(n_neighbors=neighbours + 1).fit(X)
    curve = np.sort(index.kneighbors(X)[0][:, -1])
    chord = np.linspace(curve[0], curve[-1], len(curve))
    radius = float(max(curve[(chord - curve).argmax()], 1e-9))
    return radius, DBSCAN(eps=radius, min_samples=neighbours).fit_predict(X)


def density_ari(clusters: np.ndarray, labels: np.ndarray) -> float:
    """Adjusted Rand index against clusters by density; NaN where all are noise.

    Args:
        clusters: (customers,) from :func:`density_clusters`.
        labels: (customers,); those that are noise are left out.
    """
    dense = clusters >= 0
    if not dense.any():
        return float("nan")
    return float(adjusted_rand_score(labels[dense], clusters[dense]))


def principal_coordinates(X: np.ndarray) -> np.ndarray:
    """First two principal components of (customers, features), for a picture.

    The sign is fixed: the largest loading of each component is positive.
    """
    components = min(2, *X.shape)
    if not np.ptp(X, axis=0).any():
        return np.zeros((len(X), 2))
    model = PCA(components, svd_solver="full").fit(X)
    loadings = model.components_
    largest = np.abs(loadings).argmax(axis=1)
    signs = np.sign(loadings[np.arange(components), largest])
    coordinates = model.transform(X) * signs
    return np.pad(coordinates, ((0, 0), (0, 2 - components)))
