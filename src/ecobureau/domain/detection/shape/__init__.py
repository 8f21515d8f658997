"""What the shape of the values itself says."""
