"""Questions to the curated evidence: select, count what was left out, map, overlap, cite."""
