"""In-prompt augmentation: chosen items of the profile and the input become one text (LaMP, arXiv 2304.11406).

The wording and the arithmetic are those of the reference code, so that scores compare (github.com/LaMP-Benchmark/LaMP,
``prompts/prompts.py``; LongLaMP-benchmark/LongLaMP-Benchmark likewise): items are joined by ", and ", the profile may
have what ``max_length`` leaves beside the input, of which at most 0.6 counts; the items share it evenly, and what a
short one leaves goes to the next. Only an item's long field is cut. Where the labels alone are too long, the input's
share falls in steps of 0.1, and in the end the input stands alone: the reference does so in silence, we count it.

The reference's text passes through the tokenizer's decoder even where nothing is cut, and so does ours. Three things
are not as there, on purpose:

- with Contriever the reference cuts the items with Contriever's tokenizer, which puts them in lower case; ours always
  cuts with the model's own;
- a budget of exactly no tokens makes the reference's tokenizer cut nothing at all; ours counts it as too short;
- LongLaMP's reference cuts no item, so that the input, which stands last, falls off the end; ours shares the room there
  as LaMP does, and is the reference's text wherever everything fits.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from transformers import PreTrainedTokenizerBase

from assistant.evaluation.benchmarks.questions import Item

_INPUT_SHARE = 0.6
_SHARE_STEP = 0.1
# What ", and " counts as in the reference's arithmetic.
_BETWEEN_TOKENS = 2


@dataclass(frozen=True, slots=True)
class Augmentation:
    """How a task writes its items and puts them beside the input; texts are format strings over an item's fields."""

    item: str
    long_field: str
    """The field that is cut."""
    counted: str | int
    """The item without its long field as the reference counts it, in words or in tokens; not always what it writes."""
    place: Callable[[str, str], str]
    """From the joined items and the input to the prompt."""
    counted_around: str = ""
    """Words between items and input that count."""
    counted_marks: int = 1
    """Further tokens that count: the full stop."""
    between: str = ", and "
    most_words: int | None = None
    """Words of the long field that are considered at all."""


@dataclass(frozen=True, slots=True)
class Augmented:
    """A prompt, and how many items it shows."""

    text: str
    items: int


class NoRoomError(Exception):
    """An item's own words leave nothing for its text."""


class TokenCutter:
    """Counts and cuts by a model's tokens, special ones included, as its input will be counted."""

    def __init__(self, tokenizer: PreTrainedTokenizerBase) -> None:
        self._tokenizer = tokenizer
        self._special = self.count("")

    def count(self, text: str) -> int:
        """Tokens of a text."""
        return len(self._tokenizer(text)["input_ids"])

    def cut(self, text: str, most: int) -> tuple[str, int]:
        """The beginning of a text that has at most so many tokens, as the decoder spells it, and how many it has.

        :raises NoRoomError: if not even the special tokens fit.
        """
        if most < self._special:
            raise NoRoomError
        ids = self._tokenizer(text, max_length=most, truncation=True)["input_ids"] if most else []
        return spell(self._tokenizer, ids), len(ids)


def spell(tokenizer: PreTrainedTokenizerBase, ids: Sequence[int]) -> str:
    """Tokens as text, without special ones and without blanks before punctuation, as the reference's decoder does."""
    text = tokenizer.decode(ids, skip_special_tokens=True, clean_up_tokenization_spaces=False)
    return str(tokenizer.clean_up_tokenization(text))


def augment(task: Augmentation, items: Sequence[Item], text: str, cutter: TokenCutter, *, max_length: int) -> Augmented:
    """Put the items, in their order, beside the input.

    :param max_length: tokens the model is given.
    """
    if not items:
        return Augmented(text, 0)
    length, share = cutter.count(text), _INPUT_SHARE
    while share >= 0:
        try:
            joined = _join(task, items, cutter, max_length - min(length, int(share * max_length)))
        except NoRoomError:
            share -= _SHARE_STEP
        else:
            prompt = task.place(joined, text)
            return Augmented(prompt, len(items) if prompt != text else 0)
    return Augmented(text, 0)


def _join(task: Augmentation, items: Sequence[Item], cutter: TokenCutter, budget: int) -> str:
    around = cutter.count(task.counted_around) if task.counted_around else 0
    each = (budget - task.counted_marks - _BETWEEN_TOKENS * (len(items) - 1) - around) // len(items)
    saved = 0
    written = []
    for item in items:
        own = task.counted if isinstance(task.counted, int) else cutter.count(task.counted.format(**item.fields))
        long = item.fields[task.long_field]
        if task.most_words is not None:
            long = " ".join(long.split()[: task.most_words])
        kept, tokens = cutter.cut(long, each + saved - own)
        saved += each - tokens - own
        written.append(task.item.format(**{**item.fields, task.long_field: kept}))
    return task.between.join(written)
