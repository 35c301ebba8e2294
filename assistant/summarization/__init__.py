"""The summary: sentences of the ranked entries, each traceable to its snippet; one module per way of choosing them."""

from assistant.summarization.by_draft import ExtractiveSummarizer
from assistant.summarization.generic import GenericSummarizer
from assistant.summarization.generic_written import GenericWriter
from assistant.summarization.nothing import NoSummary
from assistant.summarization.sentences import select_diverse
from assistant.summarization.trained import TrainedSummarizer
from assistant.summarization.written import WrittenSummarizer

__all__ = [
    "ExtractiveSummarizer",
    "GenericSummarizer",
    "GenericWriter",
    "NoSummary",
    "TrainedSummarizer",
    "WrittenSummarizer",
    "select_diverse",
]
