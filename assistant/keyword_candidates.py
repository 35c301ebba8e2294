"""Words: how a text is cut into them, and which are worth offering as keywords or matching on."""

import re
from functools import cache

# Scripts without spaces. Chinese characters, of which a word has two on average, and the scripts of South-East Asia,
# whose marks above and below a letter belong to it, are cut into overlapping pairs, as search engines do; Japanese
# borrows words in katakana, and each stretch of that is a word.
_PAIRED = "\u3005\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff\U00020000-\U0003ffff"
_MARKED = "\u0e01-\u0e3a\u0e40-\u0e4e\u0e81-\u0ecd\u1000-\u103f\u1780-\u17d3"
_HIRAGANA = "\u3041-\u309f"
_KATAKANA = "\u30a1-\u30fa\u30fc-\u30ff\u31f0-\u31ff"
# Elsewhere letters with inner apostrophes and hyphens: "don't", "sluice-gate"; no digits, no underscores.
_LETTER = rf"(?![{_PAIRED}{_MARKED}{_HIRAGANA}{_KATAKANA}])[^\W\d_]"
_WORD = re.compile(
    rf"(?P<pairs>[{_PAIRED}]+|[{_MARKED}]+)|[{_KATAKANA}]+|[{_HIRAGANA}]+|(?:{_LETTER})+(?:['’\-](?:{_LETTER})+)*"
)
# The same where none of those scripts occurs, which is most often: three times as fast.
_SPACED_WORD = re.compile(r"[^\W\d_]+(?:['’\-][^\W\d_]+)*")
_OTHER_SCRIPT = re.compile(rf"[{_PAIRED}{_MARKED}{_HIRAGANA}{_KATAKANA}]")
_UNSPACED = re.compile(rf"[{_PAIRED}{_KATAKANA}{_MARKED}]")
_KOREAN = re.compile("[\uac00-\ud7af]{2}")  # spaced, but two syllables are a word
_ONLY_HIRAGANA = re.compile(rf"[{_HIRAGANA}]+")
_SOUTH_EAST_ASIAN = re.compile(rf"[{_MARKED}]")
_POSSESSIVE = "'s"
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
    """The words of a text in order, lower-cased, with repetition; in scripts without spaces, pairs of characters."""
    if text.isascii():
        return _SPACED_WORD.findall(text.lower())
    if _OTHER_SCRIPT.search(text) is None:
        return [word.lower().replace("’", "'") for word in _SPACED_WORD.findall(text)]
    found: list[str] = []
    for match in _WORD.finditer(text):
        word = match.group().lower().replace("’", "'")
        found.extend(_pairs(word) if match["pairs"] else [word])
    return found


def content_words(text: str) -> list[str]:
    """The words that say something, in order, with repetition: no stop words, none too short, no "'s"."""
    stop_words = _stop_words()
    told = (word.removesuffix(_POSSESSIVE) for word in words(text) if word not in stop_words)
    return [word for word in told if _says_something(word) and word not in stop_words]


def candidate_words(text: str) -> tuple[str, ...]:
    """The distinct content words of a text, in order of first occurrence: what may become a keyword.

    Pairs of letters of South-East Asian scripts serve for matching, but nobody would read them as words.
    """
    return tuple(dict.fromkeys(word for word in content_words(text) if not _SOUTH_EAST_ASIAN.match(word)))


def is_stop_word(word: str) -> bool:
    """Whether a word says nothing by itself: "the", "don't"; case and the kind of apostrophe make no difference."""
    return word.casefold().replace("’", "'") in _stop_words()


def has_borders(word: str) -> bool:
    """Whether a word begins and ends where its neighbours are no letters; in scripts without spaces it need not."""
    return _UNSPACED.match(word) is None


def _pairs(characters: str) -> list[str]:
    return [characters[i : i + 2] for i in range(max(1, len(characters) - 1))]


def _says_something(word: str) -> bool:
    if word.isascii():
        return len(word) >= _MINIMUM_LETTERS
    if _ONLY_HIRAGANA.fullmatch(word):  # endings and particles
        return False
    return len(word) >= _MINIMUM_LETTERS or not has_borders(word) or _KOREAN.match(word) is not None


@cache
def _stop_words() -> frozenset[str]:
    from sklearn.feature_extraction.text import ENGLISH_STOP_WORDS

    return frozenset(ENGLISH_STOP_WORDS) | _MORE_STOP_WORDS
