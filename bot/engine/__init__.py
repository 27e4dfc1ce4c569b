"""What happens: knows no platform, no vendor, no SQL."""
