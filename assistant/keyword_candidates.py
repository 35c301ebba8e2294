"""Words: how a text is cut into them, and which are worth offering as keywords or matching on."""

import re
from functools import cache

# Letters with inner apostrophes and hyphens: "don't", "sluice-gate"; no digits, no underscores.
_WORD = re.compile(r"[^\W\d_]+(?:['’\-][^\W\d_]+)*")
_MINIMUM_LETTERS = 3
# What the usual list leaves out: contractions, and verbs too common to mark a subject.
_MORE_STOP_WORDS = frozenset(
    """
    don't didn't doesn't isn't wasn't weren't aren't won't can't couldn't wouldn't shouldn't hasn't haven't hadn't
    it's i'm i've i'd i'll you're you've you'd you'll he's he'd he'll she's she'd she'll we're we've we'd we'll
    they're they've they'd they'll that's there's what's who's let's did does doing having let lets say says said
    saying got gets getting goes going gone went come comes came coming know knows knew think thinks thought make
    makes made just like really thing things yes
    """.split()  # noqa: SIM905 - as a list it would fill a page
)


def words(text: str) -> list[str]:
    """The words of a text in order, lower-cased, with repetition."""
    return [match.group().lower().replace("’", "'") for match in _WORD.finditer(text)]


def content_words(text: str) -> list[str]:
    """The words that say something, in order, with repetition: no stop words, none of one or two letters."""
    stop_words = _stop_words()
    return [word for word in words(text) if len(word) >= _MINIMUM_LETTERS and word not in stop_words]


def candidate_words(text: str) -> tuple[str, ...]:
    """The distinct content words of a text, in order of first occurrence: what may become a keyword."""
    return tuple(dict.fromkeys(content_words(text)))


@cache
def _stop_words() -> frozenset[str]:
    from sklearn.feature_extraction.text import ENGLISH_STOP_WORDS

    return frozenset(ENGLISH_STOP_WORDS) | _MORE_STOP_WORDS
