"""Forecasts revenue per segment; see the description in the .yml."""

import pyarrow as pa


def model(dbt, session):
    """A stand-in without rows."""
    histories = dbt.ref("int_forecast_histories")
    days = dbt.ref("int_forecast_days")
    calendar = dbt.ref("int_forecast_calendar")
    del histories, days, calendar
    text, number, day = pa.string(), pa.float64(), pa.date32()
    fields = {
        "definition": text,
        "segmentation": text,
        "segment_id": text,
        "model": text,
        "origin_month": day,
        "month": day,
        "horizon": pa.int64(),
        "forecast_amount": number,
        "own_lower_80_amount": number,
        "own_upper_80_amount": number,
        "own_lower_95_amount": number,
        "own_upper_95_amount": number,
        "fingerprint": text,
    }
    return pa.schema(list(fields.items())).empty_table()
