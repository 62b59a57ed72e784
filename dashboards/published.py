"""The only way the pages read data: whole published marts, read-only."""

from pathlib import Path
from types import TracebackType

import duckdb
import pandas as pd

# What the pages read of each mart. A mart that is not there yet reads as an
# empty table of these columns, so that a page can say so in a sentence.
COLUMNS = {
    "marts.fct_shop_months": (
        "month, orders, customers, new_customers, revenue_amount, returned_amount,"
        " average_order_amount, revenue_per_customer_amount, is_complete"
    ),
    "marts.fct_segmentation_trials": (
        "segmentation_trial_id, segmentation, series, period, representation,"
        " smoothing_steps, metric, k, band, steps,"
        " sampled_customers, silhouette, silhouette_low, silhouette_high, inertia,"
        " calinski_harabasz, davies_bouldin, null_silhouette, null_p_value,"
        " persistence_gap, persistence_p_value, bootstrap_ari, predictive_r2,"
        " rfm_predictive_r2, added_predictive_r2, activity_r2, rfm_activity_r2,"
        " smallest_share, is_elbow, has_structure, is_chosen, reason"
    ),
    "marts.fct_trial_nulls": ("segmentation_trial_id, shuffle_number, silhouette"),
    "marts.fct_trial_centroids": (
        "segmentation_trial_id, cluster_number, customers, customer_share, feature,"
        " step, value, segment_id"
    ),
    "marts.fct_silhouettes": (
        "segmentation_trial_id, cluster_number, sample_number, silhouette, x, y"
    ),
    "marts.dim_segments": (
        "segment_id, segmentation, segment_number, stage, persona,"
        " persona_evidence, is_persona_earned, recommended_action,"
        " action_to_avoid, offer, channel, valid_from, valid_to"
    ),
    "marts.fct_segment_profiles": (
        "segmentation, segment_id, month, customers, customer_share,"
        " revenue_amount, revenue_share, orders, average_order_amount,"
        " mean_length_days, median_length_days, mean_recency_days,"
        " median_recency_days, mean_frequency_orders, median_frequency_orders,"
        " mean_monetary_amount, median_monetary_amount, largest_customer_share,"
        " is_shown"
    ),
    "marts.fct_segment_mixes": (
        "segmentation, segment_id, dimension, dimension_value, customers,"
        " customer_share, is_shown"
    ),
    "marts.fct_segment_migrations": (
        "segmentation, month, from_segment_id, to_segment_id, cause, customers,"
        " revenue_before_amount, revenue_after_amount, revenue_change_amount,"
        " revenue_change_low_amount, revenue_change_high_amount, gain_rank, loss_rank,"
        " is_path_shown, is_shown"
    ),
    "marts.rpt_segment_stability": (
        "segmentation, month, customers, stay_share, stay_share_low,"
        " stay_share_high, chance_stay_share, nearest_stay_share, ari_refit,"
        " ari_refit_low, ari_refit_high, customers_verdict, map_verdict, is_stay_shown"
    ),
    "marts.fct_segment_events": (
        "segmentation, month, segment_id, event, related_segment_id,"
        " previous_persona, persona, overlap"
    ),
    "marts.dim_model_versions": (
        "segmentation, fit_number, k, fitted_to, in_force_from, in_force_to,"
        " refit_reason"
    ),
    "marts.fct_segment_expectations": (
        "segmentation, segment_id, origin_month, month, horizon_months,"
        " same_as_now_customers, published_customers, lower_80_customers,"
        " upper_80_customers, is_published, is_band_tested"
    ),
    "marts.rpt_transition_tests": (
        "segmentation, test, horizon_months, verdict, months, chain_error_share,"
        " same_as_now_error_share, coverage_80_share, is_published"
    ),
    # Read by customer to be counted; no id leaves `departures`.
    "marts.fct_segment_departures": (
        "segmentation, from_segment_id, to_segment_id, month, cause, keeping_orders,"
        " revenue_12_months_amount, segment_departure_id"
    ),
    "marts.fct_departure_features": (
        "segment_departure_id, feature, feature_rank, value_change"
    ),
    "marts.fct_segment_revenue_months": (
        "definition, segmentation, segment_id, month, customers, orders, revenue_amount"
    ),
    "marts.fct_revenue_forecasts": (
        "definition, segmentation, segment_id, month, model, decision, reason,"
        " forecast_amount, lower_80_amount, upper_80_amount, lower_95_amount,"
        " upper_95_amount, is_published, is_calibrated"
    ),
    "marts.fct_forecast_backtests": (
        "definition, segmentation, segment_id, origin_month, month, model,"
        " chosen_model, actual_amount, forecast_amount, lower_80_amount,"
        " upper_80_amount, is_hindsight"
    ),
    "marts.rpt_forecast_accuracy": (
        "definition, segmentation, model, decision, backtests, hindsight_backtests,"
        " calibrated_backtests, mase, smape, coverage_80, coverage_95,"
        " interval_score_80, interval_score_95, own_coverage_80,"
        " own_interval_score_80, mase_difference, margin, is_winner"
    ),
    "marts.fct_forecast_views": (
        "segmentation, segment_id, origin_month, month, horizon_months,"
        " series_amount, expected_customers, spend_amount, expected_amount,"
        " disagreement_share, actual_amount"
    ),
    "marts.rpt_input_findings": (
        "input_table, finding_code, column_name, severity, found_rows, of_rows"
    ),
    "marts.rpt_input_reconciliations": (
        "input_table, read_rows, accepted_rows, rejected_rows, merged_duplicates,"
        " repaired_values, rejected_share, is_balanced"
    ),
    # Counted while reading: keys and raw rows never leave the file.
    "marts.fct_rejected_rows": "input_table, reason_code",
    "audit.rpt_claims": (
        "claim_id, claim, segmentation, measured_value, lower, upper, threshold,"
        " verdict, reproduce_with"
    ),
}
MARTS: dict[str, tuple[str, ...]] = {
    mart: tuple(column.strip() for column in columns.split(","))
    for mart, columns in COLUMNS.items()
}


# What the marts decide: whether a number of customers is shown.
FLAGS = {"is_shown", "is_path_shown", "is_stay_shown"}


class UnreadableMartsError(Exception):
    """The published file cannot be read; the message says what to do."""


class PublishedMarts:
    """The published marts as frames, read once each, with declared columns.

    Args:
        path: the published DuckDB file; it is opened read-only.
        smallest_cell: numbers of fewer customers are not shown on any page, nor are
            those that the marts hide with them (`FLAGS`); 1 shows all.

    Raises:
        UnreadableMartsError: there is no such file, DuckDB cannot open it, or it was
            built for a smaller cell, so that hidden numbers could be computed.
    """

    def __init__(self, path: Path, smallest_cell: int = 5) -> None:
        """Open the file."""
        self.smallest_cell = smallest_cell
        if not path.is_file():
            raise UnreadableMartsError(
                f"Read {path} for the published marts, found no such file:"
                " run `make build` (or `dbt build`) first."
            )
        try:
            self._connection = duckdb.connect(str(path), read_only=True)
        except duckdb.Error as error:
            raise UnreadableMartsError(
                f"Read {path} for the published marts, found that DuckDB cannot"
                f" open it ({error}): run `make build` again."
            ) from error
        self._frames: dict[str, pd.DataFrame] = {}

    def __enter__(self) -> "PublishedMarts":
        """Return itself, open."""
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """Close the file."""
        self._connection.close()

    def read(self, mart: str) -> pd.DataFrame:
        """Read one mart, sorted by its columns, dates as pandas timestamps.

        Args:
            mart: schema and name, one of `MARTS`.

        Returns:
            A frame with the declared columns. Columns that the file lacks are
            all null; a mart that the file lacks is empty.
        """
        if mart not in self._frames:
            frame = self._query(mart)
            for flag in FLAGS.intersection(frame):
                frame[flag] = self._decided(frame, flag, mart)
            self._frames[mart] = frame
        return self._frames[mart].copy()

    def _decided(self, frame: pd.DataFrame, flag: str, mart: str) -> pd.Series:
        """Take over what a mart decided to show; 1 as the smallest cell shows all."""
        if self.smallest_cell <= 1:
            return pd.Series(True, frame.index, dtype=bool)
        shown = frame[flag].eq(True).fillna(False).astype(bool)
        customers = frame["customers"]
        if flag == "is_shown" and (shown & customers.lt(self.smallest_cell)).any():
            raise UnreadableMartsError(
                f"Read {mart} for numbers of {self.smallest_cell} customers or more,"
                f" found {int(customers[shown].min())} among those to be shown: build"
                f" with --vars 'smallest_cell: {self.smallest_cell}', for what else has"
                " to be hidden with smaller numbers is decided there."
            )
        return shown

    def _query(self, mart: str) -> pd.DataFrame:
        schema, table = mart.split(".")
        found = {
            row[0]
            for row in self._connection.execute(
                "select column_name from information_schema.columns"
                " where table_schema = ? and table_name = ?",
                [schema, table],
            ).fetchall()
        }
        if not found:
            return pd.DataFrame(columns=list(MARTS[mart]))
        columns = ", ".join(
            column if column in found else f"null as {column}" for column in MARTS[mart]
        )
        if mart == "marts.fct_rejected_rows":
            sql = (
                f"select {columns}, count(*) as rejected_rows from {mart} group by all"
            )
        else:
            sql = f"select {columns} from {mart}"
        return self._connection.sql(f"{sql} order by all").df()
