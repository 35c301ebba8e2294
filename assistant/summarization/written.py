"""SumCtx as the paper has it: a language model, fine-tuned on weak labels, writes the summary.

"Teach LLMs to Personalize" (arXiv 2308.07968, section 3.3): immediate context and ranked entries in, the snippets that
the document will take up out. ``train prepare summaries`` makes the examples and ``train finetune`` the model; any
causal or encoder-decoder checkpoint trained so can be used.
"""

from collections.abc import Sequence

from assistant.keyword_candidates import content_words
from assistant.prompts import PromptTemplate, helper_prompt
from assistant.sentences import split_sentences
from assistant.stages import TextGenerator
from assistant.summarization.features import snippets_of
from assistant.types import RankedEntry, Sampling, Snippet, Summary, SummarySentence, VoiceId

# About three snippets; the text ends at the next sentence, or where the model ends it.
_TOKENS = 200
# A sentence most of whose words are not in any one snippet is the model's invention, not the writer's past.
_LEAST_SUPPORT = 0.5


class WrittenSummarizer:
    """Writes greedily, then traces every sentence to the snippet that it comes from."""

    def __init__(self, generator: TextGenerator, template: PromptTemplate) -> None:
        self._generator = generator
        self._template = template

    def summarize(self, query: str, entries: Sequence[RankedEntry], *, voice: VoiceId | None) -> Summary:
        """The sentences that were written and can be traced, each once."""
        if voice is None or not entries:
            return Summary()
        prompt = helper_prompt(self._template, "summary", entries, query)
        written = "".join(self._generator.stream(prompt, Sampling(max_tokens=_TOKENS, temperature=0)))
        return traced_summary(written, snippets_of(entries))


def traced_summary(written: str, snippets: Sequence[Snippet]) -> Summary:
    """The sentences of a written text that can be traced, each once."""
    sentences = (traced(sentence, snippets) for sentence in dict.fromkeys(split_sentences(written)))
    return Summary(tuple(sentence for sentence in sentences if sentence is not None))


def traced(sentence: str, snippets: Sequence[Snippet]) -> SummarySentence | None:
    """A written sentence with the snippet that has most of its words; None if none has half of them."""
    own = set(content_words(sentence))
    if not own:
        return None
    support, row = max((len(own & set(content_words(one.text))), -row) for row, one in enumerate(snippets))
    if support < _LEAST_SUPPORT * len(own):
        return None
    return SummarySentence(sentence, snippets[-row].id, snippets[-row].document)
