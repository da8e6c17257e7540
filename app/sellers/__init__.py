"""Who sells: the profiles that buyers look through."""
