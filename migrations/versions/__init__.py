"""One file for each step of the schema, named ``<revision>_<what>.py``."""
