"""The arithmetic of rights: pure functions over boxes of territories, media, languages and days."""
