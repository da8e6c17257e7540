"""The feed: the facts of the journal, in their one order, as far as the caller may know of them."""
