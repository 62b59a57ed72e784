"""Claims: headline numbers with their evidence, quoted from one table only."""

import pandas as pd
from markupsafe import Markup
from trajectories.dashboards.looks import formats
from trajectories.dashboards.looks.template import Fragment, part, table
from trajectories.dashboards.marts import segmentations
from trajectories.dashboards.marts.published import PublishedMarts

HEADERS = ["About", "Verdict", "Measured", "95 % interval", "Threshold", "By chance"]


def counted(marts: PublishedMarts) -> Fragment:
    """Count the claims by their verdicts."""
    verdicts = marts.read("audit.rpt_claims")["verdict"].fillna("")
    counts = {
        verdict: int((verdicts == verdict).sum())
        for verdict in ("holds", "fails", "cannot be told")
    }
    said = (
        f"{formats.count(counts['holds'])} of {formats.counted(len(verdicts), 'check')}"
        f" hold, {formats.count(counts['fails'])} fail, and of"
        f" {formats.count(counts['cannot be told'])} it cannot be told."
    )
    if verdicts.empty:
        said = "No claim has been measured yet."
    return Fragment("claims", {(): part("paragraph", text=said)})


def listed(marts: PublishedMarts) -> list[Fragment]:
    """List every claim, one table per sentence, one row per segmentation."""
    claims = marts.read("audit.rpt_claims")
    return [
        Fragment(f"claims-{number}", {(): _listed_claim(marts, sentence, rows)})
        for number, (sentence, rows) in enumerate(claims.groupby("claim"), start=1)
    ]


def _listed_claim(marts: PublishedMarts, sentence: str, claims: pd.DataFrame) -> Markup:
    names = segmentations.ordered(marts, claims["segmentation"])
    place = {name: number for number, name in enumerate(names)}
    claims = claims.sort_values("segmentation", key=lambda column: column.map(place))
    rows = [
        [
            formats.words(text(claim.segmentation) or "all"),
            part("verdict", text=text(claim.verdict)),
            measure(claim.measured_value),
            _interval(claim) or formats.NOTHING,
            measure(claim.threshold),
            measure(claim.chance_value),
        ]
        for claim in claims.itertuples()
    ]
    queries = sorted({text(query) for query in claims["reproduce_with"]} - {""})
    listing = table(sentence, HEADERS, rows, 2)
    (meaning,) = {text(meaning) for meaning in claims["meaning"]}
    return part("claim_table", table=listing, meaning=meaning, queries=queries)


def quoted(marts: PublishedMarts, kind: str, names: list[str]) -> Fragment:
    """Quote the claim of one kind about each segmentation, as a sentence.

    Args:
        marts: the published marts.
        kind: first part of the claim_id, for example "stability" in
            "stability-lifecycle".
        names: the segmentations that the page can show.
    """
    claims = marts.read("audit.rpt_claims").set_index("claim_id")
    states = {
        (name,): sentence(claims.loc[f"{kind}-{name}"])
        for name in names
        if f"{kind}-{name}" in claims.index
    }
    return Fragment(f"claim-{kind}", states, ("segmentation",))


def sentence(claim: object) -> Markup:
    """Write a claim with its verdict and numbers, and what it means that it fails."""
    numbers = [f"Measured {measure(claim.measured_value)}"]
    if _interval(claim):
        numbers.append(f"({_interval(claim)})")
    if not formats.is_missing(claim.threshold):
        numbers.append(f"against {measure(claim.threshold)}")
    if not formats.is_missing(claim.chance_value):
        numbers.append(f"({measure(claim.chance_value)} by chance)")
    return part(
        "claim",
        verdict_text=text(claim.verdict),
        text=claim.claim,
        numbers=" ".join(numbers) + ".",
        meaning=text(claim.meaning) if claim.verdict == "fails" else "",
    )


def text(value: object) -> str:
    """Write a text of a claim; null becomes nothing."""
    return "" if formats.is_missing(value) else str(value)


def measure(value: float | None) -> str:
    """Write a measured value: whole numbers as such, others with three decimals."""
    if formats.is_missing(value):
        return formats.NOTHING
    if float(value).is_integer() or abs(value) >= 1000:
        return formats.count(value)
    return formats.decimal(value, 3)


def _interval(claim: object) -> str:
    if formats.is_missing(claim.lower) or formats.is_missing(claim.upper):
        return ""
    return f"{measure(claim.lower)} to {measure(claim.upper)}"
