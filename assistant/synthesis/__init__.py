"""The important words of the writer's past for a draft; one module per way of choosing them."""

from assistant.synthesis.by_draft import ImportedVectors, KeywordSynthesizer
from assistant.synthesis.frequent import FrequentWords
from assistant.synthesis.new_words import NewWords
from assistant.synthesis.nothing import NoKeywords
from assistant.synthesis.trained import TrainedSynthesizer
from assistant.synthesis.written import WrittenSynthesizer

__all__ = [
    "FrequentWords",
    "ImportedVectors",
    "KeywordSynthesizer",
    "NewWords",
    "NoKeywords",
    "TrainedSynthesizer",
    "WrittenSynthesizer",
]
