"""From typed tables to curated ones: reading, conversion, checking, merging, writing whole."""
