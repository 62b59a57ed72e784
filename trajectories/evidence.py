"""Evidence for and against a clustering, always in the clustering's own metric."""

from collections.abc import Callable
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
from scipy.stats import rankdata
from sklearn.cluster import DBSCAN, AgglomerativeClustering
from sklearn.decomposition import PCA
from sklearn.metrics import adjusted_rand_score, silhouette_samples
from sklearn.neighbors import NearestNeighbors

from trajectories.order_series import YEAR_MONTHS, Orders, month_end, month_of

# The rule of the verdict. Shuffled orders and Poisson shops stay below all of these
# (persistence gap within 0.05, silhouette gap within 0.03, predictive R2 within
# 0.01); the three real shops it was tried on lie well above one gap at least.
SILHOUETTE_MARGIN = 0.03
PERSISTENCE_MARGIN = 0.10
LARGEST_P_VALUE = 0.05
LEAST_PREDICTIVE_R2 = 0.01
LEAST_STABILITY = 0.50
# With fewer customers, resampling and shuffling can't tell chance from habit.
LEAST_CUSTOMERS = 30

MOST_SILHOUETTES = 2000


@dataclass(frozen=True)
class Findings:
    """What the verdict on one chosen trial rests on; NaN where not measured.

    Attributes:
        silhouette, null_silhouette: mean silhouette, and its mean over shuffles.
        null_p_value: share of shuffles with a silhouette as high.
        persistence_gap, persistence_p_value: see :func:`persistence_departure`.
        bootstrap_ari: adjusted Rand index of refits on resamples.
        predictive_r2: see :func:`predictive_r2`.
        sampled_customers: customers that the trial was fitted on.
    """

    silhouette: float
    null_silhouette: float
    null_p_value: float
    persistence_gap: float
    persistence_p_value: float
    bootstrap_ari: float
    predictive_r2: float
    sampled_customers: float = np.inf


def verdict(found: Findings) -> tuple[bool, str]:
    """Decide whether there are segments, and say why in a sentence.

    There are segments when all four hold:

    1. Customers differ otherwise than chance deals them. Orders are shuffled over
       customers (dates, amounts and each customer's number of orders kept). Either
       the clusters of the real paths are better separated than those of shuffled
       ones (silhouette), or what a customer's first half-year says about the second
       differs from what it says for shuffled orders (persistence: more, where
       customers keep their ways; less, where they change them). Each needs its
       margin and p <= 0.05. Silhouette alone will not do: shuffling averages amounts
       out, so that frequency and revenue fall onto one line, which clusters *better*
       than real behaviour does (Online Retail II: 0.44 shuffled, 0.31 real, k = 3).
    2. The clusters come back when customers are resampled (adjusted Rand >= 0.5).
    3. The clusters of 90 days ago say something about the spend since then, for
       customers they were not measured on (R2 >= 0.01; skipped when not measured).
    4. There are customers enough to tell (30).
    """
    gap = found.silhouette - found.null_silhouette
    separated = gap >= SILHOUETTE_MARGIN and found.null_p_value <= LARGEST_P_VALUE
    persistent = (
        found.persistence_gap >= PERSISTENCE_MARGIN
        and found.persistence_p_value <= LARGEST_P_VALUE
    )
    stable = found.bootstrap_ari >= LEAST_STABILITY
    useful = not found.predictive_r2 < LEAST_PREDICTIVE_R2
    measured = (
        f"silhouette {found.silhouette:.3f}, shuffled {found.null_silhouette:.3f}"
        f" (p {found.null_p_value:.2f}); persistence differs from shuffled by"
        f" {found.persistence_gap:.2f} (p {found.persistence_p_value:.2f}); stability"
        f" {found.bootstrap_ari:.2f}; R2 of the next 90 days' spend"
        f" {found.predictive_r2:.3f}"
    )
    failed = []
    if not (separated or persistent):
        failed.append("shuffled orders look the same")
    if not stable:
        failed.append("resampled customers give other clusters")
    if not useful:
        failed.append("the clusters say nothing about later spend")
    if found.sampled_customers < LEAST_CUSTOMERS:
        failed.append(
            f"{found.sampled_customers} customers are too few to tell"
            f" ({LEAST_CUSTOMERS} are needed)"
        )
    if failed:
        return False, f"No segments here: {' and '.join(failed)} ({measured})."
    return True, f"The segments hold ({measured})."


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
    if not 2 <= len(np.unique(labels)) < len(labels):
        return np.zeros(len(labels))
    return silhouette_samples(distances, labels, metric="precomputed")


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
    upper = np.triu_indices(len(labels), 1)
    same = (labels[:, None] == labels[None, :])[upper]
    if same.all() or not same.any():
        return float("nan")
    between = float(distances[upper][~same].mean())
    return float(distances[upper][same].mean()) / between if between else float("nan")


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


def p_value(value: float, null_values: np.ndarray) -> float:
    """(1 + shuffles at least as high) / (1 + shuffles); NaN without shuffles.

    Phipson and Smyth 2010, "Permutation p-values should never be zero".
    """
    null_values = np.asarray(null_values, dtype=float)
    null_values = null_values[~np.isnan(null_values)]
    if not len(null_values) or np.isnan(value):
        return float("nan")
    return float((1 + (null_values >= value).sum()) / (1 + len(null_values)))


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
    months = month_of(last_day) - np.array([YEAR_MONTHS, YEAR_MONTHS // 2, 0])
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


def persistence_departure(
    real: np.ndarray, shuffled: np.ndarray
) -> tuple[float, float]:
    """How far the real persistence lies from that of shuffled orders, either way.

    Args:
        real: (3,) from :func:`persistence`.
        shuffled: (shuffles, 3).

    Returns:
        The root mean square difference from the shuffles' mean, and its p-value: the
        share of all (the real one among the shuffles) that lie as far from the mean
        of all. NaN when not measured.
    """
    shuffled = shuffled.reshape(-1, len(real))
    shuffled = shuffled[~np.isnan(shuffled).any(axis=1)]
    if not len(shuffled) or np.isnan(real).any():
        return float("nan"), float("nan")
    gap = np.sqrt(((real - shuffled.mean(axis=0)) ** 2).mean())
    everyone = np.vstack([real, shuffled])
    far = ((everyone - everyone.mean(axis=0)) ** 2).mean(axis=1)
    return float(gap), float((far >= far[0]).mean())


def rank_correlation(first: np.ndarray, second: np.ndarray) -> float:
    """Spearman's rank correlation; 0 where either is constant."""
    a, b = rankdata(first), rankdata(second)
    if len(a) < 3 or a.std() == 0 or b.std() == 0:
        return 0.0
    return float(np.corrcoef(a, b)[0, 1])


def predictive_r2(
    labels: np.ndarray,
    outcome: np.ndarray,
    generator: np.random.Generator,
    folds: int = 10,
) -> float:
    """Out-of-sample R2 of an outcome explained by cluster means.

    Each tenth of the customers is predicted by the cluster means of the others and
    compared with the mean of the others; 0 or less means that the clusters say
    nothing.

    Args:
        labels: (customers,) from 0, made without knowing the outcome.
        outcome: (customers,), here log1p of the next 90 days' spend.
        generator: deals customers to folds.
        folds: number of parts.
    """
    customers = len(outcome)
    if customers < 2 * folds:
        return float("nan")
    fold = generator.permutation(customers) % folds
    residual = baseline = 0.0
    for part in range(folds):
        seen, unseen = fold != part, fold == part
        mean = outcome[seen].mean()
        sizes = np.bincount(labels[seen], minlength=labels.max() + 1)
        sums = np.bincount(labels[seen], outcome[seen], minlength=labels.max() + 1)
        means = np.where(sizes > 0, sums / np.maximum(sizes, 1), mean)
        residual += ((outcome[unseen] - means[labels[unseen]]) ** 2).sum()
        baseline += ((outcome[unseen] - mean) ** 2).sum()
    return float(1 - residual / baseline) if baseline > 0 else float("nan")


def hierarchical_ari(X: np.ndarray, labels: np.ndarray, clusters: int) -> float:
    """Agreement with Ward's agglomerative clustering of (customers, features)."""
    other = AgglomerativeClustering(clusters, linkage="ward").fit_predict(X)
    return float(adjusted_rand_score(labels, other))


def dbscan_check(X: np.ndarray, labels: np.ndarray) -> tuple[float, int, float]:
    """Cluster by density and compare (Ester et al. 1996).

    The neighbourhood's radius is the knee of the k-distance curve: the point
    farthest under the chord from its first to its last point (Satopaa et al. 2011),
    with k = 2 x features, at least 4.

    Returns:
        radius, number of density clusters, and the adjusted Rand index against
        ``labels`` over customers that are not noise (NaN where all are).
    """
    neighbours = min(max(4, 2 * X.shape[1]), len(X) - 1)
    index = NearestNeighbors(n_neighbors=neighbours + 1).fit(X)
    curve = np.sort(index.kneighbors(X)[0][:, -1])
    chord = np.linspace(curve[0], curve[-1], len(curve))
    radius = float(max(curve[(chord - curve).argmax()], 1e-9))
    found = DBSCAN(eps=radius, min_samples=neighbours).fit_predict(X)
    dense = found >= 0
    agreement = float("nan")
    if dense.any():
        agreement = float(adjusted_rand_score(labels[dense], found[dense]))
    return radius, int(found.max() + 1), agreement


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
