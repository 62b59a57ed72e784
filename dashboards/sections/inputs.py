"""Inputs: what became of the rows that were read, and what the data left open."""

import pandas as pd
from trajectories.dashboards.charts import rows
from trajectories.dashboards.looks import formats
from trajectories.dashboards.looks.template import (
    Chart,
    Fragment,
    Section,
    State,
    legend,
    part,
    table,
)
from trajectories.dashboards.marts.shop import Shop

RECONCILED = [
    "Input",
    "Read",
    "Accepted",
    "Rejected",
    "Rejected share",
    "Merged duplicates",
    "Repaired values",
    "Balanced",
]
FOUND = ["Input", "Column", "Found", "Kind", "Rows", "Looked at"]


def rows_by_input(shop: Shop) -> Section | None:
    """Draw what became of the rows, and why some were turned away."""
    inputs = shop.once(_inputs)
    if inputs.empty:
        return None
    return Section("Rows by input", [_outcomes(inputs), _rejections(shop)])


def reconciliation(shop: Shop) -> Section | None:
    """Show that no row was lost."""
    inputs = shop.once(_inputs)
    if inputs.empty:
        return None
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
    listed = Fragment("reconciliation", {(): table(caption, RECONCILED, body)})
    return Section("Reconciliation", [listed], is_wide=True)


def left_open(shop: Shop) -> Section | None:
    """List what was taken without being told, and what may be wrong."""
    if shop.once(_inputs).empty:
        return None
    findings = shop.read("marts.rpt_input_findings")
    order = ["severity", "input_table", "finding_code", "column_name"]
    body = [
        [
            formats.words(row.input_table),
            formats.words(row.column_name),
            formats.words(row.finding_code),
            row.severity,
            formats.count(row.found_rows),
            formats.count(row.of_rows),
        ]
        for row in findings.sort_values(order, ascending=False).itertuples()
    ]
    caption = (
        "A note says what was taken, a warning what may be wrong. The build prints an"
        " example of each, and how to say otherwise."
    )
    said = table(caption, FOUND, body, numbers_from=FOUND.index("Rows"))
    if findings.empty:
        text = (
            "Nothing was found in the rows that had to be taken without being told."
            " What was taken as files were read, the build has printed."
        )
        said = part("paragraph", text=text)
    block = Fragment("findings", {(): said})
    return Section("What the data left open", [block], is_wide=True)


def _inputs(shop: Shop) -> pd.DataFrame:
    inputs = shop.read("marts.rpt_input_reconciliations")
    return inputs.sort_values("read_rows", ascending=False).reset_index(drop=True)


def _outcomes(inputs: pd.DataFrame) -> Chart:
    read, kept = inputs["read_rows"].sum(), inputs["accepted_rows"].sum()
    state = State(
        f"{formats.count(kept)} of {formats.count(read)} rows were accepted",
        [rows.outcomes(inputs)],
        legend=legend((label, mark, "bar") for label, mark in rows.PARTS.values()),
        subtitle="Rows of each input, of all that were read",
    )
    return Chart("rows", {(): state})


def _rejections(shop: Shop) -> Chart:
    reasons = shop.marts.count(
        "marts.fct_rejected_rows", ["input_table", "reason_code"], "rejected_rows"
    )
    if reasons.empty:
        return Chart("rejections", {(): State("Every row was accepted.")})
    reasons = reasons.sort_values(
        ["rejected_rows", "input_table", "reason_code"], ascending=[False, True, True]
    )
    top, total = reasons.iloc[0], reasons["rejected_rows"].sum()
    state = State(
        f"Most rows not accepted: {formats.words(top['reason_code']).lower()},"
        f" {formats.count(top['rejected_rows'])} of {formats.count(total)}",
        [rows.reasons(reasons)],
        subtitle="Rows that were read and not accepted, by reason and input",
    )
    return Chart("rejections", {(): state})
