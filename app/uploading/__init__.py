"""A client that uploads films: of a market anywhere, over HTTP, knowing nothing of this server."""
