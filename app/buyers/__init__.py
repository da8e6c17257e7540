"""Who buys: profiles that sellers and organisers see, and other buyers do not."""
