"""What is read from simulated paths: curves, means, comparisons, sensitivity, value of information."""
