"""The command catalogue: every command, control and form, written once for all platforms."""
