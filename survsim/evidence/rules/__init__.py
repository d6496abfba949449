"""What must hold between cells, rows and tables; each rule a small function."""
