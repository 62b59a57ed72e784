"""Movement between segments: agreement, intervals, transitions."""
