"""Who is asked: one file for each vendor or wire format. Imports nothing from ``bot``."""
