"""Titles as names of files, on every system."""

import regex

_LONGEST = 120
"""Bytes: file systems take 255, and other programs add to names."""
# What some system forbids in a name, what steers text instead of showing, and spaces of all kinds.
_UNFIT = regex.compile(r'[\p{C}\p{Z}<>:"/\\\\|?*]+')
_RESERVED = regex.compile(r"(con|prn|aux|nul|com\d|lpt\d)(\..*)?", regex.IGNORECASE)


def safe_stem(title: str) -> str:
    """A file's name without its ending: the title as far as every system takes it, "Untitled" if nothing is left."""
    stem = _UNFIT.sub(" ", title).encode()[:_LONGEST].decode(errors="ignore").strip(" .")
    return f"{stem}_" if _RESERVED.fullmatch(stem) else stem or "Untitled"
