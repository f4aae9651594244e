"""Whether small studies differ: funnels, tests, trim and fill, selection models."""
