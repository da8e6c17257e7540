"""The audit trail: who did what, from where, with which client. It is the journal itself."""
