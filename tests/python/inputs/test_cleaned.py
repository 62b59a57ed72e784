"""The harness of the cleaning gives what a build gives."""

from __future__ import annotations

from pathlib import Path

from cleaned import clean
from real_builds import Build

HEADER = "transaction_id,customer_id,transaction_date,list_price,order_status\n"


def test_the_harness_cleans_as_a_build_does(small: Build) -> None:
    cleaned = clean(small.project / "seeds" / "sample")
    for name, mart in {"orders": "fct_orders", "rejected": "fct_rejected_rows"}.items():
        built = small.query(f"from marts.{mart} order by all").to_dict("records")
        assert len(cleaned.tables[name]) == len(built)
    revenue = small.value("select round(sum(amount), 2) from marts.fct_orders")
    assert cleaned.revenue == revenue
    assert cleaned.stops == ()


def test_an_unknown_status_is_named(tmp_path: Path) -> None:
    rows = "".join(f"{n},{n % 9},2017-03-{1 + n % 31:02},10,Paid\n" for n in range(300))
    path = tmp_path / "transactions.csv"
    path.write_text(f"{HEADER}{rows}301,1,2017-03-02,10,Bezahlt\n")
    cleaned = clean(tmp_path)
    assert cleaned.findings == {"unknown_status"}
    assert "1 of 301 rows" in cleaned.said
    assert "'bezahlt'" in cleaned.said
    assert "accepted_order_statuses" in cleaned.said
    assert cleaned.stops == ()
    path.write_text(f"{HEADER}{rows.replace('Paid', 'Bezahlt')}")
    assert any("'bezahlt'" in stop for stop in clean(tmp_path).stops)
