"""What leaves for others: the tables as a spreadsheet, and as a folder that an archive takes."""
