"""The trajectory k-means and what it is fed."""

import numpy as np
import pytest
from sklearn.base import clone
from sklearn.exceptions import ConvergenceWarning
from sklearn.metrics import adjusted_rand_score
from sklearn.pipeline import make_pipeline

from trajectories.clustering import TrajectoryKMeans
from trajectories.metrics import cdist_euclidean
from trajectories.series.representations import Representation


def planted(customers=60, steps=24, seed=0, ragged=False):
    """Three shapes whose bumps lie up to two steps apart; labels and series."""
    generator = np.random.default_rng(seed)
    labels = np.arange(customers) % 3
    time = np.arange(steps)[None, :]
    centre = np.array([5, 12, 19])[labels] + generator.integers(-1, 2, customers)
    X = 3 * np.exp(-0.5 * ((time - centre[:, None]) / 1.5) ** 2)
    X = (X + generator.normal(0, 0.1, X.shape))[:, :, None]
    if ragged:
        X[::4, 22:] = np.nan
    return X, labels


@pytest.mark.parametrize("metric", ["dtw", "euclidean"])
@pytest.mark.parametrize("ragged", [False, True])
def test_planted_shapes_are_found(metric, ragged):
    X, labels = planted(ragged=ragged)
    model = TrajectoryKMeans(3, metric=metric, window=2, n_init=3, random_state=0)
    found = model.fit_predict(X)
    assert adjusted_rand_score(labels, found) > 0.95
    assert model.cluster_centers_.shape == (3, 24, 1)
    to_centres = model.transform(X)
    np.testing.assert_array_equal(found, to_centres.argmin(axis=1))
    assert model.inertia_ == pytest.approx((to_centres.min(axis=1) ** 2).mean())
    np.testing.assert_array_equal(found, model.predict(X))


@pytest.mark.parametrize("metric", ["dtw", "euclidean"])
def test_same_seed_same_result_whatever_the_threads(metric):
    X, _ = planted(seed=5, ragged=True)
    fits = [
        TrajectoryKMeans(4, metric, 3, random_state=7, n_jobs=jobs).fit(X)
        for jobs in (None, 2)
    ]
    np.testing.assert_array_equal(fits[0].labels_, fits[1].labels_)
    np.testing.assert_array_equal(fits[0].cluster_centers_, fits[1].cluster_centers_)


def test_clone_and_pipeline():
    X, labels = planted()
    model = TrajectoryKMeans(3, window=0.1, random_state=0, n_init=2)
    copy = clone(model)
    assert copy.get_params() == model.get_params()
    pipeline = make_pipeline(Representation("smoothed", 1.0), model)
    assert adjusted_rand_score(labels, pipeline.fit_predict(X)) > 0.9
    assert pipeline.transform(X).shape == (60, 3)
    assert clone(pipeline).fit(X) is not pipeline


def test_inertia_is_no_worse_than_tslearns():
    X, _ = planted(seed=3)
    settings_ = {"n_clusters": 3, "window": 2, "random_state": 0, "max_iter": 10}
    ours = TrajectoryKMeans(**settings_, n_init=2).fit(X)
    theirs = TrajectoryKMeans(**settings_, n_init=2, engine="tslearn").fit(X)
    assert ours.inertia_ <= theirs.inertia_ * 1.001
    assert adjusted_rand_score(ours.labels_, theirs.labels_) == 1.0


def test_barycentre_of_shifted_copies_keeps_their_shape():
    """A mean would flatten the bumps; a barycentre does not."""
    time = np.arange(40)
    shifts = [-3, -1, 0, 1, 3]
    X = np.exp(-0.5 * ((time[None] - 20 - np.array(shifts)[:, None]) / 1.5) ** 2)
    model = TrajectoryKMeans(1, window=8, random_state=0).fit(X[:, :, None])
    assert model.cluster_centers_.max() > 0.95
    assert X.mean(axis=0).max() < 0.7


def test_few_and_odd_customers():
    one = np.ones((1, 5, 2))
    assert TrajectoryKMeans(1, random_state=0).fit(one).inertia_ == 0
    with pytest.raises(ValueError, match="4 clusters were asked of 1 series"):
        TrajectoryKMeans(4).fit(one)
    for metric in ("dtw", "euclidean"):
        zeros = TrajectoryKMeans(3, metric=metric, random_state=0)
        with pytest.warns(ConvergenceWarning, match="Only 1 of the series differ"):
            zeros.fit(np.zeros((9, 6, 1)))
        assert set(zeros.labels_) == {0}
        assert zeros.cluster_centers_.shape == (3, 6, 1)


def test_steps_that_nobody_reaches_stay_empty():
    X, labels = planted(steps=24)
    X[:, 22:] = np.nan
    for metric in ("dtw", "euclidean"):
        model = TrajectoryKMeans(3, metric=metric, window=2, random_state=0, n_init=3)
        assert adjusted_rand_score(labels, model.fit_predict(X)) > 0.95
        assert np.isnan(model.cluster_centers_[:, 22:]).all()
        np.testing.assert_array_equal(model.predict(X), model.labels_)


def test_starts_on_a_sample_end_on_all():
    X, labels = planted(customers=300)
    model = TrajectoryKMeans(3, window=2, n_init=3, random_state=0, init_size=60)
    assert adjusted_rand_score(labels, model.fit_predict(X)) == 1.0
    on_all = TrajectoryKMeans(3, window=2, n_init=3, random_state=0).fit(X)
    assert model.inertia_ == pytest.approx(on_all.inertia_, rel=0.01)
    with pytest.raises(ValueError, match="init_size is 2 for 3 clusters"):
        TrajectoryKMeans(3, init_size=2).fit(X)


@pytest.mark.parametrize("metric", ["dtw", "euclidean"])
def test_short_runs_choose_the_start_that_goes_on(metric):
    X, labels = planted(customers=90)
    settings_ = {"metric": metric, "window": 2, "random_state": 0}
    short = TrajectoryKMeans(3, **settings_, n_init=8, init_iter=1).fit(X)
    assert adjusted_rand_score(labels, short.labels_) == 1.0
    cut = TrajectoryKMeans(3, **settings_, n_init=8, max_iter=1).fit(X)
    assert short.inertia_ <= cut.inertia_
    one = TrajectoryKMeans(3, **settings_, init_iter=1).fit(X)
    alone = TrajectoryKMeans(3, **settings_).fit(X)
    assert one.inertia_ == alone.inertia_  # a single start is never cut short


def test_msm_finds_medoids_of_a_sample():
    X, labels = planted(customers=90)
    model = TrajectoryKMeans(3, "msm", random_state=0, n_init=3, init_size=40).fit(X)
    assert adjusted_rand_score(labels, model.labels_) > 0.95
    for centre in model.cluster_centers_:
        assert (centre == X).all(axis=(1, 2)).any()


def test_unusable_settings_are_refused():
    X, _ = planted()
    with pytest.raises(ValueError, match="Use one of dtw, euclidean, msm"):
        TrajectoryKMeans(2, metric="cosine").fit(X)
    with pytest.raises(ValueError, match="engine is 'fast'"):
        TrajectoryKMeans(2, engine="fast").fit(X)
    with pytest.raises(ValueError, match="'tslearn' clusters by 'dtw', not by"):
        TrajectoryKMeans(2, "euclidean", engine="tslearn").fit(X)


def test_euclidean_of_a_copy_is_that_of_itself():
    X, _ = planted()
    np.testing.assert_allclose(
        cdist_euclidean(X, X), cdist_euclidean(X, X.copy()), atol=1e-5
    )
