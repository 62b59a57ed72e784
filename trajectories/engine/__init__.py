"""Compiled kernels of the clustering: many series side by side, without dbt.

Numba keeps compiled kernels on disk and looks at one file's time to tell whether they
still hold; a kernel made of others from other files would go on as it was. So kernels
older than any source of this folder are forgotten when it is imported.
"""

from contextlib import suppress
from pathlib import Path


def _forget_older_kernels(folder: Path) -> None:
    sources = [source.stat().st_mtime for source in folder.glob("*.py")]
    newest = max(sources, default=0)  # none to be seen when shipped as a zip
    for kept in folder.glob("__pycache__/*.nbi"):
        with suppress(OSError):  # another process was first, or may not write here
            if kept.stat().st_mtime < newest:
                kept.unlink()


_forget_older_kernels(Path(__file__).parent)
