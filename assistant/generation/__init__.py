"""Models that continue a prompt: loading, decoding, streaming."""
