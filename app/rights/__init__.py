"""Rights: what of a title is held, offered, sold and free, and where, how and when."""
