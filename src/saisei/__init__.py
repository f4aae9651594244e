"""Saisei: what is known about cell therapy after stroke, for one person, each number sourced."""

__version__ = "0.1.0"
