"""Other systems: what comes in and goes out in bulk."""
