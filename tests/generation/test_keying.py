"""The keys of a document: the states a model has when the same text stands in a prompt as a draft."""

import hashlib
from pathlib import Path

import numpy as np
import pytest
import torch

from assistant.generation.keying import final_states
from assistant.generation.local import LocalGenerator, load_generator
from assistant.memory.copying import word_fingerprints
from assistant.prompts import PromptTemplate, build_prompt
from assistant.sentences import sentence_spans
from assistant.types import Evidence
from tests.generation.architectures import CAUSAL, ENCODER_DECODERS, FAMILIES
from tests.small_models import write_small_checkpoint

TEXT = "The keeper wasn’t late, and the sluice gate stood open.  “It holds,” he said — naïve café 🙂.\n\nWe are short."
LONG = " ".join(f"On day {number} the keeper walked along the canal and the gate held." for number in range(80))


@pytest.fixture(scope="module")
def loaded(tmp_path_factory: pytest.TempPathFactory) -> dict[str, tuple[LocalGenerator, PromptTemplate]]:
    root = tmp_path_factory.mktemp("families")
    found = {name: load_generator(family.write(root / name.replace(" ", "-"))) for name, family in FAMILIES.items()}
    found["ours"] = load_generator(write_small_checkpoint(root / "ours"))
    for generator, _ in found.values():
        generator.model.float()
    return found


@pytest.mark.parametrize("name", [*CAUSAL, "ours"])
@pytest.mark.parametrize("title", ["", "The lock"])
def test_keys_are_the_states_of_a_draft_with_this_text(
    name: str, title: str, loaded: dict[str, tuple[LocalGenerator, PromptTemplate]]
) -> None:
    generator, template = loaded[name]
    keys = generator.keys_of(title, TEXT)
    assert keys is not None
    read = generator.read(build_prompt(template, Evidence(), title=title, before=TEXT), " on Thursday.")
    assert keys.tokens.tolist() == read.ids[read.first - len(keys.tokens) : read.first].tolist()
    expected = read.keys[read.first - len(keys.tokens) - 1 : read.first - 1]
    assert np.allclose(keys.keys, expected, atol=2e-3)
    assert keys.content == hashlib.sha256(TEXT.encode()).hexdigest()
    assert keys.model == generator.memory.model


@pytest.mark.parametrize("name", [*CAUSAL, "ours"])
def test_every_token_knows_its_word_and_its_sentence(
    name: str, loaded: dict[str, tuple[LocalGenerator, PromptTemplate]]
) -> None:
    generator, _ = loaded[name]
    keys = generator.keys_of("The lock", TEXT)
    assert keys is not None
    found = {TEXT[start:end].strip() for start, end in keys.spans.tolist()}
    assert {"The", "keeper", "wasn’t", "late", ",", "gate", "naïve", "café", "short"} <= found
    assert (np.diff(keys.sentences) >= 0).all()
    assert keys.sentences.max() == len(list(sentence_spans(TEXT))) - 1
    assert keys.words.tolist() == word_fingerprints(TEXT).tolist()


@pytest.mark.parametrize("name", [*CAUSAL, "ours"])
def test_a_document_longer_than_the_context_is_read_in_windows_that_overlap(
    name: str, loaded: dict[str, tuple[LocalGenerator, PromptTemplate]]
) -> None:
    generator, _ = loaded[name]
    pauses: list[int] = []
    keys = generator.keys_of("The lock", LONG, lambda: pauses.append(1))
    assert keys is not None
    assert len(keys.tokens) == len(keys.keys) > 1024
    assert len(pauses) > 1
    assert np.allclose(np.linalg.norm(keys.keys.astype(np.float32), axis=1), 1, atol=1e-2)
    # Where a window begins the model has read the overlap: like a place far inside the first, it knows the sentence.
    start = generator.key_maker()._window - 20
    beside = generator.keys_of("The lock", LONG[: keys.spans[start + 40, 1]])
    assert beside is not None
    assert beside.tokens[:start].tolist() == keys.tokens[:start].tolist()
    assert np.allclose(beside.keys[:start], keys.keys[:start], atol=2e-3)


@pytest.mark.parametrize("name", ENCODER_DECODERS)
def test_an_encoder_decoder_has_no_keys(name: str, loaded: dict[str, tuple[LocalGenerator, PromptTemplate]]) -> None:
    generator, _ = loaded[name]
    assert not generator.can_recall
    assert generator.keys_of("The lock", TEXT) is None


@pytest.mark.parametrize("text", ["", "A"])
@pytest.mark.parametrize("name", ["llama", "ours"])
def test_next_to_nothing_has_next_to_no_keys(
    name: str, text: str, loaded: dict[str, tuple[LocalGenerator, PromptTemplate]]
) -> None:
    generator, _ = loaded[name]
    keys = generator.keys_of("", text)
    assert keys is not None
    assert len(keys.tokens) == len(keys.keys) == len(keys.spans) == len(text)


def test_batches_of_windows_give_the_states_of_single_ones(
    loaded: dict[str, tuple[LocalGenerator, PromptTemplate]],
) -> None:
    generator, _ = loaded["ours"]
    ids = torch.tensor([[3, 4, 5, 6, 0, 0], [7, 8, 9, 10, 11, 12]])
    with torch.no_grad():
        together = final_states(generator.model, ids)
        alone = final_states(generator.model, ids[:1, :4])
    assert torch.allclose(together[0, :4], alone[0], atol=1e-5)


def test_a_pause_may_end_the_work(tmp_path: Path) -> None:
    generator, _ = load_generator(write_small_checkpoint(tmp_path / "ours"))

    def stop() -> None:
        raise InterruptedError

    with pytest.raises(InterruptedError):
        generator.keys_of("The lock", LONG, stop)
