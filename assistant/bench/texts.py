"""Texts to measure with: the demo corpora, and any number of snippets shuffled from their sentences."""

import hashlib
import random
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from assistant.library.demos import demo_corpora
from assistant.library.readers import read_document
from assistant.library.snippets import snippet_spans
from assistant.sentences import split_sentences
from assistant.types import NewDocument

# Sentences of other lengths are greetings, headings or run-ons, which a shuffled text would not survive.
_SHORTEST_SENTENCE = 20
_LONGEST_SENTENCE = 300
_SENTENCE_ENDS = (".", "!", "?", ".”", "!”", "?”", '."', '!"', '?"')
# About ten snippets, as the demo corpora's documents have.
_SENTENCES_PER_DOCUMENT = 28
# What a writer has typed when asking: a few lines to a page.
_DRAFT_CHARACTERS = (150, 1200)
# What they type on before asking again: three to six words.
_TYPED_WORDS = (3, 6)


@dataclass(frozen=True, slots=True)
class Material:
    """Which part of the demo corpora is used: so many voices, so many documents of each at most."""

    voices: int = 4
    documents: int = 1000

    def files(self) -> tuple[tuple[Path, ...], ...]:
        """The files of each voice, in order."""
        return tuple(
            tuple(sorted(corpus.folder.glob("*.md"))[: self.documents]) for corpus in demo_corpora()[: self.voices]
        )

    def read(self) -> tuple[tuple[NewDocument, ...], ...]:
        """The documents of each voice, in order."""
        return tuple(tuple(read_document(path.name, path.read_bytes()) for path in voice) for voice in self.files())

    def signature(self) -> dict[str, object]:
        """What identifies the texts."""
        files = [path for voice in self.files() for path in voice]
        together = hashlib.sha256(b"".join(hashlib.sha256(path.read_bytes()).digest() for path in files))
        return {"data": "demo corpora", "documents": len(files), "data_sha256": together.hexdigest()}


ALL_DEMOS = Material()


@dataclass(frozen=True, slots=True)
class TypedDraft:
    """A draft as it stands when a suggestion is asked for, and when one is asked for again a few words later."""

    title: str
    before: str
    later: str


def typed_drafts(documents: Sequence[NewDocument], count: int, *, seed: int) -> tuple[TypedDraft, ...]:
    """Drafts cut from documents at random places."""
    generator = random.Random(seed)
    return tuple(_cut(generator.choice(documents), generator) for _ in range(count))


def _cut(document: NewDocument, generator: random.Random) -> TypedDraft:
    words = document.text.split(" ")
    wanted, characters, end = generator.randint(*_DRAFT_CHARACTERS), 0, 0
    while characters < wanted and end < len(words) - _TYPED_WORDS[1]:
        characters += len(words[end]) + 1
        end += 1
    later = end + generator.randint(*_TYPED_WORDS)
    return TypedDraft(document.title, " ".join(words[:end]), " ".join(words[:later]))


def usable_sentences(documents: Sequence[NewDocument]) -> tuple[str, ...]:
    """The distinct sentences of a voice that can stand anywhere, in order."""
    found = (sentence for document in documents for sentence in split_sentences(document.text))
    return tuple(dict.fromkeys(sentence for sentence in found if _is_usable(sentence)))


def _is_usable(sentence: str) -> bool:
    fits = _SHORTEST_SENTENCE <= len(sentence) <= _LONGEST_SENTENCE
    return fits and sentence.endswith(_SENTENCE_ENDS) and "\n" not in sentence and sentence[0].isupper()


def shuffled_texts(voices: Sequence[Sequence[str]], *, snippets: int, seed: int) -> Iterator[str]:
    """Texts that give exactly so many snippets, each text of random sentences of one voice.

    :param voices: the sentences of each voice.
    """
    generator = random.Random(seed)
    left = snippets
    while left:
        sentences = generator.choices(generator.choice(voices), k=_SENTENCES_PER_DOCUMENT)
        text = " ".join(sentences)
        if (count := len(snippet_spans(text))) > left:
            text, count = _shortened(sentences, left), left
        left -= count
        yield text


def _shortened(sentences: Sequence[str], snippets: int) -> str:
    """The beginning that gives so many snippets: a sentence more gives at most one more."""
    texts = (" ".join(sentences[:count]) for count in range(1, len(sentences) + 1))
    return next(text for text in texts if len(snippet_spans(text)) == snippets)
