"""Run benchmarks: ``python -m benchmarks [name] [its options]``."""

import sys

from benchmarks import fit, goals, growth, kernel, peers, rhythm, scale

BENCHMARKS = {
    "fit": fit.main,
    "growth": growth.main,
    "kernel": kernel.main,
    "peers": peers.main,
    "rhythm": rhythm.main,
    "scale": scale.main,
}


def main(arguments: list[str] | None = None) -> int:
    """Run the named benchmark with its options, or all of them; return the status."""
    arguments = sys.argv[1:] if arguments is None else arguments
    if not arguments:
        return max(run([]) for run in BENCHMARKS.values()) or goals.summarise()
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
    return BENCHMARKS[name](options)


if __name__ == "__main__":
    sys.exit(main())
