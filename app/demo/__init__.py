"""The demo market of `filmmart run`: invented companies that sell and seek real films.

Loaded through the services, so that it is found, told of and counted like any other market.
"""

from app.demo.market import DEMO_ACCOUNTS, DEMO_PASSWORD, load_demo_market

__all__ = ["DEMO_ACCOUNTS", "DEMO_PASSWORD", "load_demo_market"]
