"""The schedule: which requests become meetings, when, where and with whom.

Pure: `planner.plan` takes an `Instance`, gives a `Plan` and knows of no database, and
`repairing.repair` does the same for a plan that something happened to. In the order of the work:

1. `greedy` plans as a careful person would: the baseline that every plan must beat.
2. `programme` asks *whom* each person should meet, and what their time is worth: its `prices` are a
   proof of how much no plan can exceed.
3. `searching` finds *when*. Where the prices say that something is lost, `chains` of meetings move
   out of the way; what they can't solve is made anew by CP-SAT, a `neighbourhood` at a time.
4. `polishing` makes people wait and walk less, and companies take turns, at the same priority.
5. `seating` gives each meeting its table, `reasons` tells why the others have none.

All of it works on a `Board`, the plan as it stands, over the `Ground`, the instance by number.
"""
