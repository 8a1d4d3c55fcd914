"""Turns what the library returns into tables, live views and JSON lines."""
