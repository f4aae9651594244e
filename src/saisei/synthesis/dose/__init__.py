"""Outcomes along a dose."""
