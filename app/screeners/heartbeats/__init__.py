"""Heartbeats: what players say was watched, written into the ledger thousands a second."""
