"""How much one request of the page may carry."""

LONGEST_TITLE = 500
LONGEST_TEXT = 5_000_000
"""Characters of a draft: some forty novels' chapters, and still one quick save."""
