"""Screeners: a title's file in the store, who asked to watch it, who may."""
