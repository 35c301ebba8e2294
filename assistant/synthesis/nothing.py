"""No keywords: what measurements compare with."""

from collections.abc import Sequence

from assistant.types import Keyword, RankedEntry, VoiceId


class NoKeywords:
    """Leaves the important words out of the evidence."""

    def synthesize(self, query: str, entries: Sequence[RankedEntry], *, voice: VoiceId | None) -> tuple[Keyword, ...]:
        """Nothing."""
        return ()
