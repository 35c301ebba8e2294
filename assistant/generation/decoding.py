"""How the next token is drawn: pure functions on one row of logits.

Defaults follow what small models need: nucleus sampling at moderate temperature, no loops, and a sentence that ends.
"""

from collections.abc import Sequence

import torch
from torch import Tensor

# A suggestion may not repeat four tokens in a row that it, or the end of the draft, has already had in a row.
_LOOP_LENGTH = 4
# Added per token to the logits of sentence ends once the length asked for is reached.
_END_PRESSURE = 0.6


def forbid_loops(logits: Tensor, history: Sequence[int], words: Tensor) -> None:
    """Rule out every token that would complete a run of four tokens that occurred before; in place.

    Neither a capital letter nor a comma makes a loop anything else: the same holds for runs of four tokens of words,
    whatever their case and the punctuation between them.

    :param history: the ids of the draft's end and of the suggestion so far, evidence left out: quoting the writer's
        past is wanted, circling is not.
    :param words: for every id the number of its word, -1 where it has no letter or digit, (vocabulary,).
    """
    for token in _completing(history):
        logits[token] = -torch.inf
    numbers = words[torch.tensor(history, dtype=torch.long)].tolist()
    for word in _completing([number for number in numbers if number >= 0]):
        logits[words == word] = -torch.inf


def _completing(sequence: Sequence[int]) -> set[int]:
    """What would make the end of a sequence, with it, a run that occurred before."""
    run = _LOOP_LENGTH - 1
    tail = tuple(sequence[-run:])
    return {
        sequence[start + run] for start in range(len(sequence) - run) if tuple(sequence[start : start + run]) == tail
    }


def press_for_end(logits: Tensor, sentence_ends: Tensor, *, overtime: int) -> None:
    """Make sentence ends likelier the longer a suggestion runs past the length asked for; in place."""
    logits[sentence_ends] += _END_PRESSURE * overtime


def draw(logits: Tensor, *, temperature: float, top_p: float, generator: torch.Generator) -> int:
    """Draw one id by nucleus sampling (Holtzman et al. 2020); temperature 0 takes the likeliest."""
    if temperature == 0:
        return int(logits.argmax())
    probabilities = torch.softmax(logits.float() / temperature, dim=-1)
    ordered, ids = probabilities.sort(descending=True)
    # Everything after the point where the mass is reached goes; the likeliest always stays.
    beyond = ordered.cumsum(0) - ordered >= top_p
    beyond[0] = False
    probabilities[ids[beyond]] = 0
    # Drawn from the ids in their own order, not by rank: rounding, which differs with how much of a prompt was cached,
    # swaps ranks all the time but seldom changes which id a given random state picks.
    return int(torch.multinomial(probabilities, 1, generator=generator))


def ends_sentence(text: str) -> bool:
    """Whether a text stops at a sentence end, closing quotes and brackets allowed."""
    stripped = text.rstrip().rstrip("\"'”’)]")
    return stripped.endswith((".", "!", "?", "…"))
