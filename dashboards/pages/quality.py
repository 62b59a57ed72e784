"""Data quality: what was read, kept, repaired and turned away, and why."""

import pandas as pd
from trajectories.dashboards.looks import formats, theme
from trajectories.dashboards.looks.template import (
    Chart,
    Fragment,
    Page,
    Section,
    State,
    legend,
    table,
)
from trajectories.dashboards.marts.shop import Shop

FILE, TITLE = "quality.html", "Data quality"

PARTS = {
    "accepted_rows": ("accepted", theme.MEASURED),
    "merged_duplicates": ("merged duplicates", theme.Mark("#9fb3c2", pattern="-")),
    "rejected_rows": ("rejected", theme.EXPECTED),
}


def build(shop: Shop) -> Page:
    """Build the data quality page."""
    marts = shop.marts
    inputs = marts.read("marts.rpt_input_reconciliations")
    inputs = inputs.sort_values("read_rows", ascending=False).reset_index(drop=True)
    if inputs.empty:
        return Page(FILE, TITLE, "No input has been reconciled yet.", [])
    reasons = marts.count(
        "marts.fct_rejected_rows", ["input_table", "reason_code"], "rejected_rows"
    )
    return Page(
        file=FILE,
        title=TITLE,
        sentence=(
            "Every row that was read is accepted, merged with its duplicate, or"
            " rejected with a reason. Numbers are rows, not customers."
        ),
        sections=[
            Section("Rows by input", [_rows_chart(inputs), _rejections_chart(reasons)]),
            Section("Reconciliation", [_table(inputs)], is_wide=True),
            Section(
                "What the data left open",
                [_findings(marts.read("marts.rpt_input_findings"))],
                is_wide=True,
            ),
        ],
    )


def _rows_chart(inputs: pd.DataFrame) -> Chart:
    labels = [formats.wrapped(formats.words(name)) for name in inputs["input_table"]]
    traces = [
        {
            "type": "bar",
            "orientation": "h",
            "name": formats.words(label),
            "y": labels,
            "x": [0 if formats.is_missing(n) else int(n) for n in inputs[column]],
            "marker": mark.bar,
            "hovertemplate": f"%{{y}}: %{{x:,}} {label}<extra></extra>",
        }
        for column, (label, mark) in PARTS.items()
    ]
    drawn = theme.figure(
        traces,
        x="Rows",
        height=120 + 44 * len(inputs),
        barmode="stack",
        xaxis=theme.FROM_ZERO,
        yaxis=theme.DOWNWARDS,
    )
    read, kept = inputs["read_rows"].sum(), inputs["accepted_rows"].sum()
    title = f"{formats.count(kept)} of {formats.count(read)} rows were accepted"
    key = legend((label, mark, "bar") for label, mark in PARTS.values())
    return Chart("rows", {(): State(title, [drawn], legend=key)})


def _rejections_chart(reasons: pd.DataFrame) -> Chart:
    if reasons.empty:
        return Chart("rejections", {(): State("Every row was accepted.")})
    reasons = reasons.sort_values(
        ["rejected_rows", "input_table", "reason_code"], ascending=[False, True, True]
    )
    labels = [
        formats.wrapped(
            f"{formats.words(row.reason_code)} ({formats.words(row.input_table)})"
        )
        for row in reasons.itertuples()
    ]
    trace = {
        "type": "bar",
        "orientation": "h",
        "name": "Not accepted",
        "y": labels,
        "x": [int(rows) for rows in reasons["rejected_rows"]],
        "text": [formats.count(rows) for rows in reasons["rejected_rows"]],
        "textposition": "auto",
        "textangle": 0,
        "marker": {"color": theme.CONTRAST},
        "hovertemplate": "%{y}: %{x:,} rows<extra></extra>",
    }
    drawn = theme.figure(
        [trace],
        x="Rows",
        height=90 + 46 * len(reasons),
        xaxis=theme.FROM_ZERO,
        yaxis=theme.DOWNWARDS,
    )
    top, total = reasons.iloc[0], reasons["rejected_rows"].sum()
    title = (
        f"Most rows not accepted: {formats.words(top['reason_code']).lower()},"
        f" {formats.count(top['rejected_rows'])} of {formats.count(total)}"
    )
    return Chart("rejections", {(): State(title, [drawn])})


def _table(inputs: pd.DataFrame) -> Fragment:
    headers = [
        "Input",
        "Read",
        "Accepted",
        "Rejected",
        "Rejected share",
        "Merged duplicates",
        "Repaired values",
        "Balanced",
    ]
    body = [
        [
            formats.words(row.input_table),
            formats.count(row.read_rows),
            formats.count(row.accepted_rows),
            formats.count(row.rejected_rows),
            formats.share(row.rejected_share),
            formats.count(row.merged_duplicates),
            formats.count(row.repaired_values),
            "✓ yes" if row.is_balanced else "✗ no",
        ]
        for row in inputs.itertuples()
    ]
    caption = "Balanced: read = accepted + rejected + merged duplicates"
    return Fragment("reconciliation", {(): table(caption, headers, body)})


def _findings(findings: pd.DataFrame) -> Fragment:
    """List what was taken without being told, and what may be wrong."""
    if findings.empty:
        text = (
            "Nothing was found in the rows that had to be taken without being told."
            " What was taken as files were read, the build has printed."
        )
        return Fragment("findings", {(): f"<p>{text}</p>"})
    headers = ["Input", "Column", "Found", "Rows", "Looked at", "Kind"]
    order = ["severity", "input_table", "finding_code", "column_name"]
    body = [
        [
            formats.words(row.input_table),
            formats.words(row.column_name),
            formats.words(row.finding_code),
            formats.count(row.found_rows),
            formats.count(row.of_rows),
            row.severity,
        ]
        for row in findings.sort_values(order, ascending=False).itertuples()
    ]
    caption = (
        "A note says what was taken, a warning what may be wrong. The build prints an"
        " example of each, and how to say otherwise."
    )
    return Fragment("findings", {(): table(caption, headers, body)})
