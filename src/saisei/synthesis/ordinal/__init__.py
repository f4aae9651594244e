"""Outcomes in ordered categories, from counts."""
