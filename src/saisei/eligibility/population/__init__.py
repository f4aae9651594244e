"""Many people at once: from dated records to a table of people, and from that to verdicts."""
