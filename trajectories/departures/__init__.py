"""Departures: who left a valued segment, and what would have kept them."""
