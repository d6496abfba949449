"""One model over patients, curves, summaries and single cases."""
