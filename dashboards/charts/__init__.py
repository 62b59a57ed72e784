"""Figures and tables that pages are made of."""
