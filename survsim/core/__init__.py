"""Objects and manners every domain shares: responses, records, results, provenance, errors."""
