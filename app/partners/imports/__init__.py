"""Titles from other people's files: read, mapped by a TOML file, put in, and reported row by row.

files → mapping and rules → titles → service (one batch, one transaction) → runs (a whole file).
See docs/importing.md.
"""
