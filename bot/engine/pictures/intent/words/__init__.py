"""Words the English rules look for, as data."""
