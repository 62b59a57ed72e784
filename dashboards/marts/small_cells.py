"""Which parts of a total are hidden where a page counts customers itself.

What the marts count, they decide (`FLAGS` in `published`). A test holds this rule to
that of theirs.
"""

from collections.abc import Iterable

import numpy as np


def rest_of(counts: Iterable[int], smallest_cell: int) -> np.ndarray:
    """Say which parts of one known total are hidden.

    Small ones are, and after them larger ones, until the hidden ones are two at
    least, have the smallest cell of customers together, and are not all of one
    customer each.

    Args:
        counts: (parts,) customers of each part; one of none is no part.
        smallest_cell: parts of fewer customers are hidden; 1 hides none.

    Returns:
        (parts,) True where a part is hidden.

    Examples:
        >>> rest_of([11, 5, 1], 5).tolist()
        [False, True, True]
    """
    counts = np.asarray(list(counts), dtype=np.int64)
    hidden = (counts > 0) & (counts < smallest_cell)
    for place in np.argsort(counts, kind="stable"):
        total, parts = counts[hidden].sum(), hidden.sum()
        if not parts or (parts > 1 and total >= smallest_cell and total > parts):
            break
        hidden[place] |= counts[place] > 0
    return hidden
