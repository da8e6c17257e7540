"""Agendas: what people and places hold, and when. Nobody holds two things at once (decision 5)."""
