"""What the numbers of the README come from; each benchmark is a command.

``python -m benchmarks`` runs them all, ``python -m benchmarks scale`` one of them;
``python -m benchmarks goals`` gathers what they found into the README beside this.
"""
