"""What a plug is trained on, on disk: drafts as token ids, and the vectors of what their authors had written before.

Everything that needs texts or an encoder is done once (``persona_prepare``); training needs this folder, the language
model and nothing else. An author's documents are stored once, oldest first; an example names how many came before it.
"""

import json
from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
from safetensors import SafetensorError
from safetensors.numpy import load_file, save

from assistant.embedding import Vectors
from assistant.errors import TrainingError
from assistant.generation.vocabulary import Vocabulary
from assistant.persona.plug import HistoryFields
from assistant.persona.saving import Side
from assistant.prompts import Part, Prompt
from assistant.whole_files import replacing

_TENSORS_FILE = "examples.safetensors"
_DESCRIPTION_FILE = "examples.json"
_SIDES = ("read", "begun", "written")
# Tokens that an encoder reads at most, in serving too, those of the prefix among them.
_ENCODER_TOKENS = 1024
PREFIX_ROOM = 16
"""Vectors that may be read before a prompt: examples are made for any plug that has no more."""

Ids = npt.NDArray[np.int32]


@dataclass(frozen=True, slots=True)
class Passage:
    """A prompt and what followed it, as one language model reads them.

    ``read`` are the ids of the prompt; an encoder-decoder's decoder goes on from ``begun``, the draft so far. Only
    ``written`` is to be foreseen.
    """

    read: Ids
    begun: Ids
    written: Ids

    def __len__(self) -> int:
        return len(self.read) + len(self.begun) + len(self.written)


def passage_of(
    vocabulary: Vocabulary, prompt: Prompt, continuation: str, *, is_encoder_decoder: bool, context: int
) -> Passage:
    """Encode a prompt and its continuation as serving does; of a prompt that is too long the least relevant end goes.

    :param context: tokens that a causal model can read.
    """
    written = vocabulary.encode((Part(continuation),))
    if is_encoder_decoder:
        room = _ENCODER_TOKENS - PREFIX_ROOM - len(vocabulary.closing)
        read = [*vocabulary.encode(prompt[:-1])[:room], *vocabulary.closing]
        return Passage(_ids(read), _ids(vocabulary.encode(prompt[-1:])), _ids(written))
    room = max(1, context - len(written) - len(vocabulary.opening) - PREFIX_ROOM)
    return Passage(_ids([*vocabulary.opening, *vocabulary.encode(prompt)[-room:]]), _ids([]), _ids(written))


@dataclass(frozen=True, slots=True)
class Example:
    """A passage, the vector of its draft's opening, (width,), and where its author's earlier documents stand."""

    passage: Passage
    query: Vectors
    first: int
    earlier: int


@dataclass(frozen=True, slots=True)
class ExamplesFor:
    """What examples fit: an encoder, a tokenizer, a kind of language model, and what of an item is encoded."""

    encoder: Side
    tokenizer: str
    """See ``assistant.training.tokenizer.vocabulary_fingerprint``."""
    is_encoder_decoder: bool
    fields: HistoryFields


@dataclass(frozen=True, slots=True)
class ExampleSet:
    """Examples in memory."""

    fits: ExamplesFor
    signature: dict[str, Any]
    """Corpora and settings that they were made from."""
    documents: Vectors
    """(documents of all authors, width), in half precision as the library keeps them."""
    examples: tuple[Example, ...]

    def history(self, example: Example) -> Vectors:
        """The author's documents before a draft, (documents, width), oldest first."""
        return self.documents[example.first : example.first + example.earlier].astype(np.float32)

    def authors(self) -> dict[int, int]:
        """For every author, by the place of the first document, how many documents there are."""
        most: dict[int, int] = {}
        for example in self.examples:
            most[example.first] = max(most.get(example.first, 0), example.earlier)
        return most


def save_examples(folder: Path, made: ExampleSet) -> None:
    """Write examples; the description, which makes them complete, comes last."""
    folder.mkdir(parents=True, exist_ok=True)
    passages = [example.passage for example in made.examples]
    tensors: dict[str, npt.NDArray[Any]] = {
        "documents": made.documents.astype(np.float16),
        "queries": np.stack([example.query for example in made.examples]).astype(np.float16),
        "first": np.array([example.first for example in made.examples], dtype=np.int64),
        "earlier": np.array([example.earlier for example in made.examples], dtype=np.int64),
    }
    for side in _SIDES:
        rows = [getattr(passage, side) for passage in passages]
        tensors[side] = np.concatenate(rows).astype(np.int32)
        tensors[f"{side}.lengths"] = np.array(list(map(len, rows)), dtype=np.int64)
    with replacing(folder / _TENSORS_FILE, folder / _DESCRIPTION_FILE) as (numbers, description):
        numbers.write_bytes(save(tensors))
        description.write_text(json.dumps({"fits": asdict(made.fits), "signature": made.signature}, indent=2) + "\n")


def has_examples(folder: Path) -> bool:
    """Whether a folder holds whole examples."""
    return (folder / _DESCRIPTION_FILE).is_file()


def load_examples(folder: Path) -> ExampleSet:
    """Read examples.

    :raises TrainingError: if they are missing or damaged.
    """
    if not has_examples(folder):
        raise TrainingError(
            f"no examples for a plug in {folder}: give `train persona` the corpora to make them from, or the folder of "
            "an earlier run by --examples"
        )
    try:
        description = json.loads((folder / _DESCRIPTION_FILE).read_text())
        tensors = load_file(folder / _TENSORS_FILE)
        return ExampleSet(
            _fits(description["fits"]), description["signature"], tensors["documents"], tuple(_examples(tensors))
        )
    except (OSError, ValueError, KeyError, TypeError, SafetensorError) as error:
        raise TrainingError(
            f"the examples in {folder} are damaged ({error}): remove the folder and make them anew"
        ) from error


def _fits(saved: dict[str, Any]) -> ExamplesFor:
    return ExamplesFor(
        Side(**saved["encoder"]),
        saved["tokenizer"],
        is_encoder_decoder=saved["is_encoder_decoder"],
        fields=HistoryFields(**saved["fields"]),
    )


def _examples(tensors: dict[str, npt.NDArray[Any]]) -> Iterable[Example]:
    sides = (np.split(tensors[side], tensors[f"{side}.lengths"].cumsum()[:-1]) for side in _SIDES)
    queries = tensors["queries"].astype(np.float32)
    for passage, query, first, earlier in zip(
        zip(*sides, strict=True), queries, tensors["first"], tensors["earlier"], strict=True
    ):
        yield Example(Passage(*passage), query, int(first), int(earlier))


def _ids(ids: Sequence[int]) -> Ids:
    return np.array(ids, dtype=np.int32)
