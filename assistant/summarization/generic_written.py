"""SumCtxInd as the paper has it: a summarization model, as it is, sums the ranked entries up.

"Teach LLMs to Personalize" (arXiv 2308.07968, section 3.3) applies a T5 that was fine-tuned on news, forum and Reddit
summaries. Any encoder-decoder or causal model can stand here; none is told of the draft.
"""

from collections.abc import Sequence

from assistant.prompts import Part, Prompt, PromptTemplate
from assistant.stages import TextGenerator
from assistant.summarization.features import snippets_of
from assistant.summarization.written import traced_summary
from assistant.types import RankedEntry, Sampling, Summary, VoiceId

# T5 was trained with these words before a text; models that were not do well with them, too.
_TASK = "summarize: "
_HEADING = "\n\nSummary:\n"
_TOKENS = 160


class GenericWriter:
    """Writes greedily; what it writes is kept as far as it can be traced to snippets, like all that is written."""

    def __init__(self, generator: TextGenerator, template: PromptTemplate) -> None:
        self._generator = generator
        self._is_encoder_decoder = template.draft_first

    def summarize(self, query: str, entries: Sequence[RankedEntry], *, voice: VoiceId | None) -> Summary:
        """The sentences that were written and can be traced, each once; the query plays no part."""
        if voice is None or not entries:
            return Summary()
        written = "".join(self._generator.stream(self._prompt(entries), Sampling(max_tokens=_TOKENS, temperature=0)))
        return traced_summary(written, snippets_of(entries))

    def _prompt(self, entries: Sequence[RankedEntry]) -> Prompt:
        """The entries, best first; a model that goes on with its text is shown where the summary begins."""
        passages = "\n\n".join(entry.text for entry in entries)
        text = f"{_TASK}{passages}" if self._is_encoder_decoder else f"{passages}{_HEADING}"
        return (Part(text), Part(""))
