"""The page that plays a film, and what it is made of."""
