"""The guard against parroting: no more than so many words in a row out of one document.

It looks at words, not at tokens, so that no other spelling, case or punctuation of the same words slips through.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from functools import cached_property
from zlib import crc32

import numpy as np
import numpy.typing as npt

from assistant.keyword_candidates import words

# The fingerprint of a run of words: a polynomial over those of the words, modulo 2 to the power of 64.
_BASE = np.uint64(0x9E3779B97F4A7C15)
# So many characters for every word are looked at: of a long text the end is enough.
_CHARACTERS = 60

Fingerprints = npt.NDArray[np.uint32]


def word_fingerprints(text: str) -> Fingerprints:
    """A number for every word of a text, in order; case and punctuation make no difference."""
    return _fingerprints(words(text))


class LongRuns:
    """All runs of one word more than is allowed in some documents.

    :param documents: the fingerprints of each document's words.
    :param longest: words in a row that may come from one document, at least 1.
    """

    def __init__(self, documents: Iterable[Fingerprints], longest: int) -> None:
        self.length = longest + 1
        runs = [_runs(document, self.length) for document in documents]
        self._runs = frozenset(np.concatenate([*runs, np.zeros(0, np.uint64)]).tolist())

    def hold(self, run: Fingerprints) -> bool:
        """Whether a run of ``length`` words stands in one of the documents."""
        return int(_runs(run, self.length)[0]) in self._runs


@dataclass(frozen=True)
class CopyGuard:
    """Watches what is written at the end of a draft; a run that begins in the draft counts in full.

    ``sources`` are the runs of what may be copied from, at least one of them, all of one length.
    """

    sources: tuple[LongRuns, ...]
    draft: str = ""

    def forbids(self, text: str) -> bool:
        """Whether the last words of the new text, the one that is not finished among them, are a run that is too long.

        The draft's words count for a run, but are not the text's to answer for.
        """
        length, found = self.sources[0].length, words(self._end_of_draft + text)
        if not text or len(found) < length or (self._end_of_draft and found == self._words_of_draft):
            return False  # in the last case it has no word of its own yet
        run = _fingerprints(found[-length:])
        return any(source.hold(run) for source in self.sources)

    @cached_property
    def _end_of_draft(self) -> str:
        return self.draft[-_CHARACTERS * self.sources[0].length :]

    @cached_property
    def _words_of_draft(self) -> list[str]:
        return words(self._end_of_draft)


def _runs(fingerprints: Fingerprints, length: int) -> npt.NDArray[np.uint64]:
    """The fingerprints of all runs of so many words."""
    count = max(0, len(fingerprints) - length + 1)
    found = np.zeros(count, np.uint64)
    for offset in range(length):
        found = found * _BASE + fingerprints[offset : offset + count].astype(np.uint64)
    return found


def _fingerprints(some: Iterable[str]) -> Fingerprints:
    return np.array([crc32(word.encode()) for word in some], dtype=np.uint32)
