"""Run benchmarks: ``python -m benchmarks [name] [its options]``."""

import sys
from importlib import import_module

from benchmarks import goals

BENCHMARKS = (
    "kernel",
    "fit",
    "means",
    "growth",
    "builds",
    "rhythm",
    "names",
    "movement",
    "value",
    "changes",
    "experiments",
    "replay",
    "null",
    "retail",
    "forecasts",
    "ucr",
    "peers",
    "scale",
    "kills",
    "spark",
    "pages",
)


def main(arguments: list[str] | None = None) -> int:
    """Run the named benchmark with its options, or all of them; return the status."""
    arguments = sys.argv[1:] if arguments is None else arguments
    if not arguments:
        return max(_run(name, []) for name in BENCHMARKS) or goals.summarise()
    name, *options = arguments
    if name == "goals":
        return goals.summarise()
    if name not in BENCHMARKS:
        names = ", ".join(BENCHMARKS)
        print(
            f"There is no benchmark {name!r}. Name one of {names}; goals, to gather"
            " what they wrote; or none to run all.",
            file=sys.stderr,
        )
        return 2
    return _run(name, options)


def _run(name: str, options: list[str]) -> int:
    return import_module(f"benchmarks.{name}").main(options)


if __name__ == "__main__":
    sys.exit(main())
