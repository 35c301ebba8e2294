"""The memory of a voice: of the documents it has, by the model in use, with the shipped checkpoint."""

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from assistant.assembly import Assistant
from assistant.events import Finished
from assistant.evidence_methods import evidence_stages
from assistant.generation.local import LocalGenerator, load_generator
from assistant.library.key_files import KEYS_FOLDER
from assistant.library.library import Library
from assistant.memory.search import VoiceMemory
from assistant.pipeline import Pipeline
from assistant.prompts import PromptTemplate
from assistant.settings import SHIPPED_CHECKPOINT, Settings
from assistant.types import DocumentId, MemoryUse, Request, Sampling, Steering, Suggestion, Voice
from assistant.voice_memories import WHY_NONE, GeneratorKeys, VoiceMemories
from tests.hashing_encoder import HashingEncoder
from tests.small_models import write_small_checkpoint

LETTERS = {
    "sluice.txt": "The sluice gate stuck again on Friday. I wrote to the council, and the council wrote to me. "
    "Between us we have moved nothing but paper, and the gate stays where it is.",
    "pears.txt": "My grandmother pruned the pear tree on the last Sunday of February. She held that trees can count. "
    "I held the ladder, and the ladder held me.",
    "ferry.txt": "The quarrelsome heron of pier nine watched the ferry leave without me. It watches every ferry leave. "
    "I have come to think the quarrelsome heron of pier nine keeps the timetable.",
}

FULL = MemoryUse()
UNSTEERED = Steering()


@pytest.fixture(scope="module")
def loaded() -> tuple[LocalGenerator, PromptTemplate]:
    return load_generator(SHIPPED_CHECKPOINT)


@pytest.fixture(scope="module")
def keys(loaded: tuple[LocalGenerator, PromptTemplate]) -> GeneratorKeys:
    return GeneratorKeys(loaded[0])


def fill(library: Library, folder: Path, names: list[str]) -> Voice:
    """A voice with some of the letters, in this order."""
    writer = library.local_writer()
    voice = library.create_voice(writer, "Letters").id
    folder.mkdir(exist_ok=True)
    for name in names:
        (folder / name).write_text(LETTERS[name])
        library.import_now(writer, voice, [folder / name])
    return library.voice(writer, voice)


@pytest.fixture
def voice(library: Library, tmp_path: Path, keys: GeneratorKeys) -> Voice:
    """A voice whose wording is learned."""
    voice = fill(library, tmp_path / "in", list(LETTERS))
    library.learn_now(keys, [voice.id])
    return voice


@pytest.fixture
def memories(library: Library, keys: GeneratorKeys) -> VoiceMemories:
    return VoiceMemories(library, keys.generator.memory.model)


def document_named(library: Library, voice: Voice, title: str) -> DocumentId:
    return next(info.id for info in library.documents(voice.writer, voice.id) if info.title == title)


def documents_of(memory: VoiceMemory | None) -> list[DocumentId]:
    return [] if memory is None else [document for document, _ in memory.documents]


def suggest(
    library: Library,
    loaded: tuple[LocalGenerator, PromptTemplate],
    voice: Voice,
    use: MemoryUse = FULL,
    steering: Steering = UNSTEERED,
) -> Suggestion:
    generator, template = loaded
    stages = evidence_stages(library, HashingEncoder(), Settings())
    memories = VoiceMemories(library, generator.memory.model)
    pipeline = Pipeline(stages, generator, template, memory=memories, undisturbed=library.undisturbed)
    request = Request(
        voice.writer,
        voice.id,
        "Pier nine",
        "I saw the quarrelsome heron of",
        sampling=Sampling(max_tokens=20, seed=4),
        memory_strength=use.strength,
        longest_copy=use.longest_copy,
        steering=steering,
    )
    *_, last = pipeline.write(request)
    assert isinstance(last, Finished)
    return last.suggestion


# ---- what the memory holds ----


def test_it_holds_every_token_of_every_document_of_the_voice_alone(
    library: Library, voice: Voice, memories: VoiceMemories, tmp_path: Path, keys: GeneratorKeys
) -> None:
    other = library.create_voice(voice.writer, "Other")
    (tmp_path / "other.txt").write_text("Nothing of this belongs to the letters.")
    library.import_now(voice.writer, other.id, [tmp_path / "other.txt"])
    library.learn_now(keys, [other.id])
    memory = memories.memory(voice=voice.id)
    assert memory is not None
    assert documents_of(memory) == sorted(info.id for info in library.documents(voice.writer, voice.id))
    for document, held in memory.documents:
        text = library.document(voice.writer, document).text
        assert keys.generator.tokenizer.decode(held.tokens).strip() == text
    assert len(memory) == sum(len(held.tokens) for _, held in memory.documents)


def test_an_empty_voice_has_none_and_a_suggestion_all_the_same(
    library: Library, memories: VoiceMemories, loaded: tuple[LocalGenerator, PromptTemplate]
) -> None:
    empty = library.create_voice(library.local_writer(), "Empty")
    assert memories.memory(voice=empty.id) is None
    suggestion = suggest(library, loaded, empty)
    assert suggestion.text
    assert suggestion.recalls == ()


def test_one_short_document_is_enough(
    library: Library,
    memories: VoiceMemories,
    keys: GeneratorKeys,
    loaded: tuple[LocalGenerator, PromptTemplate],
    tmp_path: Path,
) -> None:
    writer = library.local_writer()
    made = library.create_voice(writer, "Short").id
    (tmp_path / "short.txt").write_text("Yes.")
    library.import_now(writer, made, [tmp_path / "short.txt"])
    library.learn_now(keys, [made])
    memory = memories.memory(voice=made)
    assert memory is not None
    assert len(memory) >= 1
    assert suggest(library, loaded, library.voice(writer, made)).text


def test_a_half_indexed_voice_has_the_memory_of_what_is_there(
    library: Library, voice: Voice, memories: VoiceMemories, keys: GeneratorKeys, tmp_path: Path
) -> None:
    missing = document_named(library, voice, "pears")
    whole = memories.memory(voice=voice.id)
    (tmp_path / "data" / KEYS_FOLDER / str(voice.id) / f"{missing}.safetensors").unlink()
    library.close()
    reopened = Library.open(tmp_path / "data", HashingEncoder())
    half = VoiceMemories(reopened, keys.generator.memory.model)
    assert documents_of(half.memory(voice=voice.id)) == [one for one in documents_of(whole) if one != missing]
    reopened.learn_now(keys, [voice.id])
    assert documents_of(half.memory(voice=voice.id)) == documents_of(whole)
    reopened.close()


def test_it_is_read_once_and_then_only_what_is_new(
    library: Library, voice: Voice, memories: VoiceMemories, keys: GeneratorKeys, tmp_path: Path
) -> None:
    first = memories.memory(voice=voice.id)
    assert memories.memory(voice=voice.id) is first
    assert first is not None
    (tmp_path / "new.txt").write_text("A new letter, about the weather, which has not changed.")
    library.import_now(voice.writer, voice.id, [tmp_path / "new.txt"])
    assert memories.memory(voice=voice.id) is first  # not learned yet
    library.learn_now(keys, [voice.id])
    second = memories.memory(voice=voice.id)
    assert second is not None
    assert len(second.documents) == len(first.documents) + 1
    assert dict(second.documents).items() >= dict(first.documents).items()


# ---- what is of no use ----


def test_a_damaged_file_is_left_out_and_made_anew(
    library: Library, voice: Voice, keys: GeneratorKeys, memories: VoiceMemories, tmp_path: Path
) -> None:
    whole = memories.memory(voice=voice.id)
    damaged = document_named(library, voice, "pears")
    path = tmp_path / "data" / KEYS_FOLDER / str(voice.id) / f"{damaged}.safetensors"
    path.write_bytes(path.read_bytes()[: path.stat().st_size // 2])
    library.close()
    reopened = Library.open(tmp_path / "data", HashingEncoder())
    after = VoiceMemories(reopened, keys.generator.memory.model)
    assert damaged not in documents_of(after.memory(voice=voice.id))
    reopened.learn_now(keys, [voice.id])
    mended = after.memory(voice=voice.id)
    assert whole is not None
    assert mended is not None
    assert documents_of(mended) == documents_of(whole)
    assert mended.tokens.equal(whole.tokens)
    assert mended.keys.allclose(whole.keys, atol=1e-2)
    reopened.close()


def test_keys_of_another_checkpoint_are_never_mixed_in_and_made_anew(
    library: Library, voice: Voice, keys: GeneratorKeys, memories: VoiceMemories, tmp_path: Path
) -> None:
    small = GeneratorKeys(load_generator(write_small_checkpoint(tmp_path / "small"))[0])
    of_small = VoiceMemories(library, small.generator.memory.model)
    assert of_small.memory(voice=voice.id) is None
    library.learn_now(small, [voice.id])
    assert memories.memory(voice=voice.id) is None
    by_small = of_small.memory(voice=voice.id)
    assert by_small is not None
    assert by_small.model == small.generator.memory.model != keys.generator.memory.model
    library.learn_now(keys, [voice.id])
    assert of_small.memory(voice=voice.id) is None
    assert len(documents_of(memories.memory(voice=voice.id))) == len(LETTERS)


def test_taking_another_model_into_use_drops_the_memory_and_learns_anew(
    library: Library, voice: Voice, loaded: tuple[LocalGenerator, PromptTemplate], keys: GeneratorKeys, tmp_path: Path
) -> None:
    generator, template = loaded
    stages = evidence_stages(library, HashingEncoder(), Settings())
    memories = VoiceMemories(library, generator.memory.model)
    settings = Settings(data_dir=tmp_path / "data")
    assistant = Assistant(
        settings, library, Pipeline(stages, generator, template, memory=memories), HashingEncoder(), keys=keys
    )
    assistant.use_model(str(write_small_checkpoint(tmp_path / "small")))
    assert assistant.pipeline.memory is not memories
    while library.learning(voice).is_running or not _learned_by(assistant, voice):
        pass
    assert memories.memory(voice=voice.id) is None


def _learned_by(assistant: Assistant, voice: Voice) -> bool:
    source = assistant.pipeline.memory
    assert isinstance(source, VoiceMemories)
    return len(documents_of(source.memory(voice=voice.id))) == len(LETTERS)


# ---- deletion ----


@pytest.fixture
def never(tmp_path: Path, keys: GeneratorKeys) -> Iterator[Library]:
    """A library that never had the letter about the ferry."""
    opened = Library.open(tmp_path / "never", HashingEncoder())
    voice = fill(opened, tmp_path / "others", [name for name in LETTERS if name != "ferry.txt"])
    opened.learn_now(keys, [voice.id])
    yield opened
    opened.close()


def test_after_a_deletion_suggestions_are_as_if_the_document_had_never_been_there(
    library: Library, voice: Voice, never: Library, loaded: tuple[LocalGenerator, PromptTemplate]
) -> None:
    gone = document_named(library, voice, "ferry")
    before = suggest(library, loaded, voice)
    assert any(support.document == gone for recall in before.recalls for support in recall.supports)
    library.delete_document(voice.writer, gone)
    suggest(library, loaded, voice)  # what a prompt is read after changes its rounding: the next two read on from it
    after, expected = suggest(library, loaded, voice), suggest(never, loaded, never.voices(never.local_writer())[0])
    assert after.text == expected.text != before.text
    assert [recall.span for recall in after.recalls] == [recall.span for recall in expected.recalls]
    for found, wanted in zip(after.recalls, expected.recalls, strict=True):
        # What the model had read before differs between the two, and with it the rounding of its states.
        assert found.share == pytest.approx(wanted.share, abs=0.01)
    assert after.signature == expected.signature
    assert not any(support.document == gone for recall in after.recalls for support in recall.supports)


def test_leaving_a_document_out_writes_as_if_it_had_never_been_there(
    library: Library, voice: Voice, never: Library, loaded: tuple[LocalGenerator, PromptTemplate]
) -> None:
    out = Steering(excluded=(document_named(library, voice, "ferry"),))
    suggest(library, loaded, voice, steering=out)  # as above: the next two read on from it
    found = suggest(library, loaded, voice, steering=out)
    expected = suggest(never, loaded, never.voices(never.local_writer())[0])
    assert found.text == expected.text != suggest(library, loaded, voice).text
    assert found.signature["memory"] == expected.signature["memory"]
    assert not any(support.document in out.excluded for recall in found.recalls for support in recall.supports)


def test_leaving_documents_out_reads_no_keys_again_and_hides_no_later_ones(
    library: Library, voice: Voice, memories: VoiceMemories, keys: GeneratorKeys, tmp_path: Path
) -> None:
    ferry = document_named(library, voice, "ferry")
    whole = memories.memory(voice=voice.id)
    partial = memories.memory(voice=voice.id, without=[ferry])
    assert whole is not None
    assert partial is not None
    assert partial.keys is whole.keys
    assert memories.memory(voice=voice.id, without=[ferry]) is partial
    assert memories.memory(voice=voice.id) is whole
    assert memories.memory(voice=voice.id, without=documents_of(whole)) is None
    (tmp_path / "new.txt").write_text("A new letter, about the weather, which has not changed.")
    library.import_now(voice.writer, voice.id, [tmp_path / "new.txt"])
    library.learn_now(keys, [voice.id])
    later = document_named(library, voice, "new")
    assert later in documents_of(memories.memory(voice=voice.id, without=[ferry]))


def test_a_deletion_leaves_no_key_on_disk(
    library: Library, voice: Voice, memories: VoiceMemories, tmp_path: Path
) -> None:
    gone = document_named(library, voice, "ferry")
    memory = memories.memory(voice=voice.id)
    assert memory is not None
    held = dict(memory.documents)[gone]
    rows = [row.tobytes() for row in held.keys] + [held.tokens.tobytes()]
    assert files_with(tmp_path / "data", rows)
    library.delete_document(voice.writer, gone)
    assert files_with(tmp_path / "data", rows) == set()
    assert gone not in documents_of(memories.memory(voice=voice.id))
    library.delete_voice(voice.writer, voice.id)
    assert not (tmp_path / "data" / KEYS_FOLDER / str(voice.id)).exists()
    assert memories.memory(voice=voice.id) is None


def files_with(folder: Path, pieces: list[bytes]) -> set[str]:
    files = [path for path in folder.rglob("*") if path.is_file()]
    return {path.name for path in files if any(piece in path.read_bytes() for piece in pieces)}


# ---- suggestions ----


def test_the_signature_says_how_the_memory_could_be_used(
    library: Library, voice: Voice, loaded: tuple[LocalGenerator, PromptTemplate]
) -> None:
    signature = suggest(library, loaded, voice, MemoryUse(0.5, quotes_at_length=True)).signature
    assert signature["memory"].items() >= {"strength": 0.5}.items()  # type: ignore[attr-defined]
    assert signature["longest_copy"] is None
    assert signature["memory_gate_sha256"] == loaded[0].memory.gate_sha256


def test_every_place_a_word_leaned_on_is_a_word_of_that_document(
    library: Library, voice: Voice, loaded: tuple[LocalGenerator, PromptTemplate]
) -> None:
    suggestion = suggest(library, loaded, voice)
    assert suggestion.recalls
    for recall in suggestion.recalls:
        assert suggestion.text[recall.span.start : recall.span.end].strip()
        for support in recall.supports:
            text = library.document(voice.writer, support.document).text
            assert text[support.span.start : support.span.end].strip()


def test_without_the_memory_the_text_is_that_of_a_voice_not_learned(
    library: Library, voice: Voice, loaded: tuple[LocalGenerator, PromptTemplate], tmp_path: Path
) -> None:
    off = suggest(library, loaded, voice, MemoryUse(0.0))
    with_memory = suggest(library, loaded, voice)
    shutil.rmtree(tmp_path / "data" / KEYS_FOLDER)
    library.close()
    reopened = Library.open(tmp_path / "data", HashingEncoder())
    unlearned = suggest(reopened, loaded, voice)
    reopened.close()
    assert off.recalls == unlearned.recalls == ()
    assert off.text == unlearned.text != with_memory.text
    assert "memory" not in off.signature


def test_a_model_without_a_memory_says_so(library: Library, voice: Voice, keys: GeneratorKeys) -> None:
    library.learn_with(None, why_none=WHY_NONE)
    assert library.learning(voice).reason == WHY_NONE
