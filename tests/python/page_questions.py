"""The questions whose answers are the tables under the charts, by page and block."""

from __future__ import annotations

from page_numbers import CELL, Question

MONTHLY = """
    select 0 as figure, strftime(month, '%Y-%m-%d'), {values}
    from marts.fct_shop_months where is_complete and not is_few(customers)
"""
MIXES = """
    with parts as (
        select segmentation, segment_id, dimension_value, is_shown, customers,
            100 * customer_share as percent,
            100 * sum(customers) over (partition by segmentation, dimension_value)
                / sum(customers) over (partition by segmentation) as all_percent
        from marts.fct_segment_mixes where dimension = '{dimension}'
    )
    select segmentation, segment_id, 0, coalesce(dimension_value, 'not known'),
        percent, all_percent
    from parts where is_shown
    union all
    select segmentation, segment_id, 0, 'all others',
        sum(percent) filter (not is_shown),
        100 - sum(all_percent) filter (is_shown)
    from parts
    group by all having sum(customers) filter (not is_shown) >= {cell}
"""
RADARS = """
    with averages as (
        select segmentation, {averages} from latest_profiles group by segmentation
    ), placed as (
        select profiles.*, row_number() over (
            partition by segmentation
            order by known.is_stage, known.segment_number, segment_id
        ) - 1 as figure
        from latest_profiles as profiles
        inner join known using (segmentation, segment_id)
        where is_shown
    )
    {rows}
"""
MEASURED = {
    "mean_length_days": ("Days since first order", "customers"),
    "mean_recency_days": ("Days since last order", "customers"),
    "mean_frequency_orders": ("Orders in 12 months", "customers"),
    "mean_monetary_amount": ("Spend in 12 months", "customers"),
    "average_order_amount": ("Average order", "orders"),
}
STABILITY = """
    select segmentation, 0, strftime(month, '%Y-%m-%d'), {values}
    from marts.rpt_segment_stability
    where not is_few(customers) and {condition}
"""
DEPARTED = """
    select departures.* from marts.fct_segment_departures as departures
    where month = (select max(month) from marts.fct_segment_departures
            where from_segment_id is not null)
        and exists (
            select 1 from marts.fct_segment_migrations as paths
            where is_shown and paths.segmentation = departures.segmentation
                and paths.month = departures.month and paths.cause = departures.cause
                and paths.from_segment_id = departures.from_segment_id
                and paths.to_segment_id is not distinct from departures.to_segment_id
        )
"""
PATHS = """
    with paths as (
        select *, coalesce(from_segment_id, '(entered)') as start,
            coalesce(to_segment_id, '(left)') as target
        from marts.fct_segment_migrations
        where customers > 0 and month in (
            select distinct month from marts.fct_segment_migrations
            where customers > 0 order by month desc limit 24
        )
    ), kinds as (
        select *, 'all' as kind, is_path_shown as is_told from paths
        union all
        select *, case when cause in ('entered', 'settled', 'lapsed', 'returned')
            then 'entered or left' else cause end as kind, is_shown as is_told
        from paths where cause in ('behaved differently', 'map redrawn', 'entered',
            'settled', 'lapsed', 'returned')
    ), told as (
        select segmentation, month, kind, start, target, sum(customers) as customers
        from kinds where is_told group by all
    ), totals as (
        select segmentation, month, start, sum(customers) as total
        from paths group by all
    ), named as (
        select told.*, total,
            case when start = '(entered)' then 'Entered'
                else coalesce(before.name, names_from.name) end as from_name,
            case when target = '(left)' then 'Left'
                else coalesce(after.name, names_to.name) end as to_name,
            (start, month - interval 1 month) in (
                select (segment_id, month) from hidden
            ) as is_hidden
        from told inner join totals using (segmentation, month, start)
        left join names_then as before on start = before.segment_id
            and told.month = before.month + interval 1 month
        left join names as names_from on start = names_from.segment_id
        left join names_then as after on target = after.segment_id
            and told.month = after.month
        left join names as names_to on target = names_to.segment_id
    )
    select segmentation, strftime(month, '%Y-%m-%d'), kind, 0, from_name, to_name,
        {values}
    from named where {condition}
"""
# Of what is published; where no ranking is, of the baseline.
TENTHS = """
    with told as (
        select target, model, horizon_days, decile, customers, said_value, came_value,
            origin_month
        from marts.fct_value_backtests as past
        where model = coalesce((
            select model from marts.rpt_value_accuracy as judged
            where is_published and judged.target = past.target
        ), case when target = 'orders' then 'rfm_rank_sum' end)
        qualify horizon_days = max(horizon_days) over (partition by target)
    ), tenths as (
        select target, decile, horizon_days, sum(customers) as customers,
            sum(said_value * customers) / sum(customers) as said,
            sum(came_value * customers) / sum(customers) as came,
            count(distinct origin_month) as months,
            case when target = 'orders' then 100 else 1 end as scale
        from told group by all
    )
"""
TRIALS = """
    select s.segmentation, s.candidate, s.k, {figure}, {label}, {values}
    from trial_states as s
    inner join marts.fct_segmentation_trials as shown using (segmentation_trial_id)
    inner join trial_states as others
        on s.segmentation = others.segmentation and s.candidate = others.candidate
    inner join marts.fct_segmentation_trials as t
        on others.segmentation_trial_id = t.segmentation_trial_id
    where {condition}
"""
# A group is drawn where its number of customers may be told, under the number that it
# has for life, where its trial is the chosen one.
GROUPS = """
    with numbers as (
        select distinct segmentation_trial_id, cluster_number,
            coalesce(known.segment_number, cluster_number) as number,
            coalesce(names.name, 'Group ' || cluster_number) as name
        from marts.fct_trial_centroids as centroids
        left join known using (segment_id)
        left join names on centroids.segment_id = names.segment_id
    )
"""
SERIES = """
    with used as (
        select segment_id from known where valid_to is null
        union all select 'total'
    ), last as (
        select segment_id, is_shown from marts.fct_segment_profiles
        qualify row_number() over (partition by segment_id order by month desc) = 1
    ), told as (
        select forecasts.* from marts.fct_revenue_forecasts as forecasts
        where segment_id not in (select segment_id from last where not is_shown)
            and segment_id not in (
                select segment_id from known where valid_to is not null
            )
            and forecast_amount is not null
    ), published as (
        select * from told where is_published
    ), shown as (
        select definition, segmentation, segment_id, 'published' as state, *
            exclude (definition, segmentation, segment_id) from published
        union all by name
        select definition, segmentation, segment_id, model as state, *
            exclude (definition, segmentation, segment_id) from told
    )
"""
# The rows that plans decide by, but for those of few customers, or of few who did it.
EXPERIMENTS = """
    with small as (
        select experiment from marts.fct_experiment_assignments
        group by experiment, arm having is_few(count(*))
    ), deciding as (
        select *, case when metric in (
            'conversion', 'retention', 'opened', 'clicked', 'orders', 'sessions'
        ) then 100 else 1 end as scale
        from marts.rpt_experiment_readouts
        where is_primary and not is_few(customers) and not is_few(control_customers)
            and experiment not in (select experiment from small)
            and not (
                metric in ('conversion', 'retention', 'opened', 'clicked') and (
                    coalesce(is_few(round(mean * customers)), false)
                    or coalesce(is_few(round(control_mean * control_customers)), false)
                )
            )
    )
"""

QUESTIONS = {
    "index.monthly-revenue-amount": Question(MONTHLY.format(values="revenue_amount")),
    "index.monthly-revenue-per-customer-amount": Question(
        MONTHLY.format(values="revenue_per_customer_amount")
    ),
    "index.monthly-customers": Question(
        MONTHLY.format(values="customers, new_customers")
    ),
    "index.monthly-orders": Question(MONTHLY.format(values="orders")),
    "segments.sizes": Question("""
        select segmentation, 0, name, 100 * customer_share, 100 * revenue_share
        from latest_profiles inner join names using (segmentation, segment_id)
        where is_shown
    """),
    "segments.radars": Question(
        RADARS.format(
            averages=", ".join(
                f"sum({column} * {weight}) filter ({column} is not null)"
                f" / nullif(sum({weight}) filter ({column} is not null), 0)"
                f" as {column}"
                for column, (_, weight) in MEASURED.items()
            ),
            rows=" union all ".join(
                f"select segmentation, figure, '{label}', placed.{column},"
                f" averages.{column}, placed.{column} / averages.{column}"
                " from placed inner join averages using (segmentation)"
                for column, (label, _) in MEASURED.items()
            ),
        )
    ),
    **{
        f"segments.mix-{dimension.replace('_', '-')}": Question(
            MIXES.format(dimension=dimension, cell=CELL), may_be_silent=True
        )
        for dimension in (
            "wealth_segment",
            "state",
            "age_band",
            "gender",
            "job_industry_category",
        )
    },
    "stability.stability": Question(
        STABILITY.format(
            values="stay_share, stay_share_low, stay_share_high, nearest_stay_share,"
            " chance_stay_share",
            condition="is_stay_shown and stay_share is not null",
        )
    ),
    "stability.refits": Question(
        STABILITY.format(
            values="ari_refit, ari_refit_low, ari_refit_high",
            condition="ari_refit is not null",
        ),
        digits=3,
        are_ends=True,
    ),
    "outlook.sizes": Question(
        f"""
        with newest as (
            select expected.*, origin_month = max(origin_month)
                over (partition by segmentation) as is_newest
            from marts.fct_segment_expectations as expected
            where published_customers is not null and horizon_months is not null
        ), used as (
            select newest.* from newest inner join known using (segment_id)
            where is_newest and valid_to is null
        ), small as (
            select segment_id from used
            where (published_customers > 0 and published_customers < {CELL})
                or (segment_id, origin_month) in (
                    select (segment_id, month) from hidden
                )
        )
        select used.segmentation,
            dense_rank() over (
                partition by used.segmentation order by horizon_months
            ) - 1,
            name, same_as_now_customers, published_customers, lower_80_customers,
            upper_80_customers
        from used inner join names using (segment_id)
        where segment_id not in (select segment_id from small)
        """,
        digits=0,
        are_ends=True,
    ),
    "departures.reasons": Question(
        f"""
        with departed as ({DEPARTED}), counts as (
            select departed.segmentation, departed.from_segment_id, feature,
                sign(value_change) as direction, count(*) as customers
            from departed
            inner join marts.fct_departure_features using (segment_departure_id)
            where feature_rank = 1 group by all
        )
        select segmentation, from_segment_id, 0, feature, customers from counts
        """,
        are_named=False,
        may_be_silent=True,
        hides_rest=True,
    ),
    "departures.keeping": Question(
        f"""
        with departed as ({DEPARTED})
        select segmentation, from_segment_id, 0, coalesce(keeping_orders, 99) as orders,
            count(*)
        from departed group by all order by all
        """,
        are_named=False,
        may_be_silent=True,
        hides_rest=True,
    ),
    "quality.rows": Question("""
        select 0, words(input_table), accepted_rows, merged_duplicates, rejected_rows
        from marts.rpt_input_reconciliations
    """),
    "quality.rejections": Question("""
        select 0, words(reason_code) || ' (' || words(input_table) || ')', count(*)
        from marts.fct_rejected_rows group by reason_code, input_table
    """),
    "movement.sankey": Question(
        PATHS.format(values="customers", condition="true"), labels=2
    ),
    "movement.heatmap": Question(
        PATHS.format(
            values="100 * customers / total, customers",
            condition="not is_hidden and start <> '(left)'",
        ),
        digits=1,
        labels=2,
    ),
    "forecast.forecast": Question(
        SERIES
        + """
        , beside as (
            select shown.definition, shown.segmentation, shown.segment_id, shown.state,
                shown.month, other.forecast_amount
            from shown inner join told as other
                on shown.definition = other.definition
                and shown.segmentation = other.segmentation
                and shown.segment_id = other.segment_id and shown.month = other.month
                and case when shown.state = 'published'
                    then other.model = 'prophet'
                        and shown.model not in ('prophet', 'prophet_daily')
                    else other.is_published and other.model <> shown.model end
        ), past as (
            select history.* exclude (revenue_amount), case
                when (definition, segmentation, month, segment_id) in (
                    select (definition, segmentation, month, segment_id)
                    from hidden_months
                ) or (definition = 'stock' and (segment_id, month) in (
                    select (segment_id, month) from hidden
                )) then null else revenue_amount end as revenue_amount
            from marts.fct_segment_revenue_months as history
        ), states as (
            select distinct definition, segmentation, segment_id, state from shown
        ), months as (
            select * from states inner join (
                select definition, segmentation, segment_id, month from past
                union
                select definition, segmentation, segment_id, month from shown
            ) using (definition, segmentation, segment_id)
        )
        select months.definition, months.segmentation, months.segment_id, months.state,
            0, strftime(months.month, '%Y-%m-%d'), lower_95_amount, upper_95_amount,
            lower_80_amount, upper_80_amount, revenue_amount, shown.forecast_amount,
            beside.forecast_amount
        from months
        left join shown using (definition, segmentation, segment_id, state, month)
        left join beside using (definition, segmentation, segment_id, state, month)
        left join past using (definition, segmentation, segment_id, month)
        """,
        # Bands have three digits, all else four.
        significant=(3, 3, 3, 3, 4),
    ),
    "forecast.views": Question(
        """
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
        ), newest as (
            select * from views qualify origin_month = max(origin_month)
                over (partition by segmentation)
        )
        select newest.segmentation, dense_rank() over (
                partition by newest.segmentation order by horizon_months
            ) - 1, name, series_amount, expected_amount
        from newest inner join names using (segment_id)
        where series_amount is not null and expected_amount is not null
        """,
        are_amounts=True,
    ),
    "trajectories.silhouette-by-k": Question(
        TRIALS.format(
            figure="0",
            label="t.k",
            values="t.silhouette, t.silhouette_low, t.silhouette_high,"
            " t.null_silhouette",
            condition="t.silhouette is not null or t.null_silhouette is not null",
        ),
        digits=4,
        are_ends=True,
    ),
    "trajectories.elbow": Question(
        TRIALS.format(
            figure="0",
            label="t.k",
            values="t.inertia",
            condition="t.inertia is not null",
        ),
        digits=4,
    ),
    "trajectories.prediction": Question(
        TRIALS.format(
            figure="figure",
            label="t.k",
            values="100 * case figure when 0 then t.predictive_r2"
            " else t.activity_r2 end, 100 * case figure when 0 then"
            " t.rfm_predictive_r2 else t.rfm_activity_r2 end",
            condition="shown.predictive_r2 is not null",
        ).replace("where", "cross join (values (0), (1)) as figures (figure) where")
    ),
    "trajectories.nulls": Question(
        """
        with drawn as (
            select s.segmentation, s.candidate, s.k, n.silhouette as shuffled,
                t.silhouette
            from trial_states as s
            inner join marts.fct_trial_nulls as n using (segmentation_trial_id)
            inner join marts.fct_segmentation_trials as t
                using (segmentation_trial_id)
            where n.silhouette is not null
        )
        select segmentation, candidate, k, 0, 'Shuffled', shuffled from drawn
        union all
        select distinct segmentation, candidate, k, 0, 'This shop', silhouette
        from drawn
        """,
        digits=4,
        are_named=False,
    ),
    "trajectories.blades": Question(
        GROUPS
        + """
        select s.segmentation, s.candidate, s.k, 0, 'Group', count(*),
            avg(silhouette)
        from trial_states as s
        inner join marts.fct_silhouettes as drawn using (segmentation_trial_id)
        where silhouette is not null and (segmentation_trial_id, cluster_number)
            not in (select (segmentation_trial_id, cluster_number) from hidden_drawn)
        group by s.segmentation, s.candidate, s.k, cluster_number
        """,
        digits=3,
        are_named=False,
    ),
    "trajectories.picture": Question(
        """
        select s.segmentation, s.candidate, s.k, 0, 'Group', drawn.x, drawn.y
        from trial_states as s
        inner join marts.fct_silhouettes as drawn using (segmentation_trial_id)
        where x is not null and y is not null
            and (segmentation_trial_id, cluster_number) not in (
                select (segmentation_trial_id, cluster_number) from hidden_drawn
            )
        """,
        are_named=False,
        are_sampled=True,
    ),
    "trajectories.paths": Question(
        GROUPS
        + """
        , shown as (
            select s.segmentation, s.candidate, s.k, number, name, feature, step, value,
                max(step) over trial as steps,
                dense_rank() over (partition by s.segmentation_trial_id
                    order by array_position([
                        'length_days', 'recency_days', 'frequency_orders',
                        'monetary_amount', 'spend_amount', 'average_order_amount',
                        'orders', 'items', 'sessions', 'discount_share',
                        'returned_share'
                    ], feature)) - 1 as feature_place,
                dense_rank() over (
                    partition by s.segmentation_trial_id order by number
                ) - 1 as group_place,
                min(feature) over trial = max(feature) over trial as is_one
            from trial_states as s
            inner join marts.fct_trial_centroids using (segmentation_trial_id)
            inner join numbers using (segmentation_trial_id, cluster_number)
            where (segmentation_trial_id, cluster_number) not in (
                select (segmentation_trial_id, cluster_number) from hidden_groups
            )
            window trial as (partition by s.segmentation_trial_id)
        )
        select segmentation, candidate, k,
            case when is_one and steps > 1 then group_place else feature_place end,
            case when steps = 1 then name else step::varchar end,
            case when steps = 1 or is_one then 1 else number end, value
        from shown
        """,
        is_long=True,
    ),
    "forecast.backtests": Question(
        """
        with seen as (
            select segmentation, segment_id, month
            from marts.fct_segment_revenue_months
            where definition = 'stock' and revenue_amount is not null
                and (definition, segmentation, month, segment_id) not in (
                    select (definition, segmentation, month, segment_id)
                    from hidden_months
                ) and (segment_id, month) not in (
                    select (segment_id, month) from hidden
                )
        ), told as (
            select * exclude (actual_amount), case when definition = 'cohort'
                or (segmentation, segment_id, month) in (
                    select (segmentation, segment_id, month) from seen
                ) then actual_amount end as actual_amount
            from marts.fct_forecast_backtests
            where (segmentation, segment_id, origin_month) in (
                select (segmentation, segment_id, month) from seen
            )
        ), origins as (
            select definition, segmentation, segment_id, model, origin_month,
                count(*) as months
            from told group by all
        ), longest as (
            select *, max(months) over (
                partition by definition, segmentation, segment_id, model
            ) as longest
            from origins
        ), newest as (
            select * from longest qualify row_number() over (
                partition by definition, segmentation, segment_id, model
                order by months = longest desc, origin_month desc
            ) <= (select least(greatest(5000 // count(*), 1), 6) from states)
        ), shown as (
            select told.*, dense_rank() over (
                partition by definition, segmentation, segment_id, model
                order by origin_month
            ) - 1 as figure
            from told inner join newest
                using (definition, segmentation, segment_id, model, origin_month)
        )
        select shown.definition, shown.segmentation, shown.segment_id, shown.model,
            shown.figure, strftime(shown.month, '%Y-%m-%d'), shown.lower_80_amount,
            shown.upper_80_amount, beside.forecast_amount, shown.forecast_amount,
            shown.actual_amount
        from shown
        inner join states on state_0 = shown.definition
            and state_1 = shown.segmentation and state_2 = shown.segment_id
            and state_3 = shown.model
        left join told as beside
            on shown.model = 'published' and beside.model = 'prophet'
            and shown.definition = beside.definition
            and shown.segmentation = beside.segmentation
            and shown.segment_id = beside.segment_id
            and shown.origin_month = beside.origin_month
            and shown.month = beside.month
            and shown.chosen_model not in ('prophet', 'prophet_daily')
        """,
        significant=(3,),
    ),
    "value.silences": Question(
        """
        select 0, risk_rank || '. ' || customer_id, silence_days, usual_gap_days
        from marts.fct_value_at_risk where risk_rank <= 8
        """,
        digits=1,
    ),
    "value.worth": Question(
        """
        with told as (
            select * from marts.fct_segment_values
            where not is_few(customers)
                and (segment_id, month) not in (select (segment_id, month) from hidden)
        )
        select told.segmentation, strftime(told.month, '%Y-%m-%d'), 0,
            coalesce(names_then.name, names.name), value_at_risk_amount,
            value_12m_amount, lower_80_value_12m_amount, upper_80_value_12m_amount
        from told
        left join names_then using (segment_id, month)
        left join names on told.segment_id = names.segment_id
        where told.month in (
            select distinct month from told order by month desc limit 12
        )
        """,
        are_amounts=True,
        are_ends=True,
    ),
    # Told of the segments of one segmentation, whichever is chosen.
    "value.changes": Question(
        """
        with told as (
            select * from marts.fct_segment_behaviour_changes
            where tested_customers >= 5 and not is_few(unusual_customers)
                and (segment_id, month) not in (select (segment_id, month) from hidden)
        ), placed as (
            select *, dense_rank() over (
                partition by month
                order by list_position(['timing', 'rate', 'spend', 'mix'], channel)
            ) - 1 as figure
            from told
        )
        select state_0, state_1, figure, coalesce(names_then.name, names.name),
            100 * unusual_customers / tested_customers
        from placed
        inner join states on strftime(placed.month, '%Y-%m-%d') = state_1
        left join names_then using (segment_id, month)
        left join names on placed.segment_id = names.segment_id
        """,
        digits=1,
    ),
    "value.tenths": Question(
        TENTHS
        + """
        select target, figure, decile, scale * said, scale * came
        from tenths cross join (values (0), (1)) as figures (figure)
        where customers >= 5
        """,
        digits=1,
        are_amounts=True,
    ),
    # Ends of bands are no distances: they are drawn as they are.
    "act.readouts": Question(
        EXPERIMENTS
        + """
        select experiment, dense_rank() over (
            partition by experiment order by arm
        ) - 1, week, scale * anytime_lower, scale * anytime_upper,
            scale * difference_lower, scale * difference_upper, scale * difference,
            case when is_planned_look then scale * difference end
        from deciding where difference is not null
        """
    ),
    "act.testability": Question(
        """
        select parts.segmentation, format('{:g}', control_share), weeks::text, 0,
            coalesce(names.name, 'All active customers'), map {
                'revenue': 'Revenue', 'margin': 'Margin', 'orders': 'Orders',
                'conversion': 'Ordered', 'average_order_amount': 'Basket',
                'sessions': 'Sessions', 'retention': 'Retention'
            }[metric], 100 * mde_share, customers
        from marts.rpt_testability as designs
        inner join (
            select distinct segmentation from marts.rpt_testability
            where segmentation <> 'all'
        ) as parts
            on designs.segmentation in (parts.segmentation, 'all')
        left join names using (segment_id)
        where is_offered and not is_few(customers) and segment_id not in (
            select segment_id from latest_profiles where not is_shown
        )
        """,
        digits=1,
        labels=2,
    ),
}
# What has no table of numbers, and why.
WITHOUT_NUMBERS = {
    "stability.lifelines": "its table has months and names",
}
