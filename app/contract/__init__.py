"""The contract: what the API's description promised a client, and whether it still does."""
