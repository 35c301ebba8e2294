"""Proof: whether the product sounds like its writer, and whether the difference is more than chance."""
