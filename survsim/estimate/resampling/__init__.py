"""The same method many times: bootstrap, batches of simulated trials, group-sequential boundaries."""
