"""pytest plugin of localwaba."""
