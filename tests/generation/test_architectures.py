"""Models of other families: each reads exactly what was typed, keeps what it has read, and ends where it should."""

from collections.abc import Callable, Iterator
from contextlib import closing
from dataclasses import dataclass, field
from pathlib import Path

import pytest
import torch

from assistant.generation import reading
from assistant.generation.loading import LanguageModel, load_language_model
from assistant.generation.local import LocalGenerator, load_generator
from assistant.generation.vocabulary import Vocabulary, read_vocabulary
from assistant.prompts import PAPER_TEMPLATE, PLAIN_TEMPLATE, Part, Prompt
from assistant.types import Sampling
from tests.generation.architectures import CAUSAL, ENCODER_DECODERS, FAMILIES

DRAFT = "The keeper walked along the canal in the morning, and the sluice gate stood open."
# New lines, a word nobody knows, spaces, a character that sentencepiece must spell in bytes (and T5 cannot).
ODD_DRAFT = "Thanks!\n\nDas Café “öffnet”  um 9 🙂 and the zzq"


@dataclass
class Subject:
    """A generator and the ids its model (for an encoder-decoder: the encoder, the decoder) reads."""

    generator: LocalGenerator
    read: list[int] = field(default_factory=list)
    encoded: list[list[int]] = field(default_factory=list)

    @property
    def vocabulary(self) -> Vocabulary:
        return read_vocabulary(self.generator.tokenizer, size=len(self.generator.tokenizer))

    def write(self, prompt: Prompt, **sampling: float) -> str:
        with closing(self.generator.stream(prompt, Sampling(**({"max_tokens": 6} | sampling)))) as stream:  # type: ignore[arg-type]
            return "".join(stream)

    def seen(self) -> str:
        """What the (decoder of the) model has read, as text; the last character may be incomplete."""
        return self.vocabulary.text(self.read).decode(errors="replace").rstrip("\ufffd")


Fresh = Callable[[str], Subject]


@pytest.fixture(scope="session")
def folders(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    root = tmp_path_factory.mktemp("families")
    return {name: family.write(root / name.replace(" ", "-")) for name, family in FAMILIES.items()}


@pytest.fixture(scope="session")
def loaded(folders: dict[str, Path]) -> dict[str, LanguageModel]:
    """Every family, in float32, in which a cached prefix gives the very numbers a fresh one gives."""
    models = {name: load_language_model(folder) for name, folder in folders.items()}
    for each in models.values():
        each.model.float()
    return models


@pytest.fixture
def fresh(loaded: dict[str, LanguageModel]) -> Iterator[Fresh]:
    """Makes a generator that has read nothing, over a model that was loaded once."""
    removals = []

    def make(name: str) -> Subject:
        model = loaded[name].model
        subject = Subject(LocalGenerator(loaded[name]))

        def note(_: object, __: object, given: dict[str, torch.Tensor]) -> None:
            subject.read.extend(given["decoder_input_ids" if name in ENCODER_DECODERS else "input_ids"][0].tolist())

        def note_encoder(_: object, __: object, given: dict[str, torch.Tensor]) -> None:
            subject.encoded.append(given["input_ids"][0].tolist())

        removals.append(model.register_forward_pre_hook(note, with_kwargs=True))
        if name in ENCODER_DECODERS:
            removals.append(model.get_encoder().register_forward_pre_hook(note_encoder, with_kwargs=True))
        return subject

    yield make
    for removal in removals:
        removal.remove()


def plain(draft: str, *, evidence: str = "") -> Prompt:
    return (Part("\n\nPast passage:\n"), Part(evidence), Part("\n\n"), Part(draft))


def test_a_model_that_brings_no_template_gets_the_one_for_its_kind(folders: dict[str, Path]) -> None:
    assert load_generator(folders["qwen"])[1] == PLAIN_TEMPLATE
    assert load_generator(folders["t5"])[1] == PAPER_TEMPLATE


@pytest.mark.parametrize("name", FAMILIES)
def test_every_family_writes_the_same_again_and_something_else_for_another_seed(name: str, fresh: Fresh) -> None:
    subject = fresh(name)
    texts = [subject.write(plain(DRAFT), seed=seed, temperature=5) for seed in (1, 1, 2, 3, 4)]
    assert texts[0] == texts[1]
    assert len(set(texts)) > 1
    assert all(text.strip() for text in texts)


@pytest.mark.parametrize("name", FAMILIES)
def test_what_opens_and_ends_a_text_is_known(name: str, loaded: dict[str, LanguageModel]) -> None:
    family, vocabulary = FAMILIES[name], loaded[name].vocabulary()
    number = loaded[name].tokenizer.convert_tokens_to_ids
    assert vocabulary.opening == tuple(number(token) for token in family.opens_with)
    assert vocabulary.end_ids == {number(token) for token in family.ends}
    assert not vocabulary.end_ids & set(vocabulary.banned.tolist())


@pytest.mark.parametrize("name", CAUSAL)
def test_a_prompt_is_opened_once(name: str, fresh: Fresh) -> None:
    subject = fresh(name)
    subject.write(plain(DRAFT, evidence="The gate was mended in May. " * 400), max_tokens=10)
    opening = subject.generator._vocabulary.opening
    assert tuple(subject.read[: len(opening)]) == opening
    assert not set(opening) & set(subject.read[len(opening) :])
    assert len(subject.read) <= 512


@pytest.mark.parametrize("draft", [DRAFT[:22], ODD_DRAFT])
@pytest.mark.parametrize("name", CAUSAL)
def test_at_every_cut_a_causal_model_has_written_just_what_was_typed(name: str, draft: str, fresh: Fresh) -> None:
    for cut in range(0, len(draft) + 1, 3):
        subject = fresh(name)
        suggestion = subject.write((Part("Letter:\n"), Part(draft[:cut])), max_tokens=3, seed=cut)
        seen = subject.seen().lstrip(" ").removeprefix("Letter:\n")
        assert seen.startswith(draft[:cut])
        assert (draft[:cut] + suggestion).startswith(seen)
        assert suggestion


@pytest.mark.parametrize("name", ENCODER_DECODERS)
def test_at_every_cut_a_decoder_has_written_just_what_was_typed(name: str, fresh: Fresh) -> None:
    for cut in range(0, len(DRAFT[:24]) + 1, 2):
        subject = fresh(name)
        typed = DRAFT[:cut]
        suggestion = subject.write((Part("passage start: "), Part(typed), Part(typed)), max_tokens=3, seed=cut)
        seen = subject.seen().removeprefix(" ")
        assert seen.startswith(typed)
        assert (typed + suggestion).startswith(seen)
        assert suggestion


@pytest.mark.parametrize("name", ENCODER_DECODERS)
def test_white_space_and_characters_that_t5_does_not_know_do_not_stop_it(name: str, fresh: Fresh) -> None:
    for cut in range(0, len(ODD_DRAFT) + 1, 3):
        typed = ODD_DRAFT[:cut]
        assert fresh(name).write((Part("start: "), Part(typed), Part(typed)), max_tokens=2, seed=cut).strip("\ufffd")


@pytest.mark.parametrize(
    ("draft", "kept", "typed"),
    [
        ("", "", " "),
        ("The ga", "The", " ga"),
        ("The gate ", "The gate", " "),
        ("The gate.\n\n", "The gate.", " "),
        ("The gate.\n\nWe a", "The gate.\n\nWe", " a"),
        ("The gate.\n\nW", "The gate.", " W"),
        ("The", "", " The"),
        ("The 🙂", "The 🙂", ""),
    ],
)
def test_t5_spells_a_space_for_all_white_space_and_before_the_first_word(
    draft: str, kept: str, typed: str, loaded: dict[str, LanguageModel]
) -> None:
    prompt = (Part("start: "), Part(draft))
    assert loaded["t5"].vocabulary().heal(prompt, stands_alone=True) == ((prompt[0], Part(kept)), typed.encode())


@pytest.mark.parametrize("name", CAUSAL)
def test_a_cached_prefix_writes_what_a_fresh_model_writes(name: str, fresh: Fresh) -> None:
    evidence = "The gate was mended in May. " * 4
    drafts = [
        plain(DRAFT[:30], evidence=evidence),
        plain(DRAFT[:45], evidence=evidence),  # typed on
        plain(DRAFT[:40], evidence=evidence),  # deleted
        plain("Something else entirely", evidence=evidence),
        plain(DRAFT[:40]),  # the evidence went
        plain(DRAFT[:40]),  # once more
    ]
    kept = fresh(name)
    for number, draft in enumerate(drafts):
        expected = fresh(name).write(draft, seed=number)
        kept.read.clear()
        assert kept.write(draft, seed=number) == expected


@pytest.mark.parametrize("name", ["gemma 2", "gemma 3"])
def test_typing_on_costs_little_in_spite_of_a_sliding_window(name: str, fresh: Fresh) -> None:
    subject = fresh(name)
    evidence = "The gate was mended in May, and again in June. " * 4
    subject.write(plain(DRAFT[:40], evidence=evidence), max_tokens=1)
    first = len(subject.read)
    subject.write(plain(DRAFT[:44], evidence=evidence), max_tokens=1)
    assert len(subject.read) - first < first / 5


@pytest.mark.parametrize("name", ENCODER_DECODERS)
def test_the_source_is_encoded_once_and_closed_by_its_end(name: str, fresh: Fresh) -> None:
    subject = fresh(name)
    prompt = (Part("The passage."), Part(" passage start: "), Part(DRAFT), Part(DRAFT))
    first = subject.write(prompt, max_tokens=8, seed=3)
    subject.write(prompt, max_tokens=8, seed=4)
    again = subject.write(prompt, max_tokens=8, seed=3)
    (encoded,) = subject.encoded
    assert subject.vocabulary.text(encoded).decode() == f" The passage. passage start: {DRAFT}"
    assert encoded[-1] == subject.generator.tokenizer.eos_token_id
    assert first == again
    subject.write((*prompt[:-2], Part("We"), Part("We")))
    assert len(subject.encoded) == 2


@pytest.mark.parametrize("name", ENCODER_DECODERS)
def test_a_long_source_is_cut_at_its_least_relevant_end(name: str, fresh: Fresh) -> None:
    subject = fresh(name)
    subject.write((Part("passage start: "), Part(DRAFT), Part(" past: " + "lost words " * 900), Part(DRAFT)))
    (encoded,) = subject.encoded
    assert len(encoded) == 1024
    assert DRAFT in subject.vocabulary.text(encoded).decode()
    assert encoded[-1] == subject.generator.tokenizer.eos_token_id


@pytest.mark.parametrize("name", ["llama", "gemma 3", "recurrent", "flan-t5"])
def test_a_stream_closed_half_way_leaves_no_trace(name: str, fresh: Fresh) -> None:
    subject = fresh(name)
    expected = fresh(name).write(plain(DRAFT), seed=9)
    stream = subject.generator.stream(plain(DRAFT[:60], evidence="Lost. " * 20), Sampling(max_tokens=60))
    next(iter(stream))
    before = len(subject.read)
    stream.close()
    assert stream.finish == "cancelled"
    assert len(subject.read) == before
    assert subject.write(plain(DRAFT), seed=9) == expected


@pytest.mark.parametrize("name", CAUSAL)
def test_a_long_prompt_may_be_left_while_it_is_read(name: str, fresh: Fresh, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(reading, "_STRETCH_OPERATIONS", 0)  # as for a model that is large
    subject = fresh(name)
    prompt = plain(DRAFT, evidence="The gate was mended in May. " * 60)
    pieces = iter(subject.generator.stream(prompt, Sampling(max_tokens=4)))
    if name == "recurrent":  # its state is only right if all is read in one go
        assert next(pieces)
        return
    assert next(pieces) == ""
    read = len(subject.read)
    pieces.close()  # type: ignore[attr-defined]
    assert len(subject.read) == read < 100
    expected = fresh(name).write(prompt, seed=2)
    subject.read.clear()
    assert subject.write(prompt, seed=2) == expected
