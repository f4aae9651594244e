"""Moderators, and estimates that depend on each other: clusters, levels, two outcomes."""
