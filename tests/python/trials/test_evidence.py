"""Evidence against the textbook, and the verdict's rule."""

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from sklearn import metrics
from sklearn.cluster import KMeans
from trial_shops import (
    LAST_DAY,
    declared,
    orders_frame,
    planted_shop,
    poisson_shop,
    shuffled,
)

from trajectories.metrics import cdist_dtw, cdist_euclidean
from trajectories.series.orders import Orders, build, is_active, spend_between
from trajectories.trials import evidence


@pytest.fixture(scope="module")
def blobs():
    generator = np.random.default_rng(0)
    X = generator.normal(size=(150, 4)) + np.repeat([[0], [4], [9]], 50, axis=0)
    return X, KMeans(3, n_init=3, random_state=0).fit(X)


def test_indices_equal_the_textbook_in_euclidean_space(blobs):
    X, model = blobs
    labels, centres = model.labels_, model.cluster_centers_
    own = np.linalg.norm(X - centres[labels], axis=1)
    overall = np.linalg.norm(centres - X.mean(axis=0), axis=1)
    between = cdist_euclidean(centres[:, None], centres[:, None].copy())
    distances = cdist_euclidean(X[:, None], X[:, None].copy())
    np.fill_diagonal(distances, 0)
    assert evidence.calinski_harabasz(own, labels, overall) == pytest.approx(
        metrics.calinski_harabasz_score(X, labels)
    )
    assert evidence.davies_bouldin(own, labels, between) == pytest.approx(
        metrics.davies_bouldin_score(X, labels)
    )
    values = evidence.silhouettes(distances, labels)
    assert values.mean() == pytest.approx(metrics.silhouette_score(X, labels))
    low, high = evidence.bootstrap_interval(values, np.random.default_rng(0))
    assert low < values.mean() < high < low + 0.1
    pairs = distances[np.triu_indices(len(X), 1)]
    same = (labels[:, None] == labels)[np.triu_indices(len(X), 1)]
    ratio = evidence.within_between_ratio(distances, labels)
    assert ratio == pytest.approx(pairs[same].mean() / pairs[~same].mean())


def test_a_euclidean_silhouette_of_dtw_clusters_would_mislead():
    """The same bump at different days: close under DTW, far apart step by step."""
    days = np.arange(60)
    shifts = np.tile(np.arange(-6, 7, 3), 8)
    height = np.repeat([1.0, 2.0], 20)[:, None]
    X = height * np.exp(-0.5 * ((days - 30 - shifts[:40, None]) / 1.5) ** 2)
    X = X[:, :, None]
    labels = np.repeat([0, 1], 20)
    own = evidence.silhouettes(cdist_dtw(X, X, 12), labels).mean()
    other = evidence.silhouettes(cdist_euclidean(X, X), labels).mean()
    assert own > 0.9
    assert other < 0.4


def test_degenerate_clusterings_give_no_numbers_instead_of_wrong_ones():
    one = np.zeros(5, dtype=int)
    distances = np.ones((5, 5)) - np.eye(5)
    assert not evidence.silhouettes(distances, one).any()
    assert np.isnan(evidence.within_between_ratio(distances, one))
    assert np.isnan(evidence.calinski_harabasz(np.ones(5), one, np.ones(1)))
    coinciding = np.array([0, 0, 1, 1, 1])
    assert np.isnan(evidence.davies_bouldin(np.ones(5), coinciding, np.zeros((2, 2))))
    with pytest.raises(ValueError, match="at most 2000"):
        evidence.silhouettes(np.zeros((1, 1)), np.zeros(2001))


def test_stability_is_one_for_blobs_and_low_for_noise(blobs):
    X, model = blobs

    def refit(data):
        def fit_predict(rows):
            return KMeans(3, n_init=1, random_state=0).fit(data[rows]).predict(data)

        return fit_predict

    generator = np.random.default_rng(1)
    score = evidence.bootstrap_stability(refit(X), model.labels_, generator, 10)
    assert score > 0.98
    noise = generator.normal(size=(150, 12))
    labels = KMeans(3, n_init=1, random_state=0).fit(noise).labels_
    assert evidence.bootstrap_stability(refit(noise), labels, generator, 10) < 0.4
    assert np.isnan(evidence.bootstrap_stability(refit(X), labels, generator, 0))


def test_family_p_values_are_corrected_for_the_number_of_trials():
    """In a shop of pure chance one build in twenty passes, however many trials."""
    generator = np.random.default_rng(5)
    passed = alone = 0
    for _ in range(400):
        everyone = generator.normal(size=(20, 30)) * np.linspace(0.1, 3, 30)
        p_values = evidence.family_p_values(everyone[0], everyone[1:])
        passed += (p_values <= 0.05).any()
        above = (everyone[1:] >= everyone[0]).sum(axis=0)
        alone += ((1 + above) / 20 <= 0.05).any()
    assert 0.02 < passed / 400 < 0.09
    assert alone / 400 > 0.5
    signal = np.vstack([np.full(30, 9.0), everyone[1:] * 0.3])
    assert (evidence.family_p_values(signal[0], signal[1:]) == 0.05).all()


def test_family_p_values_of_what_was_not_measured():
    shuffled = np.array([[0.1, np.nan, 0.2], [0.3, np.nan, np.nan], [0.2, 1.0, 0.1]])
    real = np.array([0.9, 2.0, np.nan])
    p_values = evidence.family_p_values(real, shuffled)
    assert p_values[0] == 0.25
    assert np.isnan(p_values[2])
    assert np.isnan(evidence.family_p_values(real, shuffled[:0])).all()
    equal = evidence.family_p_values(np.ones(2), np.ones((5, 2)))
    assert (equal == 1).all()


def test_predictive_r2_is_out_of_sample():
    generator = np.random.default_rng(2)
    labels = generator.integers(0, 4, 800)
    noise = generator.normal(size=800)
    outcome = labels + noise
    explained = evidence.predictive_r2(labels, outcome, generator)
    assert explained == pytest.approx(1 - noise.var() / outcome.var(), abs=0.02)
    assert evidence.predictive_r2(labels, noise, generator) < 0.005
    many = generator.integers(0, 200, 800)
    assert evidence.predictive_r2(many, noise, generator) < -0.1
    assert np.isnan(evidence.predictive_r2(labels[:9], noise[:9], generator))
    other = generator.integers(0, 3, 800)
    both = evidence.predictive_r2(
        np.column_stack([labels, other]), labels + 2 * other + noise, generator
    )
    total = (labels + 2 * other + noise).var()
    assert both == pytest.approx(1 - noise.var() / total, abs=0.02)
    unseen = np.where(np.arange(800) == 7, 4, labels)  # a group of one
    assert np.isfinite(evidence.predictive_r2(unseen, outcome, generator))


def test_predictive_r2_equals_least_squares_fold_by_fold():
    generator = np.random.default_rng(4)
    labels, other = generator.integers(0, 5, 60), generator.integers(0, 3, 60)
    outcome = labels + generator.normal(size=60)
    members = np.hstack([np.eye(5)[labels], np.eye(3)[other]])
    order = np.argsort(np.random.default_rng(9).permutation(60) % 10, kind="stable")
    residual = baseline = 0.0
    for unseen in np.array_split(order, 10):
        seen = np.setdiff1d(order, unseen)
        mean = outcome[seen].mean()
        fit = np.linalg.lstsq(members[seen], outcome[seen] - mean, rcond=None)[0]
        residual += ((outcome[unseen] - mean - members[unseen] @ fit) ** 2).sum()
        baseline += ((outcome[unseen] - mean) ** 2).sum()
    found = evidence.predictive_r2(
        np.column_stack([labels, other]), outcome, np.random.default_rng(9)
    )
    assert found == pytest.approx(1 - residual / baseline)


def test_silhouettes_of_groups_of_one_and_of_copies():
    generator = np.random.default_rng(0)
    X = np.vstack([generator.normal(size=(20, 2)), np.zeros((5, 2))])
    labels = np.r_[0, np.repeat([1, 2], 10), 2, 2, 2, 2]
    distances = cdist_euclidean(X[:, None], X[:, None].copy())
    np.fill_diagonal(distances, 0)
    expected = metrics.silhouette_samples(distances, labels, metric="precomputed")
    found = evidence.silhouettes(distances, labels)
    np.testing.assert_allclose(found, expected, atol=1e-12)
    assert found[0] == 0
    assert not evidence.silhouettes(np.zeros((4, 4)), np.array([0, 0, 1, 1])).any()


def test_rfm_groups_are_cut_from_quintile_scores():
    generator = np.random.default_rng(3)
    rfm = np.column_stack(
        [
            generator.integers(0, 300, 1000),
            generator.poisson(4, 1000),
            generator.gamma(1, 100, 1000),
        ]
    ).astype(float)
    for groups in (2, 5, 8):
        found = evidence.rfm_groups(rfm, groups)
        shares = np.bincount(found, minlength=groups) / 1000
        assert len(shares) == groups
        assert np.abs(shares - 1 / groups).max() < 0.002
        means = [rfm[found == g].mean(axis=0) for g in (0, groups - 1)]
        assert means[0][0] > means[1][0]
        assert means[0][1] < means[1][1]
        assert means[0][2] < means[1][2]
    assert (evidence.rfm_groups(np.ones((50, 3)), 4) == 2).all()
    hand = np.array([[9, 1, 1], [7, 2, 2], [5, 3, 3], [3, 4, 4], [1, 5, 5.0]])
    assert evidence.rfm_groups(hand, 5).tolist() == [0, 1, 2, 3, 4]


def test_elbow_is_farthest_below_the_chord():
    numbers = np.arange(2, 8)
    assert evidence.elbow(numbers, np.array([10, 6, 3, 2.5, 2.2, 2.0])) == 4
    assert evidence.elbow(numbers, np.linspace(10, 5, 6)) is None
    assert evidence.elbow(numbers, np.arange(6.0)) is None
    assert evidence.elbow(numbers[:2], np.array([5.0, 1.0])) is None


def test_persistence_tells_shops_apart():
    gaps = {}
    for name, frame in {
        "planted": planted_shop()[0],
        "poisson": poisson_shop(),
        "shuffled": shuffled(planted_shop()[0], 3),
    }.items():
        ids = pd.Index(sorted(frame["customer_id"].unique()))
        orders = Orders.from_frame(frame, ids)
        rows = np.arange(len(ids))
        nulls = [
            evidence.persistence(
                orders.shuffled(np.random.default_rng(s)), rows, LAST_DAY
            )
            for s in range(20)
        ]
        real = evidence.persistence(orders, rows, LAST_DAY)
        far = evidence.persistence_departures(real, np.array(nulls))
        gaps[name] = far[0] > far[1:].max(), far[0]
    assert gaps["planted"][0]
    assert gaps["planted"][1] > 0.3
    for chance in ("poisson", "shuffled"):
        assert gaps[chance][1] < 0.1


def test_cross_checks(blobs):
    X, model = blobs
    assert evidence.hierarchical_ari(X, model.labels_, 3) > 0.95
    radius, found = evidence.density_clusters(X)
    clusters, agreement = found.max() + 1, evidence.density_ari(found, model.labels_)
    assert radius > 0
    assert clusters == 3
    assert agreement > 0.95
    coordinates = evidence.principal_coordinates(X)
    assert coordinates.shape == (150, 2)
    np.testing.assert_array_equal(coordinates, evidence.principal_coordinates(X.copy()))
    assert evidence.principal_coordinates(X[:, :1]).shape == (150, 2)


# -- Series from orders ----------------------------------------------------------


def hand_worked():
    """Two orders on one day, a gap, a month's last day, and a late joiner."""
    days = ["2017-01-05", "2017-01-05", "2017-03-31", "2017-02-28"]
    frame = orders_frame([0, 0, 0, 1], [0] * 4, [10, 20, 40, 7])
    frame["order_date"] = np.array(days, "datetime64[ns]")
    return Orders.from_frame(frame, pd.Index(["00000", "00001"]))


def test_monthly_lrfm_by_hand():
    last = int(np.datetime64("2017-03-31").astype(int))
    matrix = build(declared("monthly_lrfm"), hand_worked(), 2, last, np.zeros(2))
    np.testing.assert_array_equal(
        matrix[0], [[26, 26, 2, 30], [54, 54, 0, 0], [85, 0, 1, 40]]
    )
    np.testing.assert_array_equal(
        matrix[1], [[np.nan] * 4, [0, 0, 1, 7], [31, 31, 0, 0]]
    )


def test_daily_spend_and_rfm_by_hand():
    last = int(np.datetime64("2017-03-31").astype(int))
    orders = hand_worked()
    daily = build(declared("daily_spend"), orders, 2, last, np.zeros(2))[:, :, 0]
    assert daily.shape == (2, 86)
    assert daily[0, 0] == 30
    assert daily[0, -1] == 40
    assert np.isnan(daily[1, :54]).all()
    assert daily[1, 54] == 7
    ten = build(declared("daily_spend"), orders, 2, last, np.zeros(2), days=10)[:, :, 0]
    np.testing.assert_array_equal(ten, daily[:, -10:])
    rfm = build(declared("rfm"), orders, 2, last, np.zeros(2))
    np.testing.assert_array_equal(rfm[0], [[26, 2, 30], [54, 2, 30], [0, 3, 70]])
    np.testing.assert_array_equal(spend_between(orders, 2, last - 1, last), [40, 0])
    with pytest.raises(ValueError, match="'hourly' cannot be built"):
        build(replace(declared("rfm"), kind="hourly"), orders, 2, last, np.zeros(2))


def test_trailing_year_forgets():
    frame = orders_frame([0, 0], [0, 0], [10, 5])
    frame["order_date"] = np.array(["2016-01-15", "2017-01-20"], "datetime64[ns]")
    orders = Orders.from_frame(frame, pd.Index(["00000"]))
    last = int(np.datetime64("2017-01-31").astype(int))
    rfm = build(declared("rfm"), orders, 1, last, np.zeros(1))
    assert rfm[0, 11].tolist() == [351, 1, 10]
    assert rfm[0, 12].tolist() == [11, 1, 5]


def test_active_needs_history_and_orders():
    orders = hand_worked()
    last = int(np.datetime64("2017-03-31").astype(int))
    assert is_active(declared("monthly_lrfm"), orders, 2, last, 3, 3).tolist() == [
        True,
        False,
    ]
    assert is_active(declared("monthly_lrfm"), orders, 2, last, 3, 4).tolist() == [
        False,
        False,
    ]
    assert is_active(declared("daily_spend"), orders, 2, last, 3, 1).tolist() == [
        False,
        False,
    ]
    assert is_active(declared("rfm"), orders, 2, last, 3, 3).tolist() == [True, True]


def test_rank_correlation_is_spearmans():
    a, b = np.array([1.0, 2, 2, 30]), np.array([5.0, 1, 3, 2])
    ranks = [1, 2.5, 2.5, 4], [4, 1, 3, 2]
    expected = np.corrcoef(*ranks)[0, 1]
    assert evidence.rank_correlation(a, b) == pytest.approx(expected)
    assert evidence.rank_correlation(a, a**3) == pytest.approx(1)
    assert evidence.rank_correlation(a, np.full(4, 0.1)) == 0
    assert evidence.rank_correlation(a[:2], b[:2]) == 0


def test_a_shuffle_keeps_what_it_must():
    frame, _ = planted_shop(60)
    frame["is_return"] = np.arange(len(frame)) % 10 == 0
    orders = Orders.from_frame(frame, pd.Index(sorted(frame["customer_id"].unique())))
    dealt = orders.shuffled(np.random.default_rng(0))
    for kind in (True, False):
        before, after = (o.customer[o.is_return == kind] for o in (orders, dealt))
        np.testing.assert_array_equal(np.bincount(before), np.bincount(after))
        assert (before != after).mean() > 0.8
    np.testing.assert_array_equal(orders.day, dealt.day)
    np.testing.assert_array_equal(orders.amount, dealt.amount)


def test_the_interval_of_the_ratio_leaves_out_each_customer_once():
    generator = np.random.default_rng(3)
    places = generator.normal(size=(30, 2)) + 4 * (np.arange(30) % 3)[:, None]
    labels = np.arange(30) % 3
    distances = np.linalg.norm(places[:, None] - places, axis=2)
    without = []
    for left_out in range(30):
        rest = np.delete(np.arange(30), left_out)
        part = distances[np.ix_(rest, rest)]
        without.append(evidence.within_between_ratio(part, labels[rest]))
    error = np.sqrt(29 * np.var(without))
    ratio = evidence.within_between_ratio(distances, labels)
    expected = (ratio - 1.96 * error, ratio + 1.96 * error)
    found = evidence.within_between_interval(distances, labels)
    np.testing.assert_allclose(found, expected)


def test_one_cluster_has_no_interval_of_its_ratio():
    found = evidence.within_between_interval(np.ones((3, 3)), np.zeros(3, dtype=int))
    assert np.isnan(found).all()
