"""From a checked plan to paths of patients, cell by cell, with named luck."""
