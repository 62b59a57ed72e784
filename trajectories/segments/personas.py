"""Names for segments: who gets which of the personas that several have earned.

A persona is a claim about a segment's members. Of a month and segmentation, names
are dealt so that together they say most (an assignment, Kuhn 1955, "The Hungarian
method"): a segment's name depends neither on the order of segments nor on numbers.
Each persona is first dealt to one segment only. A segment that is left without gets
the persona that says most of it, and a word that tells it apart from those who have
the same; where no trait does, letters.
"""

from collections.abc import Mapping, Sequence
from itertools import groupby
from math import log

import numpy as np
import pyarrow as pa
from scipy.optimize import linear_sum_assignment

PERSONA_SCHEMA = pa.schema(
    {
        "segmentation": pa.string(),
        "segment_id": pa.string(),
        "base_persona": pa.string(),
        "qualifying_trait": pa.string(),
        "letter": pa.string(),
        "month": pa.date32(),
    }
)
LETTERS = "ABCDEFGHIJKLMNOPQRSTUVWXYZ"

Counts = Mapping[str, tuple[int, int]]


def assign_personas(claims: pa.Table, least_share: float = 0.6) -> pa.Table:
    """Deal the personas that segments have earned, month by month.

    Args:
        claims: one row per segmentation, month, segment_id and claim: is_persona
            (else the claim is a trait), members and members_with (customers),
            likelihood (natural logarithm: what the claim says of the members beside
            all others), is_earned.
        least_share: a trait tells two segments apart when it is true of at least such
            a share of the one's members and of at most half of that of the others'.

    Returns:
        One row per segment that has earned a persona: base_persona, and, where
        another one has the same, qualifying_trait or letter; sorted.

    Examples:
        >>> from datetime import date
        >>> row = {"segmentation": "value", "segment_id": "value-1", "claim": "Calm",
        ...     "is_persona": True, "members": 9, "members_with": 9,
        ...     "likelihood": 3.0, "is_earned": True, "month": date(2017, 12, 1)}
        >>> assign_personas(pa.Table.from_pylist([row]))["base_persona"].to_pylist()
        ['Calm']
    """
    keys = ["segmentation", "month", "segment_id", "claim"]
    found = claims.sort_by([(key, "ascending") for key in keys]).to_pylist()
    dealt = []
    for (segmentation, month), rows in groupby(
        found, lambda row: (row["segmentation"], row["month"])
    ):
        common = {"segmentation": segmentation, "month": month}
        dealt += [common | row for row in _dealt([*rows], least_share)]
    return pa.Table.from_pylist(dealt, PERSONA_SCHEMA)


def _dealt(rows: Sequence[Mapping], least_share: float) -> list[dict]:
    """Deal the personas of one month of a segmentation."""
    earned: dict[str, dict[str, float]] = {}
    counts: dict[str, dict[str, tuple[int, int]]] = {}
    for row in rows:
        segment = row["segment_id"]
        if not row["is_persona"]:
            known = counts.setdefault(segment, {})
            known[row["claim"]] = (row["members_with"], row["members"])
        elif row["is_earned"] and row["likelihood"] > 0:
            earned.setdefault(segment, {})[row["claim"]] = row["likelihood"]
    if not earned:
        return []
    owners = _owners(earned)
    sharing: dict[str, list[str]] = {}
    for segment, personas in earned.items():
        persona = owners.get(segment) or max(
            sorted(personas), key=lambda name: personas[name]
        )
        sharing.setdefault(persona, []).append(segment)
    names = []
    for persona, segments in sharing.items():
        told = _told_apart(segments, owners, earned, persona, counts, least_share)
        names += [{"base_persona": persona} | row for row in told]
    return sorted(names, key=lambda row: row["segment_id"])


def _owners(earned: Mapping[str, Mapping[str, float]]) -> dict[str, str]:
    """One persona for each segment, so that the sum of what they say is largest."""
    segments = sorted(earned)
    personas = sorted({name for own in earned.values() for name in own})
    said = np.array([[earned[s].get(p, 0.0) for p in personas] for s in segments])
    return {
        segments[row]: personas[column]
        for row, column in zip(*linear_sum_assignment(-said), strict=True)
        if said[row, column] > 0
    }


def _told_apart(
    segments: Sequence[str],
    owners: Mapping[str, str],
    earned: Mapping[str, Mapping[str, float]],
    persona: str,
    counts: Mapping[str, Counts],
    least_share: float,
) -> list[dict]:
    """Tell those apart who share a persona: the owner last, and in as few words."""
    ranked = sorted(
        segments,
        key=lambda s: (owners.get(s) == persona, -earned[s][persona], s),
    )
    told, used, alike = {}, set(), []
    for segment in ranked:
        others = [counts.get(other, {}) for other in ranked if other != segment]
        trait = _telling(counts.get(segment, {}), others, used, least_share)
        if segment == ranked[-1] and not alike:
            trait = None
        elif trait is None:
            alike.append(segment)
        told[segment] = trait
        used.add(trait)
    letters = dict(zip(sorted(alike), LETTERS, strict=False)) if alike[1:] else {}
    return [
        {
            "segment_id": segment,
            "qualifying_trait": trait,
            "letter": letters.get(segment),
        }
        for segment, trait in told.items()
    ]


def _telling(
    own: Counts, others: Sequence[Counts], used: set, least_share: float
) -> str | None:
    """Find the trait that says most of a segment beside those who share its name."""
    best, most = None, 0.0
    for trait in sorted(set(own) - used) if others else ():
        held, members = own[trait]
        theirs = [other.get(trait, (0, 1)) for other in others]
        if held < least_share * members or any(
            2 * with_it * members > held * of_all for with_it, of_all in theirs
        ):
            continue
        said = min(_likelihood(held, members, *their) for their in theirs)
        if said > most:
            best, most = trait, said
    return best


def _likelihood(held: int, members: int, their_held: int, theirs: int) -> float:
    own = (held + 0.5) / (members + 1)
    other = (their_held + 0.5) / (theirs + 1)
    return held * log(own / other) + (members - held) * log((1 - own) / (1 - other))
