"""What benchmarks are measured on: shops that are made up, and real ones."""
