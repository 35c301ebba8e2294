"""SumCtx as a fast selector: sentences of the snippets that the finished document is most likely to take up.

The paper trains a language model to write those snippets (arXiv 2308.07968, section 3.3). The labels are snippets of
the entries themselves, so a scorer trained on the same labels (``train selectors``) picks them; the snippets' vectors
were made at import, and nothing but the draft is encoded. ``assistant.summarization.written`` is the paper's own way.
"""

from collections import defaultdict
from collections.abc import Sequence

from assistant.embedding import Vectors
from assistant.keyword_candidates import content_words
from assistant.selectors import Rarity, Scorer
from assistant.settings import SummarySettings
from assistant.summarization.by_draft import QueryEncoder, SnippetVectors
from assistant.summarization.features import snippet_features, snippets_of
from assistant.summarization.sentences import Candidate, candidates_of, summary_of
from assistant.types import RankedEntry, Summary, VoiceId


class TrainedSummarizer:
    """Scores snippets; of each of the best it quotes the sentence that shares most with the draft."""

    def __init__(
        self, vectors: SnippetVectors, encoder: QueryEncoder, scorer: Scorer, rarity: Rarity, settings: SummarySettings
    ) -> None:
        self._vectors = vectors
        self._encoder = encoder
        self._scorer = scorer
        self._rarity = rarity
        self._settings = settings

    def summarize(self, query: str, entries: Sequence[RankedEntry], *, voice: VoiceId | None) -> Summary:
        """At most the set number of sentences, in the order of the entries."""
        if voice is None or not entries:
            return Summary()
        snippets = snippets_of(entries)
        vectors = self._vectors.snippet_vectors(voice, [snippet.id for snippet in snippets])
        draft = self._encoder.encode([query])[0]
        chances = self._scorer.probabilities(snippet_features(query, draft, entries, vectors, self._rarity))
        candidates = candidates_of(snippets)
        return summary_of(candidates, self._in_turn(query, candidates, chances)[: self._settings.sentences])

    def _in_turn(self, query: str, candidates: Sequence[Candidate], chances: Vectors) -> list[int]:
        """One sentence of every snippet, likeliest snippets first; then a second one of every snippet, and so on."""
        wanted = set(content_words(query))
        of_snippet: dict[int, list[int]] = defaultdict(list)
        for number, candidate in enumerate(candidates):
            of_snippet[candidate.row].append(number)
        turns: list[tuple[int, float, int]] = []
        for row, numbers in of_snippet.items():
            numbers.sort(key=lambda number: -self._shared(candidates[number].text, wanted))
            turns.extend((turn, -float(chances[row]), number) for turn, number in enumerate(numbers))
        return [number for _, _, number in sorted(turns)]

    def _shared(self, sentence: str, wanted: set[str]) -> float:
        """How rare the words are that a sentence shares with the draft, in all."""
        return sum(self._rarity.get(word, 0.0) for word in set(content_words(sentence)) & wanted)
