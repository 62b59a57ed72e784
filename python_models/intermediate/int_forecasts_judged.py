"""Judges forecasts; see the description in the .yml."""

import pyarrow as pa


def model(dbt, session):
    """A stand-in without rows."""
    projections = dbt.ref("int_revenue_projections")
    histories = dbt.ref("int_forecast_histories")
    del projections, histories
    text, number, day = pa.string(), pa.float64(), pa.date32()
    fields = {
        "definition": text,
        "segmentation": text,
        "segment_id": text,
        "model": text,
        "decision": text,
        "reason": text,
        "horizon": pa.int64(),
        "history_months": pa.int64(),
        "gate_backtests": pa.int64(),
        "scale_amount": number,
        "forecast_amount": number,
        "lower_80_amount": number,
        "upper_80_amount": number,
        "lower_95_amount": number,
        "upper_95_amount": number,
        "own_lower_80_amount": number,
        "own_upper_80_amount": number,
        "own_lower_95_amount": number,
        "own_upper_95_amount": number,
        "mase_difference": number,
        "margin": number,
        "is_winner": pa.bool_(),
        "is_published": pa.bool_(),
        "is_calibrated": pa.bool_(),
        "origin_month": day,
        "month": day,
    }
    return pa.schema(list(fields.items())).empty_table()
