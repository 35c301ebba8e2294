"""SynCtxNew: what SynCtx would choose if it had to choose words that the draft lacks. Ours, not the paper's.

The label of SynCtx (arXiv 2308.07968, section 3.4) is every word of the entries that the document takes up, those of
its opening among them, and a scorer that is trained on it rightly puts the draft's own words first. But nobody who
looks for what to say next is helped by words that they have just written, and a model has read them anyway. So the
scorer judges all words, as it was trained to, and those at the cursor, title included, give their places to the next.
"""

from collections.abc import Sequence

from assistant.keyword_candidates import content_words
from assistant.settings import KeywordSettings
from assistant.synthesis.trained import TrainedSynthesizer
from assistant.types import Keyword, RankedEntry, VoiceId


class NewWords:
    """Passes over what is drafted; the weight of a word is how likely it is to be taken up."""

    def __init__(self, chooser: TrainedSynthesizer, settings: KeywordSettings) -> None:
        self._chooser = chooser
        self._settings = settings

    def synthesize(self, query: str, entries: Sequence[RankedEntry], *, voice: VoiceId | None) -> tuple[Keyword, ...]:
        """Words of the entries that are not in the query, most likely first."""
        drafted = set(content_words(query))
        ranked = self._chooser.ranked(query, entries, voice=voice)
        return tuple(keyword for keyword in ranked if keyword.text not in drafted)[: self._settings.count]
