"""Models on this machine: found by folder or name, chosen, removed; never asked of the network."""

from pathlib import Path

import pytest
from huggingface_hub import constants

from assistant.errors import ModelError, SettingsError
from assistant.generation.machine import gigabytes, memory_for
from assistant.models.catalogue import LISTED, SHIPPED
from assistant.models.shelf import shelf_of
from assistant.models.store import SETTINGS_FILE, ModelRecord, ModelStore, is_hub_name
from assistant.settings import SHIPPED_CHECKPOINT

NAME = "someone/Small-1.5M"
RECORD = ModelRecord(NAME, "0123", "mit", 1_000_000, 5_000)


def fetched(store: ModelStore, record: ModelRecord = RECORD) -> Path:
    store.partial(record.name).mkdir(parents=True)
    (store.partial(record.name) / "config.json").write_text("{}")
    return store.publish(record)


def test_a_folder_is_itself_and_the_shipped_model_is_always_there(store: ModelStore, tmp_path: Path) -> None:
    assert store.find(str(tmp_path)) == tmp_path
    assert store.find(SHIPPED) == store.find("") == SHIPPED_CHECKPOINT


def test_a_fetched_model_is_found_by_its_name(store: ModelStore) -> None:
    path = fetched(store)
    assert store.find(NAME) == path
    assert store.fetched() == (RECORD,)
    assert path.parent == store.folder


def test_a_model_that_is_not_here_names_the_command_that_fetches_it(store: ModelStore) -> None:
    with pytest.raises(ModelError, match=f"no checkpoint at {NAME}.*python -m assistant model download {NAME}"):
        store.find(NAME)


def test_what_can_be_no_name_asks_for_a_folder(store: ModelStore) -> None:
    with pytest.raises(ModelError, match=r"no checkpoint at \./there: give --model a folder"):
        store.find("./there")


@pytest.mark.parametrize("name", ["../etc", "a/../b", "/etc/passwd", "a/b/c", "", ".partial", "a--b/c", "a/.."])
def test_names_cannot_lead_out_of_the_folder(store: ModelStore, name: str) -> None:
    assert not is_hub_name(name)
    with pytest.raises(ModelError):
        store.remove(name)


def test_a_model_in_the_cache_that_programs_share_is_found_if_its_weights_are_there(
    store: ModelStore, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(constants, "HF_HUB_CACHE", str(tmp_path / "hub"))
    snapshot = tmp_path / "hub" / "models--someone--Small-1.5M" / "snapshots" / "0123"
    snapshot.mkdir(parents=True)
    (snapshot.parents[1] / "refs").mkdir()
    (snapshot.parents[1] / "refs" / "main").write_text("0123")
    (snapshot / "config.json").write_text("{}")
    assert not store.is_cached(NAME)
    (snapshot / "model.safetensors").write_bytes(b"weights")
    assert store.find(NAME) == snapshot
    assert store.fetched() == ()


def test_a_removed_model_is_gone_and_so_is_what_a_stopped_download_left(store: ModelStore) -> None:
    path = fetched(store)
    store.remove(NAME)
    assert not path.exists()
    assert store.fetched() == ()
    store.partial(NAME).mkdir(parents=True)
    (store.partial(NAME) / "model.safetensors.part").write_bytes(b"12345")
    assert store.partial_bytes(NAME) == 5
    store.remove(NAME)
    assert store.partial_bytes(NAME) == 0
    with pytest.raises(ModelError, match="expected a model fetched here"):
        store.remove(NAME)


def test_a_folder_without_a_record_is_no_model(store: ModelStore) -> None:
    path = fetched(store)
    (path / "ownhand-model.json").write_text("{broken")
    assert store.fetched() == ()
    (path / "ownhand-model.json").unlink()
    assert not store.has(NAME)


def test_the_choice_is_kept_in_the_data_folder(store: ModelStore, tmp_path: Path) -> None:
    (tmp_path / "data").mkdir()
    assert store.chosen() == SHIPPED
    store.choose(NAME)
    assert ModelStore(tmp_path / "data").chosen() == NAME


def test_a_damaged_settings_file_says_what_to_do(store: ModelStore, tmp_path: Path) -> None:
    (tmp_path / "data").mkdir()
    (tmp_path / "data" / SETTINGS_FILE).write_text("[]")
    with pytest.raises(SettingsError, match="delete it, and choose the model again"):
        store.chosen()


def test_the_shelf_shows_the_shipped_model_then_the_list_then_all_others(store: ModelStore) -> None:
    fetched(store)
    lines = shelf_of(store, in_use=NAME)
    assert [line.name for line in lines] == [SHIPPED, *(model.name for model in LISTED), NAME]
    shipped, *_, small = lines
    assert shipped.is_present
    assert not shipped.is_removable
    assert small.is_in_use
    assert not small.is_removable  # not while it writes
    assert (small.bytes, small.licence, small.parameters) == (5_000, "mit", 1_000_000)
    assert {line.is_present for line in lines[1:-1]} == {False}


def test_a_listed_model_that_is_here_shows_what_it_takes(store: ModelStore) -> None:
    model = LISTED[0]
    fetched(store, ModelRecord(model.name, "0123", "apache-2.0", model.parameters, 270_123_456))
    line = next(line for line in shelf_of(store, in_use=SHIPPED) if line.name == model.name)
    assert line.is_present
    assert line.is_removable
    assert line.bytes == 270_123_456


def test_a_folder_in_use_is_on_the_shelf(store: ModelStore, checkpoint: Path) -> None:
    line = shelf_of(store, in_use=str(checkpoint))[-1]
    assert line.title == "small"
    assert line.is_in_use
    assert line.parameters > 10_000


def test_the_readme_names_the_models_of_the_list_with_their_sizes() -> None:
    readme = (Path(__file__).resolve().parents[2] / "README.md").read_text(encoding="utf-8")
    for model in LISTED:
        (row,) = [line for line in readme.splitlines() if line.startswith(f"| `{model.name}`")]
        assert f"| {gigabytes(model.download_bytes)} |" in row
        assert f"| {memory_for(model.parameters) / 1e9:.1f} GB |" in row
        assert f"| {model.licence} |" in row


def test_the_list_is_what_it_says() -> None:
    for model in LISTED:
        assert is_hub_name(model.name)
        assert model.licence == "Apache 2.0"
        # Weights of two or four bytes, and a tokenizer.
        assert 1.9 * model.parameters < model.download_bytes < 4.2 * model.parameters
