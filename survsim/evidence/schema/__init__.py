"""What a table of the evidence may hold: columns, types, allowed words, and how a fault is described."""
