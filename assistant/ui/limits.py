"""How much one request of the page may carry."""

LONGEST_TITLE = 500
LONGEST_TEXT = 5_000_000
"""Characters of a draft: some forty novels' chapters, and still one quick save."""
MOST_ORIGINS = 100_000
"""Ranges of a draft that came from suggestions."""
