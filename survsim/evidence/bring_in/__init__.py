"""New evidence from outside: spreadsheets, citation files, two extractions compared."""
