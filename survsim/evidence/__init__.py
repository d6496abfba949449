"""What the literature says: reads, checks, finds, cites; never computes."""
