"""One part at a time, nothing outside the process."""
