"""Tests of the report room, with a constructed decision that fills every field."""
