"""Many pools at once, and what is made of many pools: single studies, specification curves."""
