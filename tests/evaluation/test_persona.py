"""``evaluate persona`` from a corpus to its document: rows, controls, tests, the share of the task, going on."""

import argparse
import json
import math
from pathlib import Path
from typing import Any

import pytest
import torch

from assistant.embedding import PersonaPrefix
from assistant.errors import CorpusError, ModelError
from assistant.evaluation.checkpoint import Subject
from assistant.evaluation.held_out import cut
from assistant.evaluation.journal import Journal
from assistant.evaluation.likelihood import Language, bits_per_character
from assistant.evaluation.persona import PersonaSettings, measure_authors
from assistant.evaluation.persona_commands import add_persona_command
from assistant.evaluation.persona_report import as_document, as_markdown
from assistant.evaluation.persona_rows import ABLATIONS, COMPARED, ROWS
from assistant.evaluation.plugged import PluggedSubject, with_plugs
from assistant.evaluation.report import fill_blocks
from assistant.generation.local import load_generator
from assistant.persona.history import history_of, opening
from assistant.persona.plug import PersonaPlug, PlugSettings, Pooling, embedding_norm
from assistant.persona.saving import save_plug
from assistant.prompts import build_prompt
from assistant.training.archive import WordVectors, build_archive
from assistant.training.corpus import Record
from assistant.training.persona_prepare import history_vectors
from assistant.types import Evidence
from assistant.voice_personas import plug_sides
from tests.generation.architectures import ENCODER_DECODERS, FAMILIES
from tests.hashing_encoder import DIMENSIONS, HashingEncoder
from tests.small_models import write_small_checkpoint
from tests.training.corpora import documents, names, write_corpus

SETTINGS = PersonaSettings(authors=3, documents=1)
WITH_TEXTS = PersonaSettings(authors=2, documents=1, rouge=1, tokens=12)


def corpus(folder: Path, authors: list[str], *, count: int = 9) -> Path:
    rows = [row for subject, author in enumerate(authors) for row in documents(author, subject, count=count)]
    return write_corpus(folder / "corpus.jsonl", rows)


def subject_of(folder: Path) -> Subject:
    generator, template = load_generator(folder)
    generator.model.float()
    return Subject(Language(generator.model, generator.tokenizer), generator, template, frozenset())


def write_plug(folder: Path, subject: Subject, pooling: Pooling) -> Path:
    """An untrained plug: it says something of its writer, if nothing of use."""
    model = subject.generator.model
    width = int(model.get_input_embeddings().embedding_dim)
    plug = PersonaPlug(PlugSettings(DIMENSIONS, width, pooling), embedding_norm=embedding_norm(model))
    plug.average_writer.copy_(torch.randn(1, width, generator=torch.Generator().manual_seed(0)))
    save_plug(folder / pooling, plug, plug_sides(subject.generator, HashingEncoder()), signature={})
    return folder / pooling


@pytest.fixture(scope="module")
def plugged(tmp_path_factory: pytest.TempPathFactory) -> PluggedSubject:
    root = tmp_path_factory.mktemp("plugged")
    subject = subject_of(write_small_checkpoint(root / "small"))
    main, mean, control = (write_plug(root, subject, pooling) for pooling in ("attention", "mean", "none"))
    return with_plugs(subject, HashingEncoder(), {"main": main, "mean": mean, "control": control})


@pytest.fixture(scope="module")
def data(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return corpus(tmp_path_factory.mktemp("data"), names("test", 3))


@pytest.fixture(scope="module")
def records(plugged: PluggedSubject, data: Path) -> list[dict[str, Any]]:
    return measure_authors(data, None, plugged, SETTINGS)


def last_document(author: str) -> Record:
    row = list(documents(author, names("test", 3).index(author), count=9))[-1]
    return Record(row["author"], row["title"], row["date"], row["text"])


def test_every_row_is_measured_and_each_is_another(records: list[dict[str, Any]]) -> None:
    for record in records:
        assert set(record["bits"]) == {row.name for row in ROWS}
        assert len({round(value, 9) for value in record["bits"].values()}) == len(ROWS)
        assert record["earlier"] == 8


def test_the_model_alone_and_the_control_are_what_the_model_says(
    plugged: PluggedSubject, records: list[dict[str, Any]]
) -> None:
    subject, control = plugged.subject, plugged.plugs.control
    assert control is not None
    draft = cut(last_document(records[0]["author"]), continuation_characters=600)
    prompt = build_prompt(subject.template, Evidence(), title=draft.title, before=draft.before)
    alone = bits_per_character(subject.language, prompt, draft.continuation)
    assert records[0]["bits"]["model alone"] == pytest.approx(alone, rel=1e-4)
    weights = str(subject.generator.signature["weights_sha256"])
    read = subject.generator.read(prompt, draft.continuation, PersonaPrefix(weights, control.prefix(None).numpy()))
    nats = -float(read.spoken.gather(1, read.targets[:, None]).sum())
    bits = nats / torch.log(torch.tensor(2.0)).item() / len(draft.continuation)
    assert records[0]["bits"]["instruction without history"] == pytest.approx(bits, rel=1e-4)


def test_rows_of_plugs_that_are_not_there_are_left_out(plugged: PluggedSubject, data: Path, tmp_path: Path) -> None:
    subject = plugged.subject
    main = write_plug(tmp_path, subject, "mean")
    alone = with_plugs(subject, HashingEncoder(), {"main": main, "control": None})
    found = measure_authors(data, None, alone, SETTINGS)
    assert {row.name for row in ROWS} - set(found[0]["bits"]) == {"instruction without history", "PPlug, top 4"}
    assert found[0]["bits"]["PPlug"] == pytest.approx(found[0]["bits"]["PPlug, mean"], rel=1e-6)
    document = as_document(found, {})
    assert document["task_adaptation"] is None


def test_a_document_has_rows_corrected_tests_and_the_tasks_share(records: list[dict[str, Any]], tmp_path: Path) -> None:
    better = {"model alone": 4.0, "instruction without history": 3.4, "PPlug": 3.0}
    for number, record in enumerate(records):
        record["bits"] |= {name: value + number / 50 for name, value in better.items()}
    document = as_document(records, {"model": "small"})
    assert [row["method"] for row in document["rows"]] == [row.name for row in ROWS]
    assert document["task_adaptation"]["bits_per_character"]["share"] == pytest.approx(0.6)
    assert document["best"] == {"bits_per_character": min(document["rows"], key=_bits)["method"]}
    assert [ablation["method"] for ablation in document["ablations"]] == [row.name for row in ABLATIONS]
    assert len(document["tests"]) == len(COMPARED)
    assert all(test["p"] >= test["p_uncorrected"] for test in document["tests"])
    first = document["tests"][0]
    assert (first["better"], first["worse"]) == ("PPlug", "model alone")
    assert first["percent"] == pytest.approx(-100 / 4.02, rel=1e-3)
    assert list(document)[-1] == "signature"
    shown = as_markdown(document)
    assert "| PPlug | 3.020 |  |\n" in shown
    assert "| PPlug | 3.020 |  | 68.0 | 56.5 | 0.231 | 21.6 | 48.7 | 53.4 |" in shown
    assert "| 67.5 (-0.5) | 49.2 (-7.3) | 0.239 (+0.008) | 20.5 (-1.1) | 48.5 (-0.2) | 53.0 (-0.4) |" in shown
    assert "| PPlug | model alone | bits_per_character | -1.0000 |" in shown
    assert "60 % of the gain in bits per character" in shown
    assert "- `PPlug + 1 retrieved`: the paper's model reads the retrieved text before instruction and persona" in shown
    assert "- `PPlug, no instruction` and `PPlug, top 4`: the main plug, read so" in shown
    path = tmp_path / "docs" / "results" / "persona-email.json"
    path.parent.mkdir(parents=True)
    path.write_text(json.dumps(document))
    filled = fill_blocks("<!-- results:persona-email -->\n<!-- /results -->\n", tmp_path)
    assert filled == f"<!-- results:persona-email -->\n{shown}<!-- /results -->\n"


def _bits(row: dict[str, Any]) -> float:
    return float(row["bits_per_character"])


def test_every_metric_has_its_own_share_of_the_task_and_one_without_a_gain_has_none(
    records: list[dict[str, Any]],
) -> None:
    bits = {"model alone": 3.0, "instruction without history": 2.9, "PPlug": 3.1}
    rouge = {"model alone": 10.0, "instruction without history": 11.0, "PPlug": 14.0}
    made = [
        record | {"bits": record["bits"] | bits, "rouge1": dict.fromkeys(record["bits"], 9.0) | rouge}
        for record in records
    ]
    document = as_document(made, {})
    assert document["task_adaptation"] == {"rouge1": {"gain": 4.0, "task": 1.0, "share": 0.25}}
    assert document["best"]["rouge1"] == "PPlug"
    assert "25 % of the gain in ROUGE-1" in as_markdown(document)


def test_without_the_instruction_the_model_reads_the_persona_alone(
    plugged: PluggedSubject, records: list[dict[str, Any]]
) -> None:
    subject, plug = plugged.subject, plugged.plugs.main
    author = names("test", 3)[0]
    record = next(record for record in records if record["author"] == author)
    rows = [Record(row["author"], row["title"], row["date"], row["text"]) for row in documents(author, 0, count=9)]
    draft = cut(rows[-1], continuation_characters=600)
    archive = build_archive(rows[:-1], HashingEncoder(), WordVectors(HashingEncoder()))
    history = history_of(plug, history_vectors(rows[:-1], archive, plug.settings.fields, HashingEncoder()))
    query = HashingEncoder().encode([opening(draft.title, draft.before)])[0]
    vectors = plug.prefix(history.persona(plug, query))[1:].numpy()
    prompt = build_prompt(subject.template, Evidence(), title=draft.title, before=draft.before)
    weights = str(subject.generator.signature["weights_sha256"])
    read = subject.generator.read(prompt, draft.continuation, PersonaPrefix(weights, vectors))
    nats = -float(read.spoken.gather(1, read.targets[:, None]).sum())
    expected = nats / math.log(2) / len(draft.continuation)
    assert record["bits"]["PPlug, no instruction"] == pytest.approx(expected, rel=1e-4)


def test_texts_are_written_in_every_row_where_rouge_is_wanted(plugged: PluggedSubject, data: Path) -> None:
    found = measure_authors(data, None, plugged, WITH_TEXTS)
    assert set(found[0]["rouge1"]) == {row.name for row in ROWS}
    assert all(0 <= value <= 100 for record in found for value in record["rouge1"].values())
    metrics = [test["metric"] for test in as_document(found, {})["tests"]]
    assert metrics.count("rouge1") == metrics.count("bits_per_character") == len(COMPARED)


@pytest.mark.parametrize("family", ENCODER_DECODERS[:1])
def test_an_encoder_decoder_is_measured_without_memory(family: str, tmp_path: Path) -> None:
    subject = subject_of(FAMILIES[family].write(tmp_path / "t5"))
    plugs = with_plugs(subject, HashingEncoder(), {"main": write_plug(tmp_path, subject, "attention")})
    found = measure_authors(corpus(tmp_path, names("test", 2)), None, plugs, WITH_TEXTS)
    assert {"full pipeline", "full pipeline + PPlug"} <= set(found[0]["bits"])
    assert found[0]["bits"]["PPlug"] != found[0]["bits"]["model alone"]
    assert as_document(found, {})["rows"]


def test_plugs_in_the_wrong_place_are_refused(plugged: PluggedSubject, tmp_path: Path) -> None:
    subject = plugged.subject
    control, main = (write_plug(tmp_path, subject, pooling) for pooling in ("none", "attention"))
    with pytest.raises(ModelError, match="given as main was trained with pooling none: expected attention or mean"):
        with_plugs(subject, HashingEncoder(), {"main": control})
    with pytest.raises(ModelError, match="given as control was trained with pooling attention: expected none"):
        with_plugs(subject, HashingEncoder(), {"main": main, "control": main})
    with pytest.raises(ModelError, match="train persona"):
        with_plugs(subject, HashingEncoder(), {"main": tmp_path / "nowhere"})


def test_too_few_authors_are_refused(plugged: PluggedSubject, tmp_path: Path) -> None:
    with pytest.raises(CorpusError, match="expected at least 2"):
        measure_authors(corpus(tmp_path, names("test", 1)), None, plugged, SETTINGS)


def test_a_stopped_measurement_goes_on_where_it_was(
    plugged: PluggedSubject, data: Path, tmp_path: Path, records: list[dict[str, Any]]
) -> None:
    whole = measure_authors(data, Journal(tmp_path / "records", {}), plugged, SETTINGS)
    lines = (tmp_path / "records" / "records.jsonl").read_text().splitlines()
    (tmp_path / "records" / "records.jsonl").write_text(lines[0] + "\n" + lines[1][:20])
    assert measure_authors(data, Journal(tmp_path / "records", {}), plugged, SETTINGS) == whole


def test_the_command_writes_its_document(
    data: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("assistant.retrieval.encoder.load_encoder", HashingEncoder)
    checkpoint = write_small_checkpoint(tmp_path / "small")
    control = write_plug(tmp_path, subject_of(checkpoint), "none")
    for path in write_plug(tmp_path, subject_of(checkpoint), "attention").iterdir():
        path.rename(checkpoint / path.name)  # as it lies there to be used
    parser = argparse.ArgumentParser()
    add_persona_command(parser.add_subparsers())
    out = tmp_path / "persona.json"
    given = ["persona", "--data", str(data), "--model", str(checkpoint), "--control", str(control), "--documents", "1"]
    given += ["--most", "6"]
    arguments = parser.parse_args([*given, "--authors", "2", "--out", str(out), "--json"])
    arguments.run(arguments)
    printed = json.loads(capsys.readouterr().out)
    assert printed == json.loads(out.read_text())
    assert set(printed["signature"]["plugs"]) == {"main", "control"}
    assert {"rows", "ablations", "tests", "task_adaptation"} <= set(printed)
    assert printed["signature"]["settings"]["most"] == 6
