"""SynCtx as the paper has it: a language model, fine-tuned on weak labels, writes the important words.

"Teach LLMs to Personalize" (arXiv 2308.07968, section 3.4): immediate context and ranked entries in, the words that the
document will take up out. ``train prepare keywords`` makes the examples and ``train finetune`` the model; any causal or
encoder-decoder checkpoint trained so can be used.
"""

from collections.abc import Sequence

from assistant.keyword_candidates import candidate_words
from assistant.prompts import PromptTemplate, helper_prompt
from assistant.settings import KeywordSettings
from assistant.stages import TextGenerator
from assistant.types import Keyword, RankedEntry, Sampling, VoiceId

# Long words take several tokens, and each is followed by a comma.
_TOKENS_PER_WORD = 4


class WrittenSynthesizer:
    """Writes greedily, and keeps what stands in the entries."""

    def __init__(self, generator: TextGenerator, template: PromptTemplate, settings: KeywordSettings) -> None:
        self._generator = generator
        self._template = template
        self._settings = settings

    def synthesize(self, query: str, entries: Sequence[RankedEntry], *, voice: VoiceId | None) -> tuple[Keyword, ...]:
        """Words of the entries in the order in which they were written; their weights fall evenly from 1."""
        if voice is None or not entries:
            return ()
        count = self._settings.count
        sampling = Sampling(max_tokens=_TOKENS_PER_WORD * count, temperature=0)
        written = "".join(self._generator.stream(helper_prompt(self._template, "words", entries, query), sampling))
        there = set(candidate_words("\n".join(entry.text for entry in entries)))
        words = [word for word in candidate_words(written) if word in there][:count]
        return tuple(Keyword(word, 1 - rank / len(words)) for rank, word in enumerate(words))
