"""What users do, as data."""
