"""Titles: what they are, what is said of them in each language, and how they are found."""
