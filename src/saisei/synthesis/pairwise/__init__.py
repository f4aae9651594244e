"""Two treatments: the studies of one comparison, pooled."""
