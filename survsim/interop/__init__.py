"""What leaves the house as an object of another package."""
