"""A printed number and what it can stand for: estimate, standard error, and how they were reached."""
