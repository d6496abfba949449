"""What a reader receives: executed notebooks, tables, references, HTML."""
