"""The guard against parroting: no more than so many words in a row out of one document.

It looks at words, not at tokens, so that no other spelling, case or punctuation of the same words slips through.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from zlib import crc32

import numpy as np
import numpy.typing as npt

from assistant.keyword_candidates import words

# The fingerprint of a run of words: a polynomial over those of the words, modulo 2 to the power of 64.
_BASE = np.uint64(0x9E3779B97F4A7C15)

Fingerprints = npt.NDArray[np.uint32]


def word_fingerprints(text: str) -> Fingerprints:
    """A number for every word of a text, in order; case and punctuation make no difference."""
    return np.array([crc32(word.encode()) for word in words(text)], dtype=np.uint32)


class CopyGuard:
    """Knows every run of one word more than is allowed in some documents.

    :param documents: the fingerprints of each document's words.
    :param longest: words in a row that may come from one document, at least 1.
    """

    def __init__(self, documents: Iterable[Fingerprints], longest: int) -> None:
        self._length = longest + 1
        runs = [_runs(document, self._length) for document in documents]
        self._runs = frozenset(np.concatenate([*runs, np.zeros(0, np.uint64)]).tolist())

    def forbids(self, text: str, *, after: str = "") -> bool:
        """Whether the last words of a text, the one that is not finished among them, are a run that is too long.

        :param after: what stands before the text: its words count for a run, but are not the text's to answer for.
        """
        # Of a long text the end is enough, unless its words are longer than any real ones.
        before = after[-60 * self._length :]
        whole = before + text
        if not text or (before and words(whole) == words(before)):
            return False  # it has no word of its own yet
        last = word_fingerprints(whole[-60 * self._length :])[-self._length :]
        return len(last) == self._length and int(_runs(last, self._length)[0]) in self._runs


@dataclass(frozen=True, slots=True)
class DraftGuard:
    """The guard for what is written at the end of a draft: a run that begins in the draft counts in full."""

    guard: CopyGuard
    draft: str

    def forbids(self, text: str) -> bool:
        """Whether the new text goes on with a run that is too long."""
        return self.guard.forbids(text, after=self.draft)


def _runs(fingerprints: Fingerprints, length: int) -> npt.NDArray[np.uint64]:
    """The fingerprints of all runs of so many words."""
    count = max(0, len(fingerprints) - length + 1)
    found = np.zeros(count, np.uint64)
    for offset in range(length):
        found = found * _BASE + fingerprints[offset : offset + count].astype(np.uint64)
    return found
