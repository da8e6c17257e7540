"""Clients of the API: what an organisation's programs may do, and how they are given tokens."""
