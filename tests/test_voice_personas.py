"""Personas of voices from the library to the written word: kept up to date, switched off, refused, forgotten."""

import argparse
import json
import re
from contextlib import closing
from dataclasses import replace
from pathlib import Path
from typing import Any, cast

import numpy as np
import pytest
import torch
from pydantic import ValidationError

from assistant.assembly import load
from assistant.commands import _request as command_request
from assistant.commands import add_write_command
from assistant.embedding import PersonaPrefix
from assistant.errors import ModelError, NotFoundError, SettingsError
from assistant.evidence_methods import evidence_stages
from assistant.generation.local import LocalGenerator, load_generator
from assistant.library.library import Library
from assistant.persona.plug import HistoryFields, PersonaPlug, PlugSettings, Pooling, embedding_norm
from assistant.persona.saving import DESCRIPTION_FILE, save_plug
from assistant.pipeline import Pipeline
from assistant.prompts import PromptTemplate
from assistant.settings import Settings
from assistant.types import Evidence, Request, Sampling, Steering, Suggestion, Voice
from assistant.ui.suggest_routes import Ask, admitted
from assistant.voice_memories import GeneratorKeys, VoiceMemories
from assistant.voice_personas import VoicePersonas, load_personas, plug_sides
from tests.hashing_encoder import DIMENSIONS, HashingEncoder
from tests.small_models import write_small_checkpoint
from tests.ui.writing_room import Script, assistant_with

TEXTS = {
    "gate.txt": "The sluice gate held through the flood. The keeper slept at last.",
    "barley.txt": "Barley came late that year, and the barn stood empty until October.",
    "kettle.txt": "The kettle sang. Grandmother cut the bread and said nothing at all.",
}


@pytest.fixture(scope="module")
def generator(tmp_path_factory: pytest.TempPathFactory) -> LocalGenerator:
    made, _ = load_generator(write_small_checkpoint(tmp_path_factory.mktemp("models") / "small"))
    made.model.float()
    return made


class Counting(HashingEncoder):
    """Keeps what it was asked to encode."""

    def __init__(self) -> None:
        self.texts: list[str] = []

    def encode(self, texts: Any) -> Any:
        self.texts.extend(texts)
        return super().encode(texts)


def plug_for(generator: LocalGenerator, pooling: Pooling = "attention", **fields: bool) -> PersonaPlug:
    settings = PlugSettings(DIMENSIONS, 32, pooling, persona_vectors=2, fields=HistoryFields(**fields))
    return PersonaPlug(settings, embedding_norm=embedding_norm(generator.model)).eval().requires_grad_(False)


def apart(plug: PersonaPlug) -> PersonaPlug:
    """The same plug with an average writer of some kind, so that every strength is another direction."""
    plug.average_writer.copy_(torch.randn(plug.average_writer.shape, generator=torch.Generator().manual_seed(3)))
    return plug


def personas(
    library: Library, generator: LocalGenerator, plug: PersonaPlug, encoder: HashingEncoder | None = None
) -> VoicePersonas:
    model = str(generator.signature["weights_sha256"])
    return VoicePersonas(plug, encoder or HashingEncoder(), library, model=model, plug_sha256="p" * 64)


def add(library: Library, voice: Voice, tmp_path: Path, *names: str) -> None:
    paths = []
    for name in names:
        (tmp_path / name).write_text(TEXTS[name], encoding="utf-8")
        paths.append(tmp_path / name)
    library.import_now(library.local_writer(), voice.id, paths)


@pytest.fixture
def voice(library: Library, tmp_path: Path) -> Voice:
    made = library.create_voice(library.local_writer(), "Novel")
    add(library, made, tmp_path, "gate.txt", "barley.txt")
    return made


def request(voice: Voice | None, before: str = "The gate stood open", **more: Any) -> Request:
    return Request(voice.writer if voice else cast(Any, 1), voice.id if voice else None, "The gate", before, **more)


def vectors(made: PersonaPrefix | None) -> Any:
    assert made is not None
    return made.vectors


# What a persona is made of


@pytest.mark.parametrize("pooling", ["attention", "mean"])
def test_it_is_what_the_plug_makes_of_the_librarys_vectors(
    library: Library, generator: LocalGenerator, voice: Voice, pooling: Pooling
) -> None:
    plug = plug_for(generator, pooling)
    made = personas(library, generator, plug).persona(request(voice))
    assert made is not None
    encoder = HashingEncoder()
    items = torch.tensor(encoder.encode([TEXTS["gate.txt"], TEXTS["barley.txt"]]))  # each is one snippet
    query = torch.tensor(encoder.encode(["The gate"]))
    expected = plug(query, items[None], torch.ones(1, 2, dtype=torch.bool))[0]
    assert np.allclose(made.vectors, expected.numpy(), atol=2e-3)  # the library keeps half precision
    assert made.model == generator.signature["weights_sha256"]
    assert made.signature == {"plug_sha256": "p" * 64, "documents": 2, "strength": 1.0, "vectors": 3}


def test_a_new_document_changes_it_and_a_deleted_one_is_gone(
    library: Library, generator: LocalGenerator, voice: Voice, tmp_path: Path
) -> None:
    source = personas(library, generator, plug_for(generator, "mean"))
    before = vectors(source.persona(request(voice)))
    add(library, voice, tmp_path, "kettle.txt")
    grown = vectors(source.persona(request(voice)))
    assert np.allclose(
        grown, vectors(personas(library, generator, plug_for(generator, "mean")).persona(request(voice)))
    )
    assert not np.allclose(grown, before)
    kettle = max(info.id for info in library.documents(voice.writer, voice.id))
    library.delete_document(voice.writer, kettle)
    assert np.array_equal(vectors(source.persona(request(voice))), before)


@pytest.mark.parametrize("pooling", ["attention", "mean"])
def test_a_document_that_the_writer_left_out_is_no_part_of_it(
    library: Library, generator: LocalGenerator, voice: Voice, tmp_path: Path, pooling: Pooling
) -> None:
    source = personas(library, generator, plug_for(generator, pooling))
    before = vectors(source.persona(request(voice)))
    add(library, voice, tmp_path, "kettle.txt")
    kettle = max(info.id for info in library.documents(voice.writer, voice.id))
    out = request(voice, steering=Steering(excluded=(kettle,)))
    assert not np.array_equal(vectors(source.persona(request(voice))), before)
    assert np.array_equal(vectors(source.persona(out)), before)
    library.delete_document(voice.writer, kettle)
    assert np.array_equal(vectors(source.persona(out)), before)


def test_documents_that_are_known_are_not_read_again(
    library: Library, generator: LocalGenerator, voice: Voice, tmp_path: Path
) -> None:
    encoder = Counting()
    source = personas(library, generator, plug_for(generator, titles=True), encoder)
    source.persona(request(voice))
    assert sorted(encoder.texts)[-2:] == ["barley", "gate"]
    encoder.texts.clear()
    source.persona(request(voice))
    add(library, voice, tmp_path, "kettle.txt")
    source.persona(request(voice))
    assert [text for text in encoder.texts if text in ("gate", "barley", "kettle")] == ["kettle"]


def test_for_a_new_document_no_other_is_read(
    library: Library, generator: LocalGenerator, voice: Voice, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    source = personas(library, generator, plug_for(generator, "mean"))
    source.persona(request(voice))
    add(library, voice, tmp_path, "kettle.txt")
    kettle = max(info.id for info in library.documents(voice.writer, voice.id))
    expected = {snippet.id for snippet in library.document_snippets(voice.id, kettle)}
    read: list[Any] = []
    whole: list[Any] = []
    vectors_of, all_snippets = library.snippet_vectors, library.voice_snippets

    def counted_vectors(of: Any, ids: Any) -> Any:
        read.extend(ids)
        return vectors_of(of, ids)

    def counted_voice(of: Any) -> Any:
        whole.append(of)
        return all_snippets(of)

    monkeypatch.setattr(library, "snippet_vectors", counted_vectors)
    monkeypatch.setattr(library, "voice_snippets", counted_voice)
    source.persona(request(voice))
    assert set(read) == expected
    assert not whole


def test_voices_do_not_mix(library: Library, generator: LocalGenerator, voice: Voice, tmp_path: Path) -> None:
    other = library.create_voice(voice.writer, "Letters")
    add(library, other, tmp_path, "kettle.txt")
    source = personas(library, generator, plug_for(generator))
    assert not np.allclose(vectors(source.persona(request(voice))), vectors(source.persona(request(other))))


def test_a_deleted_voice_has_none(library: Library, generator: LocalGenerator, voice: Voice) -> None:
    source = personas(library, generator, plug_for(generator))
    source.persona(request(voice))
    library.delete_voice(voice.writer, voice.id)
    with pytest.raises(NotFoundError):
        source.persona(request(voice))


def test_without_documents_a_voice_or_strength_there_is_none(library: Library, generator: LocalGenerator) -> None:
    source = personas(library, generator, plug_for(generator))
    empty = library.create_voice(library.local_writer(), "Empty")
    assert source.persona(request(empty)) is None
    assert source.persona(request(None)) is None


def test_one_document_and_an_empty_draft_will_do(library: Library, generator: LocalGenerator, tmp_path: Path) -> None:
    single = library.create_voice(library.local_writer(), "Single")
    add(library, single, tmp_path, "kettle.txt")
    source = personas(library, generator, plug_for(generator))
    blank = replace(request(single), title="", before="")
    assert np.allclose(vectors(source.persona(blank)), vectors(source.persona(request(single))), atol=1e-5)


def test_the_control_needs_no_more_than_a_voice(library: Library, generator: LocalGenerator, voice: Voice) -> None:
    plug = plug_for(generator, "none")
    made = personas(library, generator, plug).persona(request(voice))
    assert np.allclose(vectors(made), plug.prefix(None).numpy())


# Writing


@pytest.fixture
def writing(library: Library, generator: LocalGenerator) -> Pipeline:
    stages = evidence_stages(library, HashingEncoder(), Settings())
    source = personas(library, generator, plug_for(generator))
    memory = VoiceMemories(library, generator.memory.model)
    return Pipeline(stages, generator, PromptTemplate(), memory=memory, personas=source)


def suggest(pipeline: Pipeline, asked: Request) -> Suggestion:
    *_, last = pipeline.write(asked)
    return cast(Suggestion, cast(Any, last).suggestion)


SAMPLING = Sampling(max_tokens=12, temperature=0)


def test_a_strength_of_zero_is_the_model_alone(writing: Pipeline, voice: Voice) -> None:
    alone = suggest(replace(writing, personas=None), request(voice, sampling=SAMPLING))
    off = suggest(writing, request(voice, sampling=SAMPLING, voice_strength=0.0))
    on = suggest(writing, request(voice, sampling=SAMPLING))
    assert off.text == alone.text
    assert "persona" not in off.signature
    assert "persona" not in off.timings_ms
    assert on.text != alone.text
    assert on.signature["persona"] == {"plug_sha256": "p" * 64, "documents": 2, "strength": 1.0, "vectors": 3}
    assert on.timings_ms["persona"] >= 0


def test_it_writes_beside_a_memory_as_without_a_kept_prefix(
    writing: Pipeline, voice: Voice, library: Library, generator: LocalGenerator
) -> None:
    library.learn_now(GeneratorKeys(generator), [voice.id])
    asked = [request(voice, "The gate stood open"[:length], sampling=SAMPLING) for length in (19, 10, 14, 19)]
    texts = [suggest(writing, each) for each in asked]
    assert texts[0].text == texts[3].text
    assert {"memory", "persona"} <= set(texts[0].signature)


def test_nothing_read_at_another_strength_is_taken_over(
    writing: Pipeline, voice: Voice, tmp_path: Path, library: Library, generator: LocalGenerator
) -> None:
    def plugged(made: LocalGenerator) -> Pipeline:
        source = personas(library, made, apart(plug_for(made)))
        return replace(writing, generator=made, memory=None, personas=source)

    def at(pipeline: Pipeline, strength: float) -> str:
        asked = request(voice, "The gate stood open, and the keeper", sampling=SAMPLING, voice_strength=strength)
        return suggest(pipeline, asked).text

    strengths = (1.0, 0.4, 0.0, 0.4, 1.0)
    pipeline = plugged(generator)
    kept = [at(pipeline, strength) for strength in strengths]
    for strength, text in zip(strengths, kept, strict=True):
        fresh, _ = load_generator(write_small_checkpoint(tmp_path / "small"))
        fresh.model.float()
        assert text == at(plugged(fresh), strength)
    assert len(set(kept)) == 3


def test_what_moved_a_suggestion_is_asked_behind_the_persona_it_was_written_with(
    writing: Pipeline, voice: Voice, generator: LocalGenerator, library: Library
) -> None:
    writing = replace(writing, personas=personas(library, generator, apart(plug_for(generator))))
    asked = request(voice, "The gate stood")
    prompts = [writing.prompt(asked, evidence) for evidence in (Evidence(), writing.stages.evidence(asked))]

    def scores(strength: float) -> list[float]:
        persona = writing.persona(replace(asked, voice_strength=strength))
        return [score for score in generator.scores(prompts, " open.", persona) if score is not None]

    alone, half, full = (scores(strength) for strength in (0.0, 0.5, 1.0))
    assert alone == [score for score in generator.scores(prompts, " open.") if score is not None]
    assert len({round(one, 4) for one in (*alone, *half, *full)}) == 6
    prefix = writing.persona(asked)
    read = generator.read(prompts[0], " open.", prefix)  # heals no word: both end where the draft does
    assert full[0] == pytest.approx(float(read.spoken.gather(1, read.targets[:, None]).sum()), abs=0.5)


def test_an_opening_is_encoded_once(library: Library, generator: LocalGenerator, voice: Voice) -> None:
    encoder = Counting()
    source = personas(library, generator, plug_for(generator), encoder)
    for before in ("", "The gate", "The gate stood open", "The gate"):
        source.persona(request(voice, before))
    assert encoder.texts == ["The gate"]


@pytest.mark.parametrize("strength", [-0.1, 1.1])
def test_strengths_out_of_bounds_are_refused(voice: Voice, strength: float) -> None:
    with pytest.raises(SettingsError, match="expected 0, which is off, to 1"):
        request(voice, voice_strength=strength)


# Plugs beside checkpoints


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A checkpoint with a plug for it and the hashing encoder."""
    made = write_small_checkpoint(tmp_path / "plugged")
    generator, _ = load_generator(made)
    save_plug(made, plug_for(generator), plug_sides(generator, HashingEncoder()), signature={})
    return made


def test_a_plug_in_the_checkpoints_folder_is_used(folder: Path, library: Library, voice: Voice) -> None:
    generator, _ = load_generator(folder)
    source = load_personas(folder, generator, HashingEncoder(), library)
    assert source is not None
    assert vectors(source.persona(request(voice))).shape == (3, 32)


def test_without_one_everything_is_as_before(library: Library, generator: LocalGenerator, tmp_path: Path) -> None:
    assert load_personas(tmp_path, generator, HashingEncoder(), library) is None


def another_models(folder: Path) -> None:
    """Make the plug one for another language model."""
    document = json.loads((folder / DESCRIPTION_FILE).read_text())
    document["model"] |= {"name": "an older one", "weights_sha256": "0" * 64}
    (folder / DESCRIPTION_FILE).write_text(json.dumps(document))


NAMED = r"language model an older one \(000000000000, width 32\), not for plugged"


def test_one_for_another_model_is_refused_by_name(folder: Path, library: Library) -> None:
    another_models(folder)
    generator, _ = load_generator(folder)
    with pytest.raises(ModelError, match=NAMED):
        load_personas(folder, generator, HashingEncoder(), library)


def test_an_encoder_of_another_width_is_refused_by_name(folder: Path, library: Library) -> None:
    wide = HashingEncoder()
    wide.name, wide.dimensions = "wide", 768
    generator, _ = load_generator(folder)
    with pytest.raises(ModelError, match=r"encoder hashing \(hashing, width 384\), not for wide \(wide, width 768\)"):
        load_personas(folder, generator, wide, library)


def test_the_assistant_takes_the_plug_of_each_model(
    folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("assistant.assembly.load_encoder", HashingEncoder)
    plain = write_small_checkpoint(tmp_path / "plain")
    (tmp_path / "home").mkdir()
    settings = Settings(data_dir=tmp_path / "home")
    settings = replace(settings, generation=replace(settings.generation, model=str(folder)))
    with closing(load(settings)) as assistant:
        assert assistant.pipeline.personas is not None
        assistant.use_model(str(plain))
        assert assistant.pipeline.personas is None
        assistant.use_model(str(folder))
        assert assistant.pipeline.personas is not None
        another_models(folder)
        assistant.use_model(str(folder))  # writing goes on, and the page can say why there is no persona
        assert assistant.pipeline.personas is None
        assert re.search(NAMED, assistant.plug_trouble)
        assistant.use_model(str(plain))
        assert assistant.plug_trouble == ""


# What asks for it


def test_the_command_line_and_the_page_say_how_far_to_go(library: Library, voice: Voice, tmp_path: Path) -> None:
    assistant = assistant_with(library, Script(), tmp_path)
    parser = argparse.ArgumentParser()
    add_write_command(parser.add_subparsers())
    library.set_voice_strength(voice.writer, voice.id, 0.75)
    for given, expected in (([], 0.75), (["--voice-strength", "0.25"], 0.25)):
        arguments = parser.parse_args(["write", "--start", "The gate", "--voice", "Novel", *given])
        assert command_request(assistant, arguments).voice_strength == expected
    asked = admitted(assistant, voice.writer, Ask.model_validate({"voice": voice.id, "voice_strength": 0.5}))
    assert asked.voice_strength == 0.5
    with pytest.raises(ValidationError, match="less than or equal to 1"):
        Ask.model_validate({"voice": voice.id, "voice_strength": 1.5})
