"""The sandbox: how people of the live market come into it, by a ticket that it gives them."""
