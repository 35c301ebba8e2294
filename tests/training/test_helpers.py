"""Models that write the summary and the words: from a corpus, by the verbs a person types, to a stage that serves."""

import argparse
from pathlib import Path

import pytest
import torch
from transformers import LlamaConfig, LlamaForCausalLM, T5ForConditionalGeneration

from assistant.evidence_methods import evidence_stages
from assistant.generation.loading import load_language_model
from assistant.settings import HelperSettings, KeywordSettings, Settings, SummarySettings
from assistant.training.archive import ARCHIVE_VOICE, ArchiveView, WordVectors, build_archive
from assistant.training.commands import add_train_commands
from assistant.training.corpus import Record
from assistant.training.shards import FULL_WEIGHT, Source, load_sources
from assistant.training.weak_labels import fold_of
from assistant.types import Evidence, Request, WriterId
from tests.generation.architectures import FAMILIES
from tests.hashing_encoder import HashingEncoder
from tests.small_models import small_tokenizer, write_small_checkpoint
from tests.training.corpora import names, prose, write_corpus

ENCODER = HashingEncoder()
_NAMES = names("train", 40)
# The helper's half writes on one subject, which a small model can learn; the others make its words rare enough.
LEARNT = [name for name in _NAMES if fold_of(name) == 0][:2]
OTHERS = [name for name in _NAMES if fold_of(name) == 1][:8]


def train(line: str) -> None:
    parser = argparse.ArgumentParser()
    add_train_commands(parser.add_subparsers())
    arguments = parser.parse_args(["train", *line.split()])
    arguments.run(arguments)


@pytest.fixture(autouse=True)
def hashing(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("assistant.retrieval.encoder.load_encoder", HashingEncoder)


def text_of(author: str, number: int) -> str:
    """Document ``number`` of an author."""
    if author in LEARNT:
        return prose(0, 10 * LEARNT.index(author) + number, characters=420)
    return prose(1 + OTHERS.index(author) % 5, 10 * OTHERS.index(author) + number, characters=420)


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A corpus of ten authors with four documents each, and a model that can read them whole."""
    folder = tmp_path_factory.mktemp("helpers")
    rows = [
        {"author": author, "title": "", "date": f"2004-0{n + 1}-01", "text": text_of(author, n)}
        for author in (*LEARNT, *OTHERS)
        for n in range(4)
    ]
    write_corpus(folder / "c.jsonl", rows)
    tokenizer = small_tokenizer()
    torch.manual_seed(0)
    config = LlamaConfig(
        vocab_size=len(tokenizer),
        hidden_size=64,
        num_hidden_layers=2,
        num_attention_heads=2,
        num_key_value_heads=2,
        intermediate_size=128,
        max_position_embeddings=2048,
        tie_word_embeddings=True,
        eos_token_id=tokenizer.eos_token_id,
        bos_token_id=tokenizer.eos_token_id,
        pad_token_id=tokenizer.eos_token_id,
    )
    write_small_checkpoint(folder / "start", LlamaForCausalLM(config).to(torch.bfloat16))
    return folder


def prepared(folder: Path, out: Path, kind: str, model: Path, options: str = "") -> Source:
    train(f"prepare {kind} {folder}/c.jsonl --tokenizer {model} --out {out} --continuation-characters 250 {options}")
    (source,) = load_sources(out)
    return source


def view() -> ArchiveView:
    records = [Record("A", "", f"2004-0{i + 1}-01", prose(0, 300 + i, characters=420)) for i in range(3)]
    return build_archive(records, ENCODER, WordVectors(ENCODER)).before(3)


def served(settings: Settings) -> Evidence:
    request = Request(WriterId(0), ARCHIVE_VOICE, "", "On day 301 we saw the")
    return evidence_stages(view(), ENCODER, settings).evidence(request)


@pytest.mark.parametrize("kind", ["summaries", "keywords"])
def test_the_loss_is_the_labels_alone_and_the_label_is_of_the_entries(folder: Path, tmp_path: Path, kind: str) -> None:
    source = prepared(folder, tmp_path, kind, folder / "start")
    tokenizer = small_tokenizer()
    assert len(source) > 3
    for number in range(len(source)):
        tokens, weights = source.example(number)
        assert set(weights.tolist()) == {0, FULL_WEIGHT}
        border = int((weights == 0).sum())
        assert (weights[:border] == 0).all()
        assert tokens[-1] == tokenizer.eos_token_id
        read, label = tokenizer.decode(tokens[:border].tolist()), tokenizer.decode(tokens[border:-1].tolist())
        pieces = label.split(", ") if kind == "keywords" else label.split(". ")
        assert all(piece.rstrip(".") in read for piece in pieces)


def test_a_helper_learns_from_one_half_of_the_authors(folder: Path, tmp_path: Path) -> None:
    whole = {}
    for half in (0, 1):
        source = prepared(folder, tmp_path / str(half), "summaries", folder / "start", f"--half {half}")
        whole[half] = small_tokenizer().decode([int(i) for i in source.tokens])
    for author in (*LEARNT, *OTHERS):
        own = text_of(author, 2)[:40]
        assert own in whole[fold_of(author)]
        assert own not in whole[1 - fold_of(author)]
    default = prepared(folder, tmp_path / "default", "summaries", folder / "start")
    assert small_tokenizer().decode([int(i) for i in default.tokens]) == whole[0]


@pytest.mark.parametrize("kind", ["summaries", "keywords"])
def test_a_causal_model_learns_to_write_what_is_in_the_entries(folder: Path, tmp_path: Path, kind: str) -> None:
    prepared(folder, tmp_path / "shards", kind, folder / "start")
    train(
        f"finetune --shards {tmp_path}/shards --tokenizer {folder}/start --init {folder}/start --out {tmp_path}/run "
        "--tokens 90000 --tokens-per-batch 2500 --warmup-tokens 2000"
    )
    train(f"export {tmp_path}/run --tokenizer {folder}/start --out {tmp_path}/writer")
    helpers = HelperSettings(summary_model=f"{tmp_path}/writer", keyword_model=f"{tmp_path}/writer")
    if kind == "summaries":
        found = served(Settings(summary=SummarySettings(method="SumCtxWritten"), helpers=helpers))
        snippets = {snippet.id: snippet for entry in found.entries for snippet in entry.snippets}
        assert found.summary.sentences
        assert all(snippets[one.snippet].document == one.document for one in found.summary.sentences)
    else:
        found = served(Settings(keywords=KeywordSettings(method="SynCtxWritten"), helpers=helpers))
        whole = " ".join(entry.text for entry in found.entries)
        assert found.keywords
        assert all(keyword.text in whole for keyword in found.keywords)
        assert [one.weight for one in found.keywords] == sorted((one.weight for one in found.keywords), reverse=True)


def test_an_encoder_decoder_learns_and_serves_too(folder: Path, tmp_path: Path) -> None:
    base = FAMILIES["t5"].write(tmp_path / "base")
    source = prepared(folder, tmp_path / "shards", "summaries", base, "--architecture encoder-decoder")
    read, written, weights = source.pair(0)
    tokenizer = load_language_model(base).tokenizer
    whole = tokenizer.decode(read.tolist())
    assert whole.startswith("Write the summary. passage start: ")
    assert tokenizer.decode(written[:40].tolist()) in whole.partition("past passages: ")[2]
    assert set(weights.tolist()) == {FULL_WEIGHT}
    train(
        f"finetune --shards {tmp_path}/shards --tokenizer {base} --init {base} --out {tmp_path}/run --tokens 6000 "
        "--tokens-per-batch 3000"
    )
    train(f"export {tmp_path}/run --tokenizer {base} --out {tmp_path}/writer")
    assert isinstance(load_language_model(tmp_path / "writer").model, T5ForConditionalGeneration)
    helpers = HelperSettings(summary_model=f"{tmp_path}/writer", keyword_model=f"{tmp_path}/writer")
    found = served(Settings(summary=SummarySettings(method="SumCtxWritten"), helpers=helpers))
    assert found.entries  # a few updates teach it nothing; what counts is that it reads and writes
