"""A film from what arrived to what can be watched; a worker killed anywhere goes on there.

One job at a time takes a screener through its stages (`stages`): fetching the file (`fetching`) to
a folder of its own (`scratch`), probing, picturing, and transcoding piece by piece. Whatever was
made is in the store before the row tells of it (`rows`), so the row is what a later run believes.
How a run may end (`endings`): ready; rejected, with the reason; waiting for the disk or the store,
to be tried again; or over, since somebody withdrew the screener or another run took it.
"""
