"""What texts repeat of the sample's marts is what the marts say."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from real_builds import PROJECT, Build

pytestmark = pytest.mark.long

# File, sentence, and the question whose one row fills it.
REPEATED = [
    (
        "README.md",
        "a bicycle retailer: {:,} customers who ordered in {} months,",
        """
        select count(*), (select count(*) from marts.fct_shop_months)
        from marts.dim_customers
        """,
    ),
    (
        "README.md",
        "on the sample {} is chosen, with {} groups.",
        """
        select case metric when 'dtw' then 'DTW' else 'Euclid' end, k
        from marts.fct_segmentation_trials
        where segmentation = 'lifecycle' and is_chosen
        """,
    ),
    (
        "README.md",
        "On the sample the chain of transitions is published, for it beats"
        ' "same as now", in {} of {} cases;',
        """
        select count(*) filter (is_published), count(*)
        from marts.rpt_transition_tests where test = 'backtest'
        """,
    ),
    (
        "README.md",
        "On the sample {} of {} claims about forecasts cannot be told, as the pages"
        " say: at most {} origins",
        """
        select count(*) filter (verdict = 'cannot be told'), count(*), (
            select max(origins) from (
                select count(distinct origin_month) as origins
                from marts.fct_forecast_backtests where model = 'published'
                group by definition, segmentation, segment_id
            )
        )
        from audit.rpt_claims where claim_id similar to
            '(coverage|coverage95|mean|prophet|width)-(cohort|stock)-.*'
        """,
    ),
    (
        "README.md",
        "A silhouette of {:g} is reached by {} of {} segmentations (the highest:"
        " {:.2f}), a ratio of {:g} within to between by {} (the lowest: {:.2f});",
        """
        select max(threshold) filter (kind = 'silhouette'),
            count(*) filter (kind = 'silhouette' and verdict = 'holds'),
            count(*) filter (kind = 'silhouette'),
            max(measured_value) filter (kind = 'silhouette'),
            max(threshold) filter (kind = 'ratio'),
            count(*) filter (kind = 'ratio' and verdict = 'holds'),
            min(measured_value) filter (kind = 'ratio')
        from (
            select *, split_part(claim_id, '-', 1) as kind from audit.rpt_claims
        )
        """,
    ),
    (
        "README.md",
        "a map drawn anew agrees with the one in use at {:g} or more in {} of {}.",
        """
        select max(threshold), count(*) filter (verdict = 'holds'), count(*)
        from audit.rpt_claims where claim_id like 'agreement-%'
        """,
    ),
    (
        "README.md",
        "P-values go no lower than 1 in {}, for orders are shuffled {} times; where"
        ' none of the shuffles comes up to the shop, pages say "fewer than 1 in {}".',
        """
        select shuffles + 1, shuffles, shuffles + 1
        from (select max(shuffle_number) as shuffles from marts.fct_trial_nulls)
        """,
    ),
    (
        "docs/personal_data.md",
        "on the sample {:.0f} in 100 customers on paths, {:.0f} in 100 in mixes.",
        """
        select (
            select 100 * sum(customers) filter (not is_path_shown) / sum(customers)
            from marts.fct_segment_migrations
        ), (
            select 100 * sum(customers) filter (not is_shown) / sum(customers)
            from marts.fct_segment_mixes
        )
        """,
    ),
]


def text(path: Path) -> str:
    """The text of a file, as one line."""
    return " ".join(path.read_text("utf-8").split())


@pytest.mark.parametrize(("file", "sentence", "question"), REPEATED)
def test_texts_repeat_what_the_marts_say(
    file: str, sentence: str, question: str, sample: Build
) -> None:
    (numbers,) = sample.query(question).itertuples(index=False, name=None)
    right = sentence.format(*numbers)
    assert right in text(PROJECT / file), f"{file} should say: {right}"


@pytest.mark.parametrize("file", ["README.md", *Path(PROJECT, "docs").glob("*.md")])
def test_no_other_text_speaks_of_the_sample(file: str | Path) -> None:
    path = PROJECT / file
    # Rows of tables are what benchmarks measured.
    rows = [line for line in path.read_text("utf-8").splitlines() if line[:1] != "|"]
    said = re.findall(r"on the sample(?!')", " ".join(rows), re.I)
    known = [
        sentence
        for name, sentence, _ in REPEATED
        if PROJECT / name == path and "on the sample" in sentence.lower()
    ]
    assert len(said) == len(known), f"{path.name}: {said}"
