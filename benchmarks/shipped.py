"""Writes data sets that the package aeon ships into one .npz; see ``ucr``.

``python -m benchmarks.shipped OUT.npz NAME...`` runs with the peers' Python.
"""

import sys

import numpy as np


def main(arguments: list[str]) -> int:
    """Write each set's series, (cases, steps, features), and its classes."""
    from aeon.datasets import load_classification

    out, *names = arguments
    arrays = {}
    for name in names:
        X, y = load_classification(name)
        arrays[name] = X.transpose(0, 2, 1)
        arrays[f"{name} classes"] = np.unique(y, return_inverse=True)[1]
    np.savez(out, **arrays)
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
