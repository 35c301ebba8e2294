"""No summary: what measurements compare with."""

from collections.abc import Sequence

from assistant.types import RankedEntry, Summary, VoiceId


class NoSummary:
    """Leaves the summary out of the evidence."""

    def summarize(self, query: str, entries: Sequence[RankedEntry], *, voice: VoiceId | None) -> Summary:
        """Nothing."""
        return Summary()
