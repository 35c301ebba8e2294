"""Examples for a plug: drafts of the past with what came before them, and nothing that came later."""

import json
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pytest

from assistant.errors import CorpusError, SettingsError, TrainingError
from assistant.generation.vocabulary import read_vocabulary
from assistant.persona.history import ItemDetails, item_vectors
from assistant.persona.plug import HistoryFields
from assistant.prompts import PAPER_TEMPLATE, Part, PromptTemplate, build_prompt
from assistant.settings import RankingSettings, Settings
from assistant.training.examples import ExampleSettings
from assistant.training.persona_examples import ExampleSet, load_examples, passage_of, save_examples
from assistant.training.persona_prepare import PersonaExampleSettings, PromptFormat, make_examples
from assistant.types import Evidence
from tests.hashing_encoder import HashingEncoder
from tests.small_models import VOCABULARY, small_tokenizer
from tests.training.corpora import documents, names, write_corpus

WORDS = read_vocabulary(small_tokenizer(), size=VOCABULARY)
CAUSAL = PromptFormat(WORDS, PromptTemplate(), is_encoder_decoder=False, context=2048)
AUTHORS = names("train", 3)
COUNT = 6
DRAFTS = ExampleSettings(per_author=3, continuation_characters=200)
SETTINGS = PersonaExampleSettings(DRAFTS)


@pytest.fixture(scope="module")
def corpus(tmp_path_factory: pytest.TempPathFactory) -> Path:
    rows = [row for subject, author in enumerate(AUTHORS) for row in documents(author, subject, count=COUNT)]
    return write_corpus(tmp_path_factory.mktemp("data") / "corpus.jsonl", rows)


@pytest.fixture(scope="module")
def made(corpus: Path) -> ExampleSet:
    return make_examples([corpus], CAUSAL, HashingEncoder(), SETTINGS)


def test_a_history_is_what_the_author_wrote_before_and_nothing_later(made: ExampleSet, corpus: Path) -> None:
    texts = [json.loads(line)["text"] for line in corpus.read_text().splitlines()]
    known = HashingEncoder().encode(texts)
    for example in made.examples:
        history = made.history(example)
        assert 2 <= len(history) == example.earlier < COUNT
        numbers = [int(np.argmax(known @ vector)) for vector in history]
        first = numbers[0]
        assert first % COUNT == 0  # one author's, from the first on
        assert numbers == list(range(first, first + example.earlier))
        spoken = WORDS.text(example.passage.written).decode()
        assert spoken.strip() in texts[first + example.earlier]


def test_every_author_has_as_many_examples_as_asked_for(made: ExampleSet) -> None:
    assert len(made.examples) == 9
    assert len(made.authors()) == 3
    assert made.documents.shape == (18, 384)


def test_the_share_of_prompts_with_evidence_is_kept_to(corpus: Path) -> None:
    lengths = {}
    for share in (0.0, 1.0):
        some = make_examples([corpus], CAUSAL, HashingEncoder(), replace(SETTINGS, evidence_share=share))
        lengths[share] = sum(len(example.passage.read) for example in some.examples)
    assert lengths[1.0] > 2 * lengths[0.0]


class Counting(HashingEncoder):
    """Keeps what it was asked to encode."""

    def __init__(self) -> None:
        self.texts: list[str] = []

    def encode(self, texts: Sequence[str]) -> npt.NDArray[np.float32]:
        self.texts.extend(texts)
        return super().encode(texts)


def test_words_are_encoded_only_where_evidence_needs_them(corpus: Path) -> None:
    encoded = {}
    for share in (0.0, 1.0):
        encoder = Counting()
        make_examples([corpus], CAUSAL, encoder, replace(SETTINGS, evidence_share=share))
        encoded[share] = {text for text in encoder.texts if " " not in text}
    assert encoded[1.0]
    assert not encoded[0.0]


def test_evidence_can_be_kept_short(corpus: Path, made: ExampleSet) -> None:
    ranking = replace(RankingSettings(), budget_characters=150, passage_characters=150)
    drafts = replace(DRAFTS, evidence=Settings(ranking=ranking))
    short, full = (
        make_examples([corpus], CAUSAL, HashingEncoder(), PersonaExampleSettings(given, evidence_share=1.0))
        for given in (drafts, DRAFTS)
    )
    read = [sum(len(example.passage.read) for example in some.examples) for some in (short, full)]
    assert read[0] < read[1]
    assert short.signature["settings"]["evidence_characters"] == 150
    assert made.signature["settings"]["evidence_characters"] == 2500


def test_titles_are_encoded_where_that_is_wanted(corpus: Path, made: ExampleSet) -> None:
    titled = make_examples([corpus], CAUSAL, HashingEncoder(), replace(SETTINGS, fields=HistoryFields(titles=True)))
    row = json.loads(corpus.read_text().splitlines()[0])
    first = next(example.first for example in titled.examples)
    assert first in made.authors()
    text = list(made.documents[:1].astype(np.float32))
    titles = [ItemDetails(title=json.loads(line)["title"]) for line in corpus.read_text().splitlines()]
    candidates = [item_vectors(text, [each], HistoryFields(titles=True), HashingEncoder())[0] for each in titles]
    assert max(float(titled.documents[0] @ each) for each in candidates) > 0.999
    assert row["title"]


def test_examples_are_read_back_as_they_were(made: ExampleSet, tmp_path: Path) -> None:
    save_examples(tmp_path, made)
    read = load_examples(tmp_path)
    assert read.fits == made.fits
    assert read.signature == made.signature
    assert np.allclose(read.documents, made.documents, atol=1e-3)
    for one, other in zip(read.examples, made.examples, strict=True):
        assert (one.first, one.earlier) == (other.first, other.earlier)
        for side in ("read", "begun", "written"):
            assert getattr(one.passage, side).tolist() == getattr(other.passage, side).tolist()


def test_missing_and_damaged_examples_say_what_to_do(made: ExampleSet, tmp_path: Path) -> None:
    with pytest.raises(TrainingError, match="give `train persona` the corpora"):
        load_examples(tmp_path)
    save_examples(tmp_path, made)
    (tmp_path / "examples.safetensors").write_bytes(b"no")
    with pytest.raises(TrainingError, match="damaged"):
        load_examples(tmp_path)


def test_an_encoder_decoder_goes_on_from_the_draft() -> None:
    prompt = build_prompt(PAPER_TEMPLATE, Evidence(), title="The gate", before="The gate stood")
    passage = passage_of(WORDS, prompt, " open.", is_encoder_decoder=True, context=512)
    assert WORDS.text(passage.begun).decode() == "The gate stood"
    assert WORDS.text(passage.written).decode() == " open."
    assert "title: The gate" in WORDS.text(passage.read).decode()


def test_a_prompt_too_long_for_the_model_keeps_its_end() -> None:
    prompt = (Part("The gate stood open. " * 200),)
    passage = passage_of(WORDS, prompt, " It held.", is_encoder_decoder=False, context=100)
    assert len(passage.read) + len(passage.written) <= 84
    assert WORDS.text(passage.read).decode().endswith("stood open. ")


def test_bad_input_is_refused(tmp_path: Path) -> None:
    single = write_corpus(tmp_path / "one.jsonl", documents(AUTHORS[0], 0))
    with pytest.raises(CorpusError, match="expected at least 2"):
        make_examples([single], CAUSAL, HashingEncoder(), SETTINGS)
    with pytest.raises(SettingsError, match="expected 0 to 1"):
        PersonaExampleSettings(evidence_share=1.5)
