"""The commonest words of corpora, which the encoder has ready (``assistant.retrieval.ready_words``)."""

from collections import Counter
from collections.abc import Iterable

from assistant.errors import CorpusError
from assistant.keyword_candidates import candidate_words


def common_words(texts: Iterable[str], count: int) -> list[str]:
    """Those candidates for keywords that most texts have, sorted; of words in as many texts, the first by alphabet.

    :raises CorpusError: if the texts have fewer.
    """
    texts_with = Counter(word for text in texts for word in candidate_words(text))
    if len(texts_with) < count:
        raise CorpusError(f"the corpora have {len(texts_with)} words, expected {count}: ask for fewer, or add corpora")
    commonest = sorted(texts_with, key=lambda word: (-texts_with[word], word))[:count]
    return sorted(commonest)
