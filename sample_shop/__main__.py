"""Make the sample shop from the command line."""

import argparse
import sys
from datetime import date
from pathlib import Path

from trajectories.sample_shop.export import (
    TRUTH,
    occupied,
    write_planted_lifts,
    write_shop,
    write_truth,
)
from trajectories.sample_shop.settings import ShopSettings
from trajectories.sample_shop.shop import generate_shop

PROJECT = Path(__file__).resolve().parent.parent


def _parser() -> argparse.ArgumentParser:
    """Describe the command line."""
    default = ShopSettings()
    parser = argparse.ArgumentParser(
        prog=f"python -m {__package__}",
        description="Make a made-up bicycle retailer with known behaviour kinds.",
    )
    parser.add_argument("--customers", type=int, default=default.customers)
    parser.add_argument("--months", type=int, default=default.months)
    parser.add_argument("--end-date", type=date.fromisoformat, default=default.end_date)
    parser.add_argument("--seed", type=int, default=default.seed)
    parser.add_argument(
        "--orders-per-customer",
        type=float,
        help="mean orders per customer over the whole history",
    )
    parser.add_argument("--format", choices=("csv", "parquet"), default="csv")
    parser.add_argument(
        "--out",
        type=Path,
        help="folder to write to, with the truth in its folder truth; "
        "without it, the project's own seeds and fixtures are written",
    )
    return parser


def main(arguments: list[str] | None = None) -> int:
    """Make the shop and write it; return the exit status."""
    parser = _parser()
    options = parser.parse_args(arguments)
    if not (options.out or (PROJECT / "dbt_project.yml").is_file()):
        parser.error(
            f"Read no --out, looked for the project in {PROJECT} to write its seeds, "
            "and found none: give a folder, --out FOLDER."
        )
    if options.out and (there := occupied(options.out, options.format)):
        print(
            f"The sample shop was to be written to {options.out}, but {there[0]} is "
            "there, which no sample shop has made, and isn't overwritten: give "
            "another folder.",
            file=sys.stderr,
        )
        return 2
    try:
        shop = generate_shop(
            ShopSettings(
                customers=options.customers,
                months=options.months,
                end_date=options.end_date,
                seed=options.seed,
                orders_per_customer=options.orders_per_customer,
            )
        )
    except ValueError as problem:
        print(problem, file=sys.stderr)
        return 2
    if options.out is None:
        folder, fixtures = PROJECT / "seeds" / "sample", PROJECT / "tests" / "fixtures"
        paths = write_shop(shop, folder, prefix="raw_")
        write_truth(
            shop, folder / "raw_planted_kinds.csv", fixtures / "sample_dirt.csv"
        )
        write_planted_lifts(shop, fixtures / "sample_experiments.csv")
    else:
        paths = write_shop(shop, options.out, options.format)
        truth = options.out / TRUTH
        write_truth(shop, truth / "truth.csv", truth / "dirt.csv")
        write_planted_lifts(shop, truth / "experiments.csv")
    print(
        f"{len(shop.customer_ids):,} customers, {len(shop.dirt.sources):,} "
        f"transactions, {len(shop.sessions):,} web sessions "
        f"from {shop.calendar.dates[0]} to {shop.calendar.dates[-1]}:"
    )
    for path in paths:
        print(f"  {path} ({path.stat().st_size / 1e6:.1f} MB)")
    return 0


if __name__ == "__main__":
    sys.exit(main())
