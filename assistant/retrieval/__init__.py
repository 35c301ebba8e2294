"""Finding the snippets of a voice that bear on a draft: sparse, dense, both."""
