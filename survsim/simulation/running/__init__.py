"""Where and in which pieces a simulation runs: chunks, processes, clusters, checkpoints."""
