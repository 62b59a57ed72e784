"""Says what is installed: all of it as `trajectories`, whatever folder it lies in.

All else is in pyproject.toml, which would have to list each folder inside those that
get another name.

In the project's folder `python -m dashboards` is `python -m trajectories.dashboards`:
of a folder's own name there are its `__init__` and `__main__` alone, and these import
from `trajectories`, as everything does.
"""

from pathlib import Path

from setuptools import setup

FOLDERS = {
    "trajectories": "trajectories",
    "trajectories.dashboards": "dashboards",
    "trajectories.sample_shop": "sample_shop",
    "trajectories.warehouse": "warehouse",
}

setup(
    package_dir=FOLDERS,
    packages=[
        ".".join([name, *path.parent.relative_to(folder).parts])
        for name, folder in FOLDERS.items()
        for path in sorted(Path(folder).rglob("__init__.py"))
    ],
)
