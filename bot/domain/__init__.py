"""Plain values everybody shares. Imports nothing else of the project."""
