"""Segments: who belongs to which, how alike two maps are, numbers for life."""
