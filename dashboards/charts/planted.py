"""How right the result is, of the sample shop: what was planted is known."""

from trajectories.dashboards.looks import formats
from trajectories.dashboards.looks.template import Fragment, table
from trajectories.dashboards.marts import segmentations
from trajectories.dashboards.marts.published import PublishedMarts

MADE_UP = "A made-up shop, the sample of this project."


def is_made_up(marts: PublishedMarts) -> bool:
    """Say whether the shop is the sample, whose customers nobody has met."""
    return not marts.read("audit.rpt_planted_kinds").empty


def findings(marts: PublishedMarts) -> Fragment:
    """Tell, by segmentation, how well segments show what was planted."""
    frame = marts.read("audit.rpt_planted_kinds").set_index("segmentation")
    rows = [
        [
            formats.words(name),
            formats.decimal(row["kind_agreement"], 2),
            formats.decimal(row["lifecycle_kind_agreement"], 2),
            formats.count(row["switches"]),
            formats.share(row["seen_share"]),
            formats.share(row["chance_seen_share"]),
            formats.share(row["moved_share"], 1),
        ]
        for name in segmentations.ordered(marts, set(frame.index))
        for row in [frame.loc[name]]
    ]
    headers = [
        "Segmentation",
        "Agreement with kinds (ARI)",
        "with lifecycle kinds (ARI)",
        "Planted switches",
        "Seen within two months",
        "Seen where nobody switched",
        "Steady customers moved a month",
    ]
    caption = "What the generator planted, and what the segments show of it"
    return Fragment("planted", {(): table(caption, headers, rows, 1)})
