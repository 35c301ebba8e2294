"""States of a run and finished checkpoints: what cannot be saved leaves what was saved before."""

import json
import shutil
from pathlib import Path

import pytest
import torch
from torch import Tensor

from assistant.errors import TrainingError
from assistant.generation.local import load_generator
from assistant.prompts import PromptTemplate
from assistant.training.checkpoints import (
    SIGNATURE_FILE,
    RunState,
    Weights,
    current_model,
    latest_state,
    save_state,
    write_checkpoint,
)
from tests.full_disk import full_disk
from tests.small_models import small_model, small_tokenizer

RECIPE = {"settings": {"seed": 1}, "data": {"wiki": [1.0, "abc"]}}
FIRST, SECOND = (RunState(step=step, tokens=10 * step, round_number=0, batch=step) for step in (1, 2))


def tensors(value: float) -> dict[str, Tensor]:
    return {"master.weight": torch.full((50, 50), value), "moment.0.0.step": torch.tensor(value)}


def save(folder: Path, state: RunState) -> None:
    model = small_model(seed=state.step)
    save_state(folder, Weights(model, model.state_dict()), tensors(state.step), state, RECIPE)


def test_a_saved_state_is_read_back(tmp_path: Path) -> None:
    save(tmp_path, FIRST)
    found = latest_state(tmp_path, RECIPE)
    assert found is not None
    state, saved = found
    assert state == FIRST
    assert set(saved) == set(tensors(1))
    assert all(torch.equal(saved[name], tensor) for name, tensor in tensors(1).items())
    assert (current_model(tmp_path) / "model.safetensors").is_file()


def test_a_later_state_takes_the_place_of_the_earlier(tmp_path: Path) -> None:
    save(tmp_path, FIRST)
    save(tmp_path, SECOND)
    found = latest_state(tmp_path, RECIPE)
    assert found is not None
    assert found[0] == SECOND
    assert len(list(tmp_path.glob("state-*"))) == 1


def test_a_folder_without_a_run_has_no_state(tmp_path: Path) -> None:
    assert latest_state(tmp_path, RECIPE) is None
    with pytest.raises(TrainingError, match=r"no run in .*: expected the --out folder"):
        current_model(tmp_path)


@pytest.mark.parametrize(
    ("recipe", "difference"),
    [
        (RECIPE | {"settings": {"seed": 2}}, "settings"),
        (RECIPE | {"data": {"wiki": [2.0, "abc"]}}, "data"),
        (RECIPE | {"init": "def"}, "init"),
        ({"settings": {"seed": 1}}, "data"),
    ],
)
def test_a_run_of_another_recipe_is_refused(tmp_path: Path, recipe: dict[str, object], difference: str) -> None:
    save(tmp_path, FIRST)
    with pytest.raises(TrainingError, match=rf"differs in {difference}: give the same values .* or another --out"):
        latest_state(tmp_path, recipe)


@pytest.mark.parametrize("room", [0, 5_000, 20_000])
def test_a_full_disk_leaves_the_state_before(tmp_path: Path, room: int) -> None:
    save(tmp_path, FIRST)
    with full_disk(room), pytest.raises(TrainingError, match=r"could not save to .*: free some space and resume"):
        save(tmp_path, SECOND)
    found = latest_state(tmp_path, RECIPE)
    assert found is not None
    assert found[0] == FIRST
    assert torch.equal(found[1]["master.weight"], tensors(1)["master.weight"])

    save(tmp_path, SECOND)  # with space again
    found = latest_state(tmp_path, RECIPE)
    assert found is not None
    assert found[0] == SECOND


def test_a_state_that_is_current_is_not_written_over(tmp_path: Path) -> None:
    save(tmp_path, FIRST)
    with full_disk(0):
        save(tmp_path, FIRST)  # a resumed run with nothing left to do saves at its end all the same
    assert latest_state(tmp_path, RECIPE) is not None


def test_what_a_crash_left_of_a_state_is_swept_up(tmp_path: Path) -> None:
    save(tmp_path, FIRST)
    (tmp_path / "state-0000002").mkdir()
    (tmp_path / "state-0000002" / "optimizer.safetensors").write_bytes(b"half")
    found = latest_state(tmp_path, RECIPE)
    assert found is not None
    assert found[0] == FIRST
    save(tmp_path, SECOND)
    assert sorted(path.name for path in tmp_path.iterdir()) == ["current", "state-0000002"]


@pytest.mark.parametrize("file", ["state.json", "optimizer.safetensors"])
@pytest.mark.parametrize("content", [b"", b"{", b"[]", None])
def test_a_damaged_state_says_so(tmp_path: Path, file: str, content: bytes | None) -> None:
    save(tmp_path, FIRST)
    path = tmp_path / "state-0000001" / file
    if content is None:
        path.unlink()
    else:
        path.write_bytes(content)
    with pytest.raises(TrainingError, match=r"state-0000001 is damaged .*: .*start afresh"):
        latest_state(tmp_path, RECIPE)


def test_a_pointer_to_nothing_is_a_damaged_state(tmp_path: Path) -> None:
    save(tmp_path, FIRST)
    shutil.rmtree(tmp_path / "state-0000001")
    with pytest.raises(TrainingError, match="damaged"):
        latest_state(tmp_path, RECIPE)


def test_a_written_checkpoint_is_one_the_assistant_loads(tmp_path: Path) -> None:
    model = small_model()
    template = PromptTemplate(draft_characters=700)
    signature = {"data": "abc", "seed": 1}
    write_checkpoint(tmp_path / "new" / "one", model, small_tokenizer(), template=template, signature=signature)
    generator, read = load_generator(str(tmp_path / "new" / "one"))
    assert read == template
    assert json.loads((tmp_path / "new" / "one" / SIGNATURE_FILE).read_text()) == signature
    for name, tensor in model.state_dict().items():
        assert torch.equal(generator.model.state_dict()[name], tensor)
    assert generator.tokenizer.get_vocab() == small_tokenizer().get_vocab()
    kinds = {path.suffix for path in (tmp_path / "new" / "one").iterdir()}
    assert kinds == {".json", ".safetensors"}
