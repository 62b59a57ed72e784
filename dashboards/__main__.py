"""Draw the pages of what is published, anew."""

import argparse
import os
import sys
from pathlib import Path

from trajectories.dashboards.marts.published import UnreadableMartsError
from trajectories.dashboards.site import OccupiedFolderError, build_site


def main(arguments: list[str] | None = None) -> int:
    """Draw the pages from the command line and say where they are.

    Returns 0, or 1 with one sentence on stderr when the published file cannot
    be read, or the folder holds something else than pages.
    """
    build = Path(os.environ.get("TRAJECTORIES_BUILD", "build"))
    program = f"python -m {__package__}"
    parser = argparse.ArgumentParser(prog=program, description=__doc__)
    parser.add_argument(
        "published",
        nargs="?",
        type=Path,
        default=build / "published" / "trajectories.duckdb",
        help="published DuckDB file (default: %(default)s)",
    )
    parser.add_argument(
        "site",
        nargs="?",
        type=Path,
        default=build / "site",
        help="folder to write the pages to (default: %(default)s)",
    )
    parser.add_argument(
        "--smallest-cell",
        type=int,
        default=int(os.environ.get("TRAJECTORIES_SMALLEST_CELL", "5")),
        help="numbers of fewer customers are hidden, by what the build decided; 1 shows"
        " all (default: %(default)s)",
    )
    parser.add_argument(
        "--without-customer-ids",
        action="store_true",
        help="lists of customers name nobody, as with the variable"
        " customer_ids_on_pages: false",
    )
    parser.add_argument(
        "--documentation",
        type=Path,
        help="dbt's documentation as one file, to link from the pages (`make docs`)",
    )
    chosen = parser.parse_args(arguments)
    documentation = chosen.documentation
    if documentation and not documentation.is_file():
        parser.error(
            f"Read {documentation} for the documentation, found no such file:"
            " run `dbt docs generate --static` first."
        )
    try:
        build_site(
            chosen.published,
            chosen.site,
            chosen.smallest_cell,
            documentation,
            not chosen.without_customer_ids,
        )
    except (UnreadableMartsError, OccupiedFolderError) as error:
        print(error, file=sys.stderr)
        return 1
    print(f"Pages: {(chosen.site / 'index.html').resolve()}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
