"""RAW mosaics: reading them and turning them into what a student eats."""
