"""Fixtures; imports nothing heavy."""
