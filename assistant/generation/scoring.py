"""How likely a text is after several prompts that differ in a passage.

Each prompt is read only from where it leaves the one before, as far as the model's layers allow; the last word of the
draft is taken back and spelled again, as when the text was written, and does not count.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import torch
from torch import Tensor
from transformers import DynamicCache, PreTrainedModel

from assistant.generation.reading import common_prefix, is_cuttable, model_input, stretch_of
from assistant.generation.vocabulary import Vocabulary
from assistant.prompts import Part, Prompt


@dataclass(frozen=True, slots=True)
class _Scored:
    """A prompt with the text: ids, and those from ``start`` on are scored."""

    ids: list[int]
    start: int


def scores_of(
    model: PreTrainedModel,
    vocabulary: Vocabulary,
    context: int,
    prompts: Sequence[Prompt],
    text: str,
    prefix: Tensor | None = None,
) -> Iterator[float | None]:
    """The log-likelihoods, and None in between, see ``assistant.stages.Scorer``.

    :param context: tokens the model can read at once; of a longer prompt its beginning is cut off.
    :param prefix: (vectors, width), read before each prompt.
    """
    if model.config.is_encoder_decoder:
        return (_answer_score(model, vocabulary, prompt, text, prefix) for prompt in prompts)
    room = context - (0 if prefix is None else len(prefix))
    return _causal_scores(model, [_scored(vocabulary, room, prompt, text) for prompt in prompts], prefix)


def _causal_scores(model: PreTrainedModel, texts: Sequence[_Scored], prefix: Tensor | None) -> Iterator[float | None]:
    can_cut, stretch = is_cuttable(model), stretch_of(model)
    cache, read = DynamicCache(), list[int]()
    for scored in texts:
        shared = min(common_prefix(read, scored.ids), scored.start - 1)
        if not can_cut or shared == 0:
            cache, shared = DynamicCache() if can_cut else DynamicCache(config=model.config), 0
        elif shared < len(read):
            cache.crop(shared - len(read))  # a negative number removes that many from the end
        while can_cut and scored.start - 1 - shared > stretch:
            new = model_input(model, scored.ids[shared : shared + stretch], None if shared else prefix)
            _logits(model, cache, new, kept=1)
            shared += stretch
            yield None
        new = model_input(model, scored.ids[shared:-1], None if shared else prefix)
        logits = _logits(model, cache, new, kept=len(scored.ids) - scored.start)
        read = scored.ids[:-1]
        yield _likelihood(logits, scored.ids[scored.start :])


@torch.no_grad()
def _logits(model: PreTrainedModel, cache: DynamicCache, new: dict[str, Tensor], *, kept: int) -> Tensor:
    logits: Tensor = model(**new, past_key_values=cache, use_cache=True, logits_to_keep=kept).logits[0]
    return logits


@torch.no_grad()
def _answer_score(
    model: PreTrainedModel, vocabulary: Vocabulary, prompt: Prompt, text: str, prefix: Tensor | None
) -> float:
    """The score by an encoder-decoder, whose decoder goes on from the draft."""
    source = [*vocabulary.encode(prompt[:-1]), *vocabulary.closing]
    draft, answer = vocabulary.encode(prompt[-1:]), vocabulary.encode((Part(text),))
    labels = torch.tensor([[*draft, *answer]], device=model.device)
    logits = model(**model_input(model, source, prefix), labels=labels).logits[0]
    return _likelihood(logits[len(draft) :], answer)


def _likelihood(logits: Tensor, ids: list[int]) -> float:
    said = logits.float().cpu().log_softmax(1)
    return float(said.gather(1, torch.tensor(ids)[:, None]).sum())


def _scored(vocabulary: Vocabulary, context: int, prompt: Prompt, text: str) -> _Scored:
    kept, typed = vocabulary.heal(prompt)
    written = vocabulary.encode((Part(typed.decode() + text),))
    room = max(1, context - len(written) - len(vocabulary.opening))
    head = [*vocabulary.opening, *vocabulary.encode(kept)[-room:]] or [min(vocabulary.end_ids, default=0)]
    return _Scored([*head, *written], len(head) + _spelled(vocabulary, written, len(typed)))


def _spelled(vocabulary: Vocabulary, ids: Sequence[int], size: int) -> int:
    """How many ids only spell again what was typed, ``size`` bytes; the last one always counts as new."""
    count = spelled = 0
    while count < len(ids) - 1 and spelled + len(vocabulary.text(ids[count : count + 1])) <= size:
        spelled += len(vocabulary.text(ids[count : count + 1]))
        count += 1
    return count
