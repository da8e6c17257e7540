"""The ledger of viewings: what happened in each, chained so that no change goes unseen."""
