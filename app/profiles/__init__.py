"""What the profiles of sellers and buyers have in common."""
