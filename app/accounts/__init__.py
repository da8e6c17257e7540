"""Organisations, their people, and how people sign in."""
