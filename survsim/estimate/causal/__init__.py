"""Treatment contrasts from observational data: weights, standardisation, clones, time-varying treatment."""
