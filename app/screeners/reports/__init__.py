"""Reports: who watched how much of a film, and where they went back or stopped."""
