"""Where in the marts the numbers in the words of a block stand, by page and block."""

from __future__ import annotations

from page_questions import DEPARTED, EXPERIMENTS, SERIES, TENTHS

MEASURES = (
    "revenue_amount",
    "revenue_per_customer_amount",
    "customers",
    "orders",
)
HEADLINES = [
    f"""
    select months.{measure},
        (months.{measure} - earlier.{measure}) / nullif(earlier.{measure}, 0)
    from marts.fct_shop_months as months
    left join marts.fct_shop_months as earlier
        on months.month = earlier.month + interval 1 month
    where months.is_complete and not is_few(months.customers)
    order by months.month desc limit 1
    """
    for measure in MEASURES
]
MIXES = """
    select segmentation, segment_id, customers, customer_share, dimension_value
    from marts.fct_segment_mixes where is_shown
"""
# What part of all customers has a value, in the states of every segment.
MIXES_OF_ALL = """
    with shares as (
        select distinct segmentation, dimension, dimension_value,
            sum(customers) over (partition by segmentation, dimension, dimension_value)
                / sum(customers) over (partition by segmentation, dimension) as share
        from marts.fct_segment_mixes
    )
    select mixes.segmentation, mixes.segment_id, share
    from marts.fct_segment_mixes as mixes
    inner join shares using (segmentation, dimension)
"""
TRIAL = """
    select s.segmentation, s.candidate, s.k, t.* exclude (segmentation, k)
    from trial_states as s
    inner join marts.fct_segmentation_trials as t using (segmentation_trial_id)
"""
TRIALS_OF_CANDIDATE = """
    select s.segmentation, s.candidate, s.k, t.* exclude (segmentation)
    from trial_states as s
    inner join trial_states as others
        on s.segmentation = others.segmentation and s.candidate = others.candidate
    inner join marts.fct_segmentation_trials as t
        on others.segmentation_trial_id = t.segmentation_trial_id
"""
# A p-value that no shuffle reached is told as 1 in so many.
TRIALS = """
    select t.segmentation, t.* exclude (segmentation), 1, shuffles + 1
    from marts.fct_segmentation_trials as t
    left join (
        select segmentation, max(shuffle_number) as shuffles
        from marts.fct_trial_nulls group by segmentation
    ) using (segmentation)
"""
SAMPLED = """
    select s.segmentation, s.candidate, s.k, count(*), avg(silhouette),
        avg((silhouette < 0)::int), ceil(count(*) / 400.0)
    from trial_states as s
    inner join marts.fct_silhouettes as drawn using (segmentation_trial_id)
    where silhouette is not null group by all
"""
NULLS = """
    select s.segmentation, s.candidate, s.k, count(*), count(*) + 1,
        count(*) filter (n.silhouette >= t.silhouette), 100 * min(t.null_p_value), 1,
        100
    from trial_states as s
    inner join marts.fct_trial_nulls as n using (segmentation_trial_id)
    inner join marts.fct_segmentation_trials as t using (segmentation_trial_id)
    where n.silhouette is not null group by all
"""
GROUPS = """
    select s.segmentation, s.candidate, s.k, customer_share, count(*) over (
        partition by s.segmentation_trial_id
    )
    from trial_states as s inner join (
        select segmentation_trial_id, cluster_number, max(customer_share)
            as customer_share
        from marts.fct_trial_centroids
        where (segmentation_trial_id, cluster_number) not in (
            select (segmentation_trial_id, cluster_number) from hidden_groups
        ) group by all
    ) using (segmentation_trial_id)
"""
CLAIM = """
    select segmentation, measured_value, lower, upper, threshold, chance_value, claim,
        meaning
    from audit.rpt_claims where claim_id like '{kind}-%'
"""
CLAIMS_OF_FORECASTS = """
    select split_part(claim_id, '-', 2), split_part(claim_id, '-', 3), measured_value,
        lower, upper, threshold, chance_value, claim, meaning
    from audit.rpt_claims
    where split_part(claim_id, '-', 2) in ('cohort', 'stock')
"""
ACCURACY = """
    select definition, segmentation, * exclude (definition, segmentation)
    from marts.rpt_forecast_accuracy
"""
OFF = """
    with views as (
        select * from marts.fct_forecast_views
        where (segment_id, month) not in (select (segment_id, month) from hidden)
            and (segment_id, origin_month) not in (
                select (segment_id, month) from hidden
            )
            and not is_few(expected_customers)
            and segment_id not in (
                select segment_id from known where valid_to is not null
            )
    )
"""
BACKTESTED = """
    with seen as (
        select segmentation, segment_id, month from marts.fct_segment_revenue_months
        where definition = 'stock' and revenue_amount is not null
            and (definition, segmentation, month, segment_id) not in (
                select (definition, segmentation, month, segment_id) from hidden_months
            ) and (segment_id, month) not in (select (segment_id, month) from hidden)
    )
    select definition, segmentation, segment_id, model, count(*),
        sum(abs(forecast_amount - actual_amount)) / sum(abs(actual_amount))
    from marts.fct_forecast_backtests
    where (segmentation, segment_id, origin_month) in (
            select (segmentation, segment_id, month) from seen
        ) and (definition = 'cohort' or (segmentation, segment_id, month) in (
            select (segmentation, segment_id, month) from seen
        )) and forecast_amount is not null and actual_amount is not null
    group by all
"""
PERSONS = """
    select profiles.segmentation, case when is_shown then profiles.customers end,
        case when is_shown then profiles.customer_share end,
        case when is_shown then segments.persona_evidence end,
        segments.recommended_action,
        segments.action_to_avoid, segments.offer, segments.channel, segments.owner, (
            select list(kpi_value order by month desc)[:6]
            from marts.fct_segment_kpis as kpis
            where kpis.segment_id = profiles.segment_id
                and is_kpi_of_playbook and kpis.is_shown
        )
    from latest_profiles as profiles
    inner join marts.dim_segments as segments using (segment_id)
"""
# What is said of each test stands in a row of the list.
LISTED = (
    EXPERIMENTS
    + """
    select refusal, list(relative_lift), list(relative_lift_lower),
        list(relative_lift_upper), list(reason), any_value(hypothesis)
    from marts.dim_experiments as plans
    left join deciding on plans.experiment = deciding.experiment and is_planned_look
    group by plans.experiment, refusal
"""
)
CHECKED = "(select experiment, * exclude (experiment) from marts.rpt_experiment_checks)"
# A segmentation's segments, and all customers beside them.
SAID_OF_DESIGNS = """
    with beside as (
        select parts.segmentation, format('{:g}', designs.control_share) as share,
            designs.weeks::text as duration, designs.*  exclude (segmentation)
        from marts.rpt_testability as designs
        inner join (
            select distinct segmentation from marts.rpt_testability
            where segmentation <> 'all'
        ) as parts on designs.segmentation in (parts.segmentation, 'all')
        where not is_few(customers) and segment_id not in (
            select segment_id from latest_profiles where not is_shown
        )
    )
"""
# How finished tests have ended, and how many tests stand where.
TESTS_COUNTED = (
    EXPERIMENTS
    + """
    , ended as (
        select experiment, status,
            case when bool_or(decision = 'withheld') then 'withheld'
                when bool_or(decision = 'better') then 'better'
                when bool_or(decision = 'worse') then 'worse'
                when bool_or(decision is not null) then 'open' end as outcome
        from marts.dim_experiments
        left join (
            select * from deciding where is_planned_look
            qualify week = max(week) over (partition by experiment)
        ) using (experiment)
        group by all
    )
    select list(tests) from (
        select count(*) as tests from ended group by status
        union all
        select count(*) from ended where status = 'finished' group by outcome
    )
"""
)

SOURCES: dict[str, list[str]] = {
    "index.headlines": HEADLINES,
    **{f"index.monthly-{measure.replace('_', '-')}": [] for measure in MEASURES},
    "index.findings": ["select t.* from marts.fct_segmentation_trials as t"],
    "index.planted": ["select * from audit.rpt_planted_kinds"],
    "index.claims": [
        "select * from audit.rpt_claims",
        "select count(*), count(*) filter (verdict = 'holds'), count(*) filter"
        " (verdict = 'fails'), count(*) filter (verdict = 'cannot be told')"
        " from audit.rpt_claims",
    ],
    "segments.sizes": [],
    "segments.radars": [
        "select segmentation, * exclude (segmentation) from latest_profiles"
        " where is_shown",
        """
        select segmentation, sum(mean_length_days * customers) / sum(customers),
            sum(mean_recency_days * customers) / sum(customers),
            sum(mean_frequency_orders * customers) / sum(customers),
            sum(mean_monetary_amount * customers) / sum(customers),
            sum(average_order_amount * orders) / sum(orders)
        from latest_profiles group by segmentation
        """,
    ],
    "segments.playbook": [PERSONS],
    "segments.profile": [
        "select segmentation, * exclude (segmentation) from latest_profiles"
        " where is_shown"
    ],
    "segments.mix": [MIXES, MIXES_OF_ALL],
    "segments.alike": [],
    "stability.claim-stability": [CLAIM.format(kind="stability")],
    "stability.claim-agreement": [CLAIM.format(kind="agreement")],
    "stability.stability": [
        """
        select segmentation, stay_share, chance_stay_share
        from marts.rpt_segment_stability
        where is_stay_shown and stay_share is not null
        qualify month = max(month) over (partition by segmentation)
        """,
        """
        select segmentation, stable_stay_share,
            avg(round_even(stay_share, 2) - round_even(nearest_stay_share, 2)) filter (
                is_stay_shown and month not in (
                    select in_force_from from marts.dim_model_versions as versions
                    where versions.segmentation = rpt_segment_stability.segmentation
                        and in_force_from is not null
                    order by in_force_from offset 1
                )
            ) over (partition by segmentation)
        from marts.rpt_segment_stability
        """,
        "select segmentation, k from marts.dim_model_versions",
    ],
    "stability.refits": [
        "select segmentation, stable_refit_agreement from marts.rpt_segment_stability",
        "select segmentation, k from marts.dim_model_versions",
    ],
    "stability.lifelines": [
        """
        select segmentation, count(*) filter (valid_to is null),
            count(*) filter (valid_to is not null)
        from known where not is_stage and valid_from is not null
        group by segmentation
        """,
        "select segmentation, least_overlap, surviving_overlap"
        " from marts.fct_segment_events",
    ],
    "stability.events": [
        "select segmentation, overlap, persona, previous_persona"
        " from marts.fct_segment_events"
    ],
    "stability.maps": [
        "select segmentation, fit_number, k, refit_reason from marts.dim_model_versions"
    ],
    "outlook.sizes": [
        "select segmentation, horizon_months from marts.fct_segment_expectations"
    ],
    "outlook.record": [
        "select segmentation, * exclude (segmentation) from marts.rpt_transition_tests"
    ],
    "departures.who-left": [
        f"""
        with departed as ({DEPARTED})
        select segmentation, from_segment_id, count(*) over segment,
            count(*) over (partition by segmentation, from_segment_id, cause),
            sum(revenue_12_months_amount) over segment
        from departed window segment as (partition by segmentation, from_segment_id)
        """
    ],
    "departures.reasons": [],
    "departures.keeping": [
        f"""
        with departed as ({DEPARTED})
        select segmentation, from_segment_id, count(*), count(keeping_orders)
        from departed group by all
        """
    ],
    # Late for three months and more: rather gone than going.
    "value.silences": [
        """
        select count(*) filter (risk_rank <= 8), sum(value_at_risk_amount),
            sum(value_at_risk_amount) filter (risk_rank <= 8), 3,
            count(*) filter (
                risk_rank <= 8
                and at_risk_since_month <= month - interval 3 month
            )
        from marts.fct_value_at_risk
        """
    ],
    "value.at-risk": [
        """
        select risk_rank, customer_id, value_at_risk_amount,
            break_even_discount_amount, why
        from marts.fct_value_at_risk
        """
    ],
    "value.worth": [
        """
        select segmentation, strftime(month, '%Y-%m-%d'), value_12m_amount,
            lower_80_value_12m_amount, upper_80_value_12m_amount, top_tenth_share
        from marts.fct_segment_values
        """
    ],
    # 5 of 100 do what is rare for them by chance.
    "value.changes": [
        """
        with told as (
            select * from marts.fct_segment_behaviour_changes
            where tested_customers >= 5 and not is_few(unusual_customers)
                and (segment_id, month) not in (select (segment_id, month) from hidden)
        )
        select segmentation, strftime(month, '%Y-%m-%d'), 100, 5,
            max(100 * unusual_customers / tested_customers), sum(flagged_customers),
            sum(flagged_by_chance_customers)
        from (select * exclude (segmentation) from told)
        cross join (select distinct segmentation from known)
        group by all
        """
    ],
    "value.tenths": [
        TENTHS
        + """
        select target, scale * said, scale * came, horizon_days, months, 100
        from tenths where decile in (1, 10)
        """,
        """
        select target, 100 * auc, 100 * auc_rfm from marts.rpt_value_accuracy
        where is_published
        """,
    ],
    # Chance sorts half of all pairs rightly; bands are meant to hold 80 %.
    "value.tried": [
        """
        select target, origins, customers, 100 * auc, relative_error,
            relative_total_error, coverage_80_share, 50, 100, 0.8
        from marts.rpt_value_accuracy
        """
    ],
    "act.proposals": [
        """
        select p.segmentation, case when is_shown then customers end,
            recommended_action, hypothesis, planned_experiment, (
                select list(d.mde_share) from marts.rpt_testability as d
                where d.segment_id = p.segment_id and is_shown
                    and d.metric = p.primary_metric and d.weeks = d.best_weeks
            ), (
                select list(d.weeks) from marts.rpt_testability as d
                where d.segment_id = p.segment_id
            )
        from marts.rpt_experiment_proposals as p
        inner join marts.dim_segments using (segment_id)
        inner join latest_profiles using (segment_id)
        """
    ],
    "act.tests": [LISTED],
    "act.readouts": [
        """
        select experiment, reason, planned_looks, planned_weeks, abs(relative_lift),
            hypothesis, 100
        from marts.dim_experiments
        left join marts.rpt_experiment_readouts as told using (experiment)
        where coalesce(told.is_primary, true)
        """
    ],
    "act.returns": [
        """
        select experiment, * exclude (experiment), 1, 12
        from marts.rpt_experiment_returns
        """
    ],
    "act.checks": ["select * exclude (experiment_check_id) from " + CHECKED],
    "act.testability": [
        SAID_OF_DESIGNS
        + """
        select segmentation, share, duration, count(*),
            count(*) filter (verdict = 'testable'), max(expected_lift_share),
            max(control_share), max(weeks::bigint)
        from beside group by all
        """
    ],
    "act.why": [
        SAID_OF_DESIGNS
        + "select segmentation, share, duration, verdict, why from beside"
    ],
    "act.designs": [
        SAID_OF_DESIGNS
        + """
        select segmentation, share, duration, presence_share,
            variance_reduction_share, aa_false_positive_share, best_weeks,
            smallest_control_customers
        from beside
        """
    ],
    # In four of five tests; at most one of twenty is by chance.
    "act.design": [
        """
        select coalesce(experiment, p.segment_id), plan.hypothesis, p.hypothesis,
            plan.customers, planned_weeks, planned_looks, expected_lift_share,
            cost_per_contact, discount_share, plan.control_share, plan.arms, drawn,
            parts, cost_per_contact * treated, treated, (
                select list(mde_share) from marts.rpt_testability as d
                where d.segment_id = coalesce(plan.segment_id, p.segment_id, 'all')
            ), (
                select list(d.customers) from marts.rpt_testability as d
                where d.segment_id = coalesce(plan.segment_id, p.segment_id, 'all')
            ), (select list(distinct weeks) from marts.rpt_testability), (
                select list(distinct control_share) from marts.rpt_testability
            )
        from (
            select * from marts.dim_experiments where status in ('planned', 'running')
        ) as plan
        full join (
            select segment_id, hypothesis from marts.rpt_experiment_proposals
        ) as p on false
        left join (
            select experiment, list(customers) as drawn,
                list(customers / total) as parts,
                sum(customers) filter (not is_control) as treated
            from (
                select experiment, arm, is_control, count(*) as customers,
                    sum(count(*)) over (partition by experiment) as total
                from marts.fct_experiment_assignments
                group by experiment, arm, is_control
            ) as counted group by experiment
        ) using (experiment)
        """
    ],
    "act.campaigns": [
        """
        select campaign, customers, opened_share, clicked_share, ordered_before_share,
            ordered_after_share
        from marts.rpt_campaigns where not is_few(customers)
        """
    ],
    "quality.rows": [
        "select sum(read_rows), sum(accepted_rows) from marts.rpt_input_reconciliations"
    ],
    "quality.rejections": ["select count(*) from marts.fct_rejected_rows"],
    "quality.reconciliation": ["select * from marts.rpt_input_reconciliations"],
    "quality.findings": ["select * from marts.rpt_input_findings"],
    "movement.map": [],
    "movement.seen-on": [],
    "movement.redraw": [
        """
        select segmentation, strftime(month, '%Y-%m-%d'), customers
        from marts.fct_segment_migrations where is_shown
        """
    ],
    "movement.sankey": [
        """
        select segmentation, strftime(month, '%Y-%m-%d'), cause, stay_share
        from marts.rpt_segment_stability
        cross join (
            values ('all'), ('behaved differently'), ('map redrawn'),
                ('entered or left')
        ) as causes (cause)
        where is_stay_shown
        """,
        """
        select segmentation, strftime(month, '%Y-%m-%d'), 'all', sum(customers)
        from marts.fct_segment_migrations
        where is_shown and cause <> 'map redrawn'
        group by segmentation, month, from_segment_id, to_segment_id
        """,
    ],
    "movement.heatmap": [],
    **{
        f"movement.{kind}": [
            """
            select segmentation, strftime(month, '%Y-%m-%d'), kind, customers,
                revenue_change_amount, revenue_change_low_amount,
                revenue_change_high_amount
            from marts.fct_segment_migrations cross join (values ('all'),
                ('behaved differently'), ('map redrawn'), ('entered or left')
            ) as kinds (kind)
            where is_shown and (kind in ('all', cause) or kind = 'entered or left'
                and cause in ('entered', 'settled', 'lapsed', 'returned'))
            """,
            """
            select distinct segmentation, strftime(month, '%Y-%m-%d'), kind, number
            from marts.fct_segment_migrations cross join (values ('all'),
                ('behaved differently'), ('map redrawn'), ('entered or left')
            ) as kinds (kind) cross join generate_series(2, 10) as numbers (number)
            """,
        ]
        for kind in ("gains", "losses")
    },
    "forecast.definition": [],
    "forecast.origins": [],
    "forecast.forecast": [
        SERIES
        + """
        select definition, segmentation, segment_id, state, sum(forecast_amount)
        from shown group by all
        """,
        """
        select definition, segmentation, segment_id, 'published', reason
        from marts.fct_revenue_forecasts
        """,
        SERIES
        + """
        select distinct definition, segmentation, segment_id, state,
            count(*) filter (
                (definition, segmentation, month, segment_id) in (
                    select (definition, segmentation, month, segment_id)
                    from hidden_months
                ) or (definition = 'stock' and (segment_id, month) in (
                    select (segment_id, month) from hidden
                ))
            ) over (partition by definition, segmentation, segment_id, state)
        from (select distinct definition, segmentation, segment_id, state from shown)
        inner join marts.fct_segment_revenue_months
            using (definition, segmentation, segment_id)
        """,
    ],
    "forecast.decision": [
        """
        select definition, segmentation, segment_id, reason, decision
        from marts.fct_revenue_forecasts
        """
    ],
    "forecast.certificate": [
        """
        select definition, segmentation, model, calibrated_backtests, coverage_80,
            coverage_95
        from marts.rpt_forecast_accuracy
        """
    ],
    "forecast.backtests": [
        BACKTESTED,
        # Up to six months of the past are drawn; the table says which.
        """
        select distinct definition, segmentation, segment_id, model, number
        from marts.fct_forecast_backtests
        cross join generate_series(1, 6) as drawn (number)
        """,
    ],
    "forecast.accuracy": [
        ACCURACY,
        CLAIMS_OF_FORECASTS,
        """
        select definition, segmentation, description from marts.dim_forecast_models
        cross join (select distinct definition, segmentation
            from marts.rpt_forecast_accuracy)
        """,
    ],
    "forecast.bands": [ACCURACY],
    "forecast.views": [
        OFF
        + """
        select segmentation, horizon_months, series_amount, expected_amount,
            disagreement_share
        from views
        """
    ],
    "forecast.views-record": [
        OFF
        + """
        select segmentation, horizon_months, expected_customers, spend_amount,
            series_amount, expected_amount, disagreement_share, cohort_amount,
            values_amount
        from views
        """,
        OFF
        + """
        select segmentation, horizon_months, count(distinct origin_month),
            sum(abs(cohort_amount - cohort_actual_amount))
                / sum(abs(cohort_actual_amount)),
            sum(abs(values_amount - cohort_actual_amount))
                / sum(abs(cohort_actual_amount))
        from views where cohort_amount is not null and values_amount is not null
            and cohort_actual_amount is not null and actual_amount is not null
        group by segmentation, horizon_months
        """,
        OFF
        + """
        select segmentation, horizon_months, count(distinct origin_month),
            sum(abs(series_amount - actual_amount)) / sum(abs(actual_amount)),
            sum(abs(expected_amount - actual_amount)) / sum(abs(actual_amount))
        from views where actual_amount is not null and series_amount is not null
            and expected_amount is not null
        group by segmentation, horizon_months
        """,
    ],
    "trajectories.in-use": [
        """
        select s.segmentation, s.candidate, s.k, s.k, used.k, used.band,
            used.smoothing_steps
        from trial_states as s
        inner join marts.fct_segmentation_trials as used
            on s.segmentation = used.segmentation and used.is_chosen
        """
    ],
    "trajectories.verdict": [TRIALS],
    "trajectories.claim-structure": [CLAIM.format(kind="structure")],
    "trajectories.paths": [GROUPS],
    "trajectories.silhouette-by-k": [TRIALS_OF_CANDIDATE],
    "trajectories.elbow": [TRIALS_OF_CANDIDATE],
    "trajectories.blades": [SAMPLED],
    "trajectories.nulls": [TRIAL, NULLS],
    "trajectories.prediction": [TRIAL],
    "trajectories.picture": [GROUPS],
    "trajectories.candidates": [
        """
        select t.segmentation, t.* exclude (segmentation), chosen.score,
            chosen.silhouette
        from marts.fct_segmentation_trials as t
        left join marts.fct_segmentation_trials as chosen
            on t.segmentation = chosen.segmentation and chosen.is_chosen
        """
    ],
    "trajectories.trials": [
        """
        select s.segmentation, s.candidate, t.* exclude (segmentation)
        from trial_states as s
        inner join marts.fct_segmentation_trials as t using (segmentation_trial_id)
        """
    ],
}
# Of the words that stand in all states of a page: banners, introductions, the foot.
FRAME = [
    TRIALS,
    TESTS_COUNTED,
    "select distinct weeks, control_share from marts.rpt_testability",
    "select sum(value_at_risk_amount), sum(value_12m_if_active_amount)"
    " from marts.fct_value_at_risk",
    "select floor(100 * largest_customer_share) / 100 from latest_profiles"
    " where is_shown",
]


def of(name: str) -> list[str] | None:
    """The sources of a block; some blocks are one for each of many things."""
    for known in (name, "-".join(name.split("-")[:1])):
        if known in SOURCES:
            return SOURCES[known]
    return None
