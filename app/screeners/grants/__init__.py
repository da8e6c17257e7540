"""Leave to watch: who gave it to whom, for how long, how often and where; who asks for it."""
