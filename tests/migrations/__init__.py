"""The schema, from empty and from every earlier state."""
