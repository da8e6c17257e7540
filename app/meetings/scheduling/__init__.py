"""The schedule of a market: planned by the worker, inspected, and applied as a whole or not at all.

`planning` knows no database, and here is what lies between it and the market's rows:

1. `market_rows` reads a market in a few statements; `framing` makes of the rows what is to be
   planned, and says which requests can't be planned at all.
2. `jobs` has it planned by a process of its own (`apart`, `alone`), which is watched and stopped;
   `outcomes` turns the plan into what is kept of it.
3. `applying` reads the market again; `checking` holds the plan to it by the same frame, and
   `writing` makes the meetings in a handful of statements. Nobody else makes many at once.
"""
