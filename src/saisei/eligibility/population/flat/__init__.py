"""A flat table (one row a person) with a mapping beside it, as a source of dated records."""

from saisei.eligibility.population.flat.source import FlatTable

__all__ = ["FlatTable"]
