"""Viewings: somebody watches a screener, and all that their player fetches for it."""
