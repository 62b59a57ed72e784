"""Check what is published against its manifest."""

import argparse
import os
import sys
from pathlib import Path

from trajectories.warehouse.publish import LINK
from trajectories.warehouse.verify import VerificationError, verify


def main(arguments: list[str] | None = None) -> int:
    """Check a published folder from the command line, in one line.

    Returns 0, or 1 with one sentence on stderr when it isn't what its manifest says.
    """
    program = f"python -m {__package__}"
    parser = argparse.ArgumentParser(prog=program, description=__doc__)
    commands = parser.add_subparsers(required=True)
    check = commands.add_parser("verify", help="check files, rows, content and pages")
    check.add_argument(
        "published",
        nargs="?",
        type=Path,
        default=Path(os.environ.get("TRAJECTORIES_BUILD", "build")) / LINK,
        help="published folder (default: %(default)s)",
    )
    chosen = parser.parse_args(arguments)
    try:
        print(verify(chosen.published))
    except VerificationError as error:
        print(error, file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
