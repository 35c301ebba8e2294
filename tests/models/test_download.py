"""Fetching a model from a hub on this machine, with the real client: whole or not at all, going on after a break."""

import json
import shutil
import threading
import time
from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace

import pytest
from huggingface_hub import constants

from assistant.errors import ModelError
from assistant.generation.local import load_generator
from assistant.models import download as download_module
from assistant.models.background import Downloads, Switch
from assistant.models.download import DownloadCancelledError, Downloader, Watcher
from assistant.models.hub import Hub
from assistant.models.store import ModelStore
from assistant.prompts import Part
from assistant.types import Sampling
from tests.hub_server import FakeHub
from tests.models.conftest import NAME


def fetch(downloader: Downloader, watcher: Watcher | None = None) -> Path:
    return downloader.fetch(downloader.hub.look_up(NAME), watcher or Watcher())


def refusal(work: Callable[[], object]) -> str:
    with pytest.raises(ModelError) as refused:
        work()
    return str(refused.value)


def stop_after(bytes_wanted: int) -> Watcher:
    done = [0]
    return Watcher(lambda count: done.__setitem__(0, count), lambda: done[0] >= bytes_wanted)


def wait_for(condition: Callable[[], bool]) -> None:
    deadline = time.monotonic() + 120
    while not condition():
        assert time.monotonic() < deadline
        time.sleep(0.01)


# Looking up


def test_a_model_is_described_before_it_is_fetched(hub: Hub, checkpoint: Path, store: ModelStore) -> None:
    model = hub.look_up(NAME)
    assert model.licence == "apache-2.0"
    assert model.parameters == (checkpoint / "model.safetensors").stat().st_size // 2
    names = {file.name for file in model.files}
    assert {"config.json", "model.safetensors", "tokenizer.json", "prompt.json"} <= names
    assert model.bytes == sum((checkpoint / name).stat().st_size for name in names)
    assert not store.folder.exists()


def test_of_a_repository_only_what_a_model_needs_is_fetched(hub: Hub, server: FakeHub) -> None:
    extra = dict.fromkeys(("README.md", "pytorch_model.bin", "run.py", "onnx/model.onnx", "tf_model.h5"), b"x")
    server.models[NAME].files |= extra
    assert not {file.name for file in hub.look_up(NAME).files} & set(extra)


def test_nothing_of_the_writer_is_sent(
    downloader: Downloader, server: FakeHub, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HF_TOKEN", "secret")  # only for models that ask for one
    fetch(downloader)
    assert len(server.requests) > 3
    for _, headers in server.requests:
        assert not {"authorization", "cookie"} & set(headers)
        assert "torch" not in headers["user-agent"]


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("someone/else", r"there is no model named someone/else on http.*check the spelling"),
        ("not a name", "expected owner/model"),
        ("../../etc", "expected owner/model"),
    ],
)
def test_a_name_that_does_not_exist_is_said_to(hub: Hub, name: str, expected: str) -> None:
    with pytest.raises(ModelError, match=expected):
        hub.look_up(name)


def test_a_licence_must_be_accepted_first_and_then_the_token_is_sent(
    downloader: Downloader, server: FakeHub, monkeypatch: pytest.MonkeyPatch
) -> None:
    server.models[NAME].gated = True
    monkeypatch.setattr("assistant.models.hub.get_token", lambda: None)
    assert "needs its licence accepted first: sign in at" in refusal(lambda: fetch(downloader))
    for token, is_accepted in (("other", False), ("accepted", True)):
        monkeypatch.setattr("assistant.models.hub.get_token", lambda token=token: token)
        monkeypatch.setattr("huggingface_hub.utils._headers.get_token", lambda token=token: token)
        if is_accepted:
            assert fetch(downloader).is_dir()
        else:
            assert "needs its licence accepted first" in refusal(lambda: fetch(downloader))


@pytest.mark.parametrize(
    ("files", "expected"),
    [
        ({"config.json": b"{}", "pytorch_model.bin": b"x"}, "only as pytorch_model.bin, a format that can carry"),
        ({"config.json": b"{}", "README.md": b"x"}, "it has no model.safetensors"),
        ({"model.safetensors": b"x"}, "it has no config.json"),
        ({"config.json": b"{", "model.safetensors": b"x"}, "config.json cannot be read"),
        (
            {"config.json": b'{"model_type": "bert", "architectures": ["BertForMaskedLM"]}', "model.safetensors": b"x"},
            "is not a language model",
        ),
        (
            {"config.json": b'{"model_type": "own", "architectures": ["Own"]}', "model.safetensors": b"x"},
            "needs no code of its own",
        ),
    ],
    ids=["pickles", "no weights", "no settings", "damaged", "another kind", "own code"],
)
def test_what_we_cannot_use_is_refused_before_anything_is_fetched(
    hub: Hub, server: FakeHub, files: dict[str, bytes], expected: str
) -> None:
    server.models[NAME].files = files
    assert expected in refusal(lambda: hub.look_up(NAME))


def test_no_network_is_said_plainly(server: FakeHub, hub: Hub, monkeypatch: pytest.MonkeyPatch) -> None:
    server.close()
    assert "cannot be reached" in refusal(lambda: hub.look_up(NAME))
    monkeypatch.setattr(constants, "HF_HUB_OFFLINE", True)
    assert "HF_HUB_OFFLINE is set: unset it" in refusal(lambda: hub.look_up(NAME))


# Fetching


def test_a_fetched_model_is_whole_and_writes(downloader: Downloader, checkpoint: Path, store: ModelStore) -> None:
    seen: list[int] = []
    model = downloader.hub.look_up(NAME)
    folder = downloader.fetch(model, Watcher(seen.append))
    assert folder == store.find(NAME)
    for file in model.files:
        assert (folder / file.name).read_bytes() == (checkpoint / file.name).read_bytes()
    assert seen == sorted(seen)
    assert seen[-1] == model.bytes
    assert not store.partial(NAME).exists()
    (record,) = store.fetched()
    assert (record.name, record.licence, record.bytes) == (NAME, "apache-2.0", model.bytes)
    generator, _ = load_generator(folder)
    assert "".join(generator.stream((Part("The keeper"),), Sampling(max_tokens=3)))


def test_one_that_is_here_is_not_fetched_again(downloader: Downloader, server: FakeHub) -> None:
    model = downloader.hub.look_up(NAME)
    folder = downloader.fetch(model)
    asked = len(server.requests)
    assert downloader.fetch(model) == folder
    assert len(server.requests) == asked


def test_weights_in_several_files_come_all(downloader: Downloader, server: FakeHub) -> None:
    files = server.models[NAME].files
    weights = files.pop("model.safetensors")
    parts = {f"model-0000{number}-of-00002.safetensors": weights[number::2] for number in (1, 2)}
    files |= parts | {"model.safetensors.index.json": json.dumps({"weight_map": {}}).encode()}
    folder = fetch(downloader)
    assert {path.name for path in folder.glob("model*")} == {*parts, "model.safetensors.index.json"}


@pytest.mark.parametrize("knows_ranges", [True, False])
def test_a_stopped_download_leaves_no_model_and_goes_on_where_it_was(
    downloader: Downloader, server: FakeHub, store: ModelStore, checkpoint: Path, *, knows_ranges: bool
) -> None:
    big = server.models[NAME]
    big.files["model.safetensors"] = (checkpoint / "model.safetensors").read_bytes() + bytes(2_000_000)
    big.knows_ranges = knows_ranges
    with pytest.raises(DownloadCancelledError, match="what is there is kept"):
        fetch(downloader, stop_after(900_000))
    assert not store.has(NAME)
    assert store.fetched() == ()
    kept = store.partial_bytes(NAME)
    assert 800_000 < kept < 1_700_000
    folder = fetch(downloader)
    assert (folder / "model.safetensors").read_bytes() == big.files["model.safetensors"]
    (asked,) = server.ranges()
    assert 0 < int(asked.removeprefix("bytes=").rstrip("-")) < kept


def test_a_connection_that_breaks_is_taken_up_again(downloader: Downloader, server: FakeHub) -> None:
    model = server.models[NAME]
    model.files["model.safetensors"] += bytes(1_000_000)
    model.breaks = [300_000, 300_000, 700_000, 0]
    folder = fetch(downloader)
    assert (folder / "model.safetensors").read_bytes() == model.files["model.safetensors"]


def test_a_connection_that_only_breaks_is_given_up(downloader: Downloader, server: FakeHub, store: ModelStore) -> None:
    server.models[NAME].breaks = [0] * 50
    assert "start again; it goes on where it stopped" in refusal(lambda: fetch(downloader))
    assert not store.has(NAME)
    assert len(server.models[NAME].breaks) > 40


def test_a_file_that_arrives_damaged_is_not_kept(downloader: Downloader, server: FakeHub, store: ModelStore) -> None:
    server.models[NAME].damaged = True
    assert "model.safetensors of someone/Small-1.5M arrived damaged" in refusal(lambda: fetch(downloader))
    assert not store.has(NAME)
    server.models[NAME].damaged = False
    assert fetch(downloader).is_dir()


def test_files_of_an_older_revision_are_not_mixed_with_newer_ones(
    downloader: Downloader, server: FakeHub, store: ModelStore
) -> None:
    server.models[NAME].files["model.safetensors"] += bytes(1_000_000)
    with pytest.raises(DownloadCancelledError):
        fetch(downloader, stop_after(600_000))
    model = server.models[NAME]
    model.revision, model.files["model.safetensors"] = "f" * 40, bytes(range(256)) * 3000
    folder = fetch(downloader)
    assert (folder / "model.safetensors").read_bytes() == bytes(range(256)) * 3000
    assert store.fetched()[0].revision == "f" * 40


def test_a_server_in_trouble_is_named(downloader: Downloader, server: FakeHub) -> None:
    server.models[NAME].status = 503
    assert "answered with error 503 about someone/Small-1.5M: try again later" in refusal(lambda: fetch(downloader))


def test_a_disk_without_room_is_known_at_once(
    downloader: Downloader, server: FakeHub, monkeypatch: pytest.MonkeyPatch
) -> None:
    model = downloader.hub.look_up(NAME)
    asked = len(server.requests)
    monkeypatch.setattr(shutil, "disk_usage", lambda _: SimpleNamespace(free=123_000_000))
    assert "more on the disk of" in (message := refusal(lambda: downloader.fetch(model)))
    assert "123 MB are free: make room" in message
    assert len(server.requests) == asked


def test_a_model_too_big_for_this_machines_memory_is_not_fetched(
    downloader: Downloader, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(download_module, "total_memory", lambda: 100_000_000)
    assert "of memory, this machine has 100 MB: choose a smaller model" in refusal(lambda: fetch(downloader))


def test_two_windows_do_not_fetch_the_same_model_at_once(downloader: Downloader, server: FakeHub) -> None:
    server.models[NAME].pause = 0.05
    server.models[NAME].files["model.safetensors"] += bytes(1_000_000)
    started, stop = threading.Event(), threading.Event()

    def first() -> None:
        with pytest.raises(DownloadCancelledError):
            fetch(downloader, Watcher(lambda _: started.set(), stop.is_set))

    thread = threading.Thread(target=first)
    thread.start()
    assert started.wait(120)
    assert "is being fetched already" in refusal(lambda: fetch(downloader))
    stop.set()
    thread.join(20)


# In the background


def test_a_download_reports_how_far_it_is_and_stops_when_told(downloader: Downloader, server: FakeHub) -> None:
    model = server.models[NAME]
    model.files["model.safetensors"] += bytes(4_000_000)
    model.pause = 0.05
    downloads = Downloads(downloader)
    remote = downloader.hub.look_up(NAME)
    assert downloads.start(remote).state == "running"
    wait_for(lambda: downloads.reports()[NAME].bytes_done > 1_500_000)
    assert downloads.start(remote).state == "running"  # asked twice, it just goes on
    wait_for(lambda: downloads.reports()[NAME].seconds_left is not None)
    downloads.cancel(NAME)
    wait_for(lambda: downloads.reports()[NAME].state == "cancelled")
    model.pause = 0
    downloads.start(remote)
    wait_for(lambda: downloads.reports()[NAME].state == "done")
    assert downloads.reports()[NAME].bytes_done == remote.bytes
    downloads.forget(NAME)
    assert downloads.reports() == {}


def test_a_download_that_fails_says_why(downloader: Downloader, server: FakeHub) -> None:
    downloads = Downloads(downloader)
    remote = downloader.hub.look_up(NAME)
    server.models[NAME].damaged = True
    downloads.start(remote)
    wait_for(lambda: downloads.reports()[NAME].state == "failed")
    assert "arrived damaged" in downloads.reports()[NAME].reason
    with pytest.raises(ModelError, match="no download of other/one is running"):
        downloads.cancel("other/one")


def test_one_model_is_loaded_at_a_time_and_a_broken_one_says_why() -> None:
    go, used = threading.Event(), []

    def use(name: str) -> None:
        go.wait(120)
        if name == "broken":
            raise ModelError("it lacks weights: restore the folder")
        used.append(name)

    switch = Switch(use)
    assert switch.start("good").state == "loading"
    with pytest.raises(ModelError, match="good is being loaded: wait"):
        switch.start("other")
    go.set()
    wait_for(lambda: switch.report.state == "idle")
    assert used == ["good"]
    switch.start("broken")
    wait_for(lambda: switch.report.state == "failed")
    assert switch.report.reason == "it lacks weights: restore the folder"
    assert used == ["good"]
