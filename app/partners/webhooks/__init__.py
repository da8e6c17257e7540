"""Webhooks (Standard Webhooks): each fact that an organisation may see is sent where it wants.

`endpoints` says where, `making` turns the feed's facts into deliveries, `dispatching` sends them
from the worker, `sending` is the one request, and `addresses` says where none ever goes.
"""
