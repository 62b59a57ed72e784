"""How true the names of ``rhythm`` are of the customers of made-up shops.

``python -m benchmarks names`` draws shops from two generators, without a promotion
column, runs the models up to the names, and asks of every active customer whether
each trait that her segment's persona claims was planted in her kind. Shops of which
nothing is to be told, orders dealt to other customers and the bicycle export, must
have no names.
"""

import argparse
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import duckdb
import numpy as np
import pandas as pd
import yaml
from sklearn.metrics import adjusted_rand_score
from trajectories.sample_shop import ShopSettings, generate_shop

from benchmarks.data_sets.other_shop import DAYS, make_other_shop
from benchmarks.dbt_builds import BENCH, PROJECT, BuildError, run_models
from benchmarks.goals import Goal, finish, page, table
from benchmarks.null import BICYCLES, SAMPLE, shuffle_shop
from benchmarks.rhythm import BACKGROUND_KINDS

SAMPLE_SEEDS = (ShopSettings().seed, 101)
# Traits were made while looking at 101 to 103, not at the others.
OTHER_SEEDS = (101, 102, 103, 104, 105)
SHUFFLES = 1
RIGHT, WRONG, LETTERS = 0.80, 0.03, 2
# What was planted in each kind of both generators, in words of customer_traits.
PLANTED = {
    "Loyal Subscribers": "regular even frequent recent all_year",
    "Sale Hunters": "sale_days shared_bursts promotions discounts even",
    "New Customer Ramp": "newcomer growing recent",
    "Churn Risk": "fading silent",
    "Seasonal Shoppers": "one_wave same_weeks",
    "Impulse Buyers": "own_bursts one_wave",
    "Gift Shoppers": "feast one_wave",
    "B2B Customers": (
        "weekdays large_baskets many_items high_spend monthly month_end even frequent"
        " recent all_year"
    ),
    "Steady Customers": "regular even all_year",
    "Occasional Customers": "occasional",
    "First-Time Customers": "newcomer occasional one_time",
    "Lapsed Customers": "silent away",
    "Weekend": "weekends weekly even frequent all_year recent",
    "Payday": "monthly fortnightly even all_year recent",
    "Even": "regular even all_year recent",
    "Step Up": "growing recent",
    "Step Down": "fading silent",
    "Campaign": "one_wave shared_bursts sale_days same_weeks all_year",
    "One Burst": "own_bursts one_wave",
    "Two Bursts": "own_bursts two_waves",
    "Two Seasons": "two_waves shared_bursts sale_days all_year",
    "Early": "one_wave same_weeks all_year",
    "Late": "one_wave same_weeks all_year recent",
    "Arch": "one_wave same_weeks all_year",
    "Valley": "two_waves all_year",
    "Growth": "growing recent",
}
HEADER = (
    *("shop", "active customers", "segments", "right name", "wrong name", "no name"),
    *("doubled names", "letters", "adjusted Rand, all", "kinds with a rhythm"),
)


@dataclass(frozen=True)
class Shop:
    """A made-up shop: name, orders, kind of each customer_id, months of history."""

    name: str
    orders: pd.DataFrame
    kinds: pd.Series
    months: int


def main(arguments: list[str] | None = None) -> int:
    """Draw, name, compare, print the tables and write them."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks names")
    parser.add_argument("--sample-seeds", type=int, nargs="*", default=SAMPLE_SEEDS)
    parser.add_argument("--other-seeds", type=int, nargs="*", default=OTHER_SEEDS)
    parser.add_argument("--shuffles", type=int, default=SHUFFLES)
    options = parser.parse_args(arguments)
    is_full = (
        tuple(options.sample_seeds) == SAMPLE_SEEDS
        and tuple(options.other_seeds) == OTHER_SEEDS
        and options.shuffles == SHUFFLES
    )
    try:
        measured = [
            *(measure(sample_shop(seed)) for seed in options.sample_seeds),
            *(measure(other_shop(seed)) for seed in options.other_seeds),
        ]
        nothing = [*names_of_nothing(options.shuffles)] if options.shuffles else []
    except BuildError as problem:
        print(problem, file=sys.stderr)
        return 1
    return finish("names", report(measured, nothing), is_full)


def sample_shop(seed: int) -> Shop:
    """Draw a shop of the sample's generator, sales only."""
    settings = ShopSettings(seed=seed)
    shop = generate_shop(settings)
    orders = shop.orders.take(np.flatnonzero(~shop.orders.is_return))
    frame = pd.DataFrame(
        {
            "customer_id": shop.customer_ids[orders.customers],
            "transaction_date": shop.calendar.dates[orders.days],
            "list_price": orders.list_prices,
            "quantity": orders.quantities,
            "discount_amount": orders.discounts,
        }
    )
    truth = shop.truth.sort_values(["customer_id", "to_month"])
    kinds = truth.drop_duplicates("customer_id", keep="last")
    kinds = kinds.set_index("customer_id")["kind"]
    return Shop(f"sample, seed {seed}", frame, kinds, settings.months)


def other_shop(seed: int) -> Shop:
    """Draw a shop of the other generator."""
    orders, kinds = make_other_shop(seed)
    frame = orders.rename(
        columns={"order_date": "transaction_date", "amount": "list_price"}
    )
    return Shop(f"other, seed {seed}", frame, kinds, DAYS // 30)


def measure(shop: Shop) -> dict:
    """Name the segments of a shop; compare with what was planted.

    Returns:
        The cells of ``HEADER``, and ``customers``: one row each, with kind, persona
        and claimed traits.
    """
    source = BENCH / "names" / "shop"
    source.mkdir(parents=True, exist_ok=True)
    numbered = shop.orders.reset_index(names="transaction_id")
    numbered.to_csv(source / "raw_transactions.csv", index=False)
    # A shop is seen as it is in its last month: the map is fitted to it, and nobody
    # waits for a second month to be confirmed.
    variables = {"first_fit_months": shop.months, "transition_months": 1}
    found = named(source, variables)
    active = found["active"]
    active["kind"] = shop.kinds.reindex(active["customer_id"]).to_numpy()
    verdicts = judged(active)
    rhythmic = ~active["kind"].isin(BACKGROUND_KINDS)
    told = active[rhythmic]
    values = (
        *(shop.name, len(active), active["segment_id"].nunique()),
        *(verdicts.eq(word).mean() for word in ("right", "wrong", "none")),
        *(doubled(found["personas"]), lettered(found["personas"])),
        adjusted_rand_score(active["kind"], active["segment_id"]),
        adjusted_rand_score(told["kind"], told["segment_id"]),
    )
    print(dict(zip(HEADER, values, strict=True)), file=sys.stderr)
    row = dict(zip(HEADER, values, strict=True))
    return {**row, "customers": active.assign(verdict=verdicts)}


def named(source: Path, variables: Mapping[str, object]) -> dict:
    """Run the models up to the names of ``rhythm``; read its last month."""
    project = yaml.safe_load((PROJECT / "dbt_project.yml").read_text(encoding="utf-8"))
    rhythm = project["vars"]["segmentations"]["rhythm"]
    folder = BENCH / "names"
    for tables in folder.glob("work.duckdb*"):
        tables.unlink()
    run_models(
        folder,
        "+int_segments_evidenced",
        {"segmentations": {"rhythm": rhythm}, **variables},
        source,
    )
    with duckdb.connect(str(folder / "work.duckdb"), read_only=True) as tables:
        active = tables.execute(
            """
            select members.customer_id, members.segment_id, names.persona,
                names.is_persona_earned, names.claimed_traits
            from intermediate.int_segment_memberships as members
            inner join intermediate.int_segments_evidenced as names
                using (segment_id, month)
            where members.stage = 'active' and month = (
                select max(month) from intermediate.int_segment_memberships
            )
            order by members.customer_id
            """
        ).df()
    personas = active.drop_duplicates("segment_id")
    personas = personas.loc[personas["claimed_traits"].notna(), "persona"]
    return {"active": active, "personas": sorted(personas)}


def judged(active: pd.DataFrame) -> pd.Series:
    """Say of each customer whether her segment's name is right, wrong or none.

    Args:
        active: kind, and claimed_traits (null: no name), joined by commas.
    """

    def verdict(kind: str, claimed: str | None) -> str:
        if not isinstance(claimed, str):
            return "none"
        planted = PLANTED[kind].split()
        return "right" if set(claimed.split(", ")) <= set(planted) else "wrong"

    pairs = zip(active["kind"], active["claimed_traits"], strict=True)
    return pd.Series([verdict(*pair) for pair in pairs], index=active.index)


def doubled(personas: list[str]) -> int:
    """Count the segments whose name another one has as well."""
    return int(pd.Series(personas, dtype=object).duplicated(keep=False).sum())


def lettered(personas: list[str]) -> int:
    """Count the segments that a letter alone tells apart."""
    return sum(name[-2:-1] == " " and name[-1:].isupper() for name in personas)


def names_of_nothing(shuffles: int) -> list[tuple[str, int]]:
    """Count the earned names of shops of which nothing is to be told."""
    found = []
    for seed in range(shuffles):
        shop = shuffle_shop(SAMPLE, BENCH / "names" / "shuffled", seed)
        active = named(shop, {})["active"]
        names = active.loc[active["is_persona_earned"], "segment_id"].nunique()
        found.append((f"sample, orders shuffled, seed {seed}", names))
    active = named(BICYCLES, {})["active"]
    names = active.loc[active["is_persona_earned"], "segment_id"].nunique()
    return [*found, ("bicycle export", names)]


def report(measured: list[Mapping], nothing: list[tuple[str, int]]) -> str:
    """Put all of it into Markdown."""

    def goal(what: str, column: str, aim: str, is_met, shown="{:.2f}") -> Goal:
        values = [row[column] for row in measured]
        text = ", ".join(shown.format(value) for value in values)
        return Goal(what, aim, text, all(map(is_met, values)))

    shops = f"{len(measured)} made-up shops without a promotion column"
    goals = [
        goal(
            f"active customers whose segment has the right name, {shops}",
            "right name",
            f"{RIGHT:.2f}",
            lambda share: share >= RIGHT,
        ),
        goal(
            "... with a name that is wrong of them",
            "wrong name",
            f"at most {WRONG:.2f}",
            lambda share: share <= WRONG,
        ),
        goal("doubled names", "doubled names", "0", lambda n: n == 0, "{}"),
        goal(
            "segments told apart by a letter alone",
            "letters",
            f"at most {LETTERS}",
            lambda n: n <= LETTERS,
            "{}",
        ),
    ]
    if nothing:
        told = sum(names for _, names in nothing)
        what = "names on shuffled shops and on the bicycle export"
        goals.append(Goal(what, "0", str(told), told == 0))
    return page(
        "names",
        "Names against what was planted",
        goals,
        "Right: each trait that the persona of a customer's segment claims was planted"
        " in her kind (the table below). Adjusted Rand index of `rhythm`: over all"
        " active customers, and over those whose kind has a rhythm. Shops are seen as"
        " they are in their last month: the map is fitted to it, and nobody waits for a"
        " second month to be confirmed. (Some kinds of the other generator change in"
        " the last quarter only, and their waves come once a quarter.)",
        table(HEADER, [_cells(row) for row in measured]),
        "Where the names are, customers by kind and persona:",
        *(f"{row['shop']}:\n\n{_crossed(row['customers'])}" for row in measured),
        "What was planted:",
        table(("kind", "traits"), sorted(PLANTED.items())),
        "Nothing to tell:",
        table(("shop", "names"), nothing),
    )


def _cells(row: Mapping) -> list[str]:
    values = [row[name] for name in HEADER]
    return [f"{v:.2f}" if isinstance(v, float) else str(v) for v in values]


def _crossed(customers: pd.DataFrame) -> str:
    counts = customers.groupby(["kind", "persona", "verdict"]).size()
    rows = [(*key, count) for key, count in counts.items() if count >= 3]
    return table(("kind", "name of the segment", "it is", "customers"), rows)


if __name__ == "__main__":
    sys.exit(main())
