"""Bundles: models, contracts and hashes in a folder or a .zip, and their signatures."""
