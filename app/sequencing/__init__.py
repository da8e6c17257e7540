"""The one order of the journal: positions without holes, given to facts once they are committed."""
