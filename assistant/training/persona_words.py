"""The words that a language model has as one token each, in its own space and in the encoder's."""

import torch
from transformers import PreTrainedModel

from assistant.embedding import Encoder
from assistant.generation.vocabulary import Vocabulary
from assistant.persona.translation import FEWEST_WORDS, WordPairs

_SHORTEST = 4  # letters: shorter pieces are mostly beginnings of words


def one_token_words(vocabulary: Vocabulary) -> dict[str, int]:
    """Lower-case words of four letters or more with their ids; the commonest first, as vocabularies are learnt."""
    found: dict[str, int] = {}
    for number, piece in enumerate(vocabulary.pieces):
        word = (piece or b"").decode(errors="replace")
        if word.startswith(" ") and len(word) > _SHORTEST and word[1:].isalpha() and word.islower():
            found.setdefault(word[1:], number)
    return found


@torch.no_grad()
def word_pairs(model: PreTrainedModel, vocabulary: Vocabulary, encoder: Encoder) -> WordPairs | None:
    """The same words in both spaces; None if there are too few to learn from."""
    words = one_token_words(vocabulary)
    if len(words) < FEWEST_WORDS:
        return None
    ids = torch.tensor(list(words.values()), device=model.device)
    embeddings = model.get_input_embeddings()(ids).float().cpu()
    return WordPairs(torch.from_numpy(encoder.encode(list(words))), embeddings)
