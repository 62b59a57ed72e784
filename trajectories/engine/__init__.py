"""Compiled kernels of the clustering: many series side by side, without dbt.

Numba keeps compiled kernels on disk, by processor and version, and looks at one file's
time to tell whether they still hold; a kernel made of others from other files would go
on as it was, and so would one whose file came with an older time. So kernels are kept
by source: all are forgotten when any file of this folder holds something else than
when they were compiled.
"""

import hashlib
from contextlib import suppress
from pathlib import Path

from numba import njit

STAMP = "trajectories_engine.sha256"


@njit(cache=True)
def _cache_probe():  # pragma: no cover
    """Never called: it knows the folder in which numba keeps kernels."""


def _forget_other_kernels(sources: Path, kernels: Path) -> None:
    """Remove kernels that were compiled from other sources than those of a folder.

    Args:
        sources: folder of the ``.py`` files; none are seen when shipped as a zip.
        kernels: folder of numba's ``.nbi`` and ``.nbc`` files.
    """
    digest = hashlib.sha256()
    for source in sorted(sources.glob("*.py")):
        digest.update(source.name.encode() + source.read_bytes())
    stamp, now = kernels / STAMP, digest.hexdigest()
    with suppress(OSError):  # another process was first, or may not write here
        if stamp.exists() and stamp.read_text() == now:
            return
        for kernel in [*kernels.glob("*.nbi"), *kernels.glob("*.nbc")]:
            kernel.unlink(missing_ok=True)
        kernels.mkdir(parents=True, exist_ok=True)
        stamp.write_text(now)


_forget_other_kernels(Path(__file__).parent, Path(_cache_probe._cache.cache_path))
