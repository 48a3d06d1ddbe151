"""Plain values to and from dataclasses, JSON, schemas and files. Imports nothing but the errors."""
