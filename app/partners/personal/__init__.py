"""What the market holds of a person: given to them, and taken away, when they ask."""
