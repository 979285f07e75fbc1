"""What goes over the wire, as data."""
