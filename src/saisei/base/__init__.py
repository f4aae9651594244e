"""Base: what every room stands on: errors, documents with places, dates, units, texts, sources."""
