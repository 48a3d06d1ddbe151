"""Dataclasses to and from plain values, JSON, JSON Schemas and files. Imports nothing but the errors."""
