"""FilmMart: the engine of a film and television content market."""

__version__ = "0.1.0"
