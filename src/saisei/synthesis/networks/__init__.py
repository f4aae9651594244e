"""Many treatments at once: network meta-analysis, its consistency and its ranks."""
