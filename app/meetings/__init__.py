"""Meetings: who asks whom, what is accepted, and the agenda it makes."""
