"""A plug is read back as it was written, and put to nothing that it was not made for."""

import json
from dataclasses import replace
from pathlib import Path

import pytest
import torch

from assistant.errors import ModelError
from assistant.persona.plug import HistoryFields, PersonaPlug, PlugSettings
from assistant.persona.saving import DESCRIPTION_FILE, PLUG_FILE, Side, Sides, has_plug, load_plug, save_plug
from tests.full_disk import full_disk

SIDES = Sides(Side("MiniLM", "e" * 64, 6), Side("ownhand", "a" * 64, 4))
SETTINGS = PlugSettings(6, 4, temperature=0.2, persona_vectors=3, fields=HistoryFields(titles=True))


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    save_plug(tmp_path, PersonaPlug(SETTINGS, embedding_norm=1.0, seed=3), SIDES, signature={"seed": 3})
    return tmp_path


def test_a_plug_is_read_back_as_it_was(folder: Path) -> None:
    made, read = PersonaPlug(SETTINGS, embedding_norm=1.0, seed=3), load_plug(folder, SIDES, embedding_norm=1.0)
    assert has_plug(folder)
    assert read.settings == SETTINGS
    for name, tensor in made.state_dict().items():
        assert read.state_dict()[name].dtype == torch.float32
        torch.testing.assert_close(read.state_dict()[name], tensor, rtol=1e-3, atol=1e-7)
    assert not any(parameter.requires_grad for parameter in read.parameters())
    assert sorted(path.name for path in folder.iterdir()) == [DESCRIPTION_FILE, PLUG_FILE]


def test_another_language_model_is_refused_and_both_are_named(folder: Path) -> None:
    other = replace(SIDES, model=Side("llama", "b" * 64, 4))
    with pytest.raises(ModelError, match=r"language model ownhand \(aaaaaaaaaaaa, width 4\), not for llama \(bbbb"):
        load_plug(folder, other, embedding_norm=1.0)


def test_another_encoder_is_refused_and_both_are_named(folder: Path) -> None:
    other = replace(SIDES, encoder=Side("mpnet", "e" * 64, 8))
    with pytest.raises(ModelError, match=r"encoder MiniLM \(eeeeeeeeeeee, width 6\), not for mpnet \(.*width 8\)"):
        load_plug(folder, other, embedding_norm=1.0)


def test_a_folder_without_a_plug_says_how_to_make_one(tmp_path: Path) -> None:
    with pytest.raises(ModelError, match="train persona"):
        load_plug(tmp_path, SIDES, embedding_norm=1.0)


@pytest.mark.parametrize("name", [PLUG_FILE, DESCRIPTION_FILE])
def test_a_damaged_file_is_refused(folder: Path, name: str) -> None:
    (folder / name).write_bytes((folder / name).read_bytes()[:-20])
    with pytest.raises(ModelError, match="damaged"):
        load_plug(folder, SIDES, embedding_norm=1.0)


@pytest.mark.parametrize("room", [0, 500, 4_000])  # no room, room for half of the numbers, for the numbers alone
def test_a_full_disk_leaves_the_plug_that_was_there(folder: Path, room: int) -> None:
    before = {path.name: path.read_bytes() for path in folder.iterdir()}
    other = PersonaPlug(SETTINGS, embedding_norm=1.0, seed=4)
    with full_disk(room), pytest.raises(OSError, match="File too large"):
        save_plug(folder, other, SIDES, signature={"authors": ["a name"] * 500})
    assert {path.name: path.read_bytes() for path in folder.iterdir()} == before
    load_plug(folder, SIDES, embedding_norm=1.0)


def test_impossible_settings_are_refused(folder: Path) -> None:
    document = json.loads((folder / DESCRIPTION_FILE).read_text())
    document["settings"]["temperature"] = 0
    (folder / DESCRIPTION_FILE).write_text(json.dumps(document))
    with pytest.raises(ModelError, match="damaged: the temperature"):
        load_plug(folder, SIDES, embedding_norm=1.0)


def test_numbers_of_one_plug_beside_the_description_of_another_are_refused(folder: Path, tmp_path: Path) -> None:
    save_plug(tmp_path / "other", PersonaPlug(SETTINGS, embedding_norm=1.0, seed=4), SIDES, signature={})
    (tmp_path / "other" / PLUG_FILE).replace(folder / PLUG_FILE)
    with pytest.raises(ModelError, match="describes another"):
        load_plug(folder, SIDES, embedding_norm=1.0)
