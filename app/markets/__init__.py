"""Markets: editions with their hours and slots, halls and places, and who is accredited."""
