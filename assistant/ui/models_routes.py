"""What the Models page asks of the server, as JSON: the list, looking up, downloading, using, removing.

Only looking up and downloading reach out to the hub, and only when their buttons are pressed.
"""

import shutil
from dataclasses import asdict, replace

from fastapi import APIRouter, Depends
from pydantic import BaseModel

from assistant.assembly import Assistant
from assistant.errors import ModelError
from assistant.generation.loading import is_language_model
from assistant.generation.machine import device_name, free_memory, measured_speed, memory_for, total_memory
from assistant.models.background import Downloads, Switch
from assistant.models.download import Downloader
from assistant.models.hub import Hub, RemoteModel
from assistant.models.shelf import ShelfModel, shelf_of
from assistant.models.store import ModelStore
from assistant.ui.wire import Json
from assistant.ui.writers import current_writer

# A prompt with its evidence is about this long; a word is about so many tokens.
_PROMPT_TOKENS = 900
_TOKENS_PER_WORD = 1.3


class ModelName(BaseModel):
    """The body of a request that names a model."""

    name: str


class _Desk:
    """What the routes share: the models here, the hub, and what is going on."""

    def __init__(self, assistant: Assistant, hub: Hub) -> None:
        self.assistant = assistant
        self.store = ModelStore(assistant.settings.data_dir)
        self.hub = hub
        self.downloads = Downloads(Downloader(self.hub, self.store))
        self.switch = Switch(assistant.use_model)
        self._found: dict[str, RemoteModel] = {}

    def look_up(self, name: str) -> RemoteModel:
        """Ask the hub about a model, and list it from then on with the sizes that are known now."""
        found = self.hub.look_up(name.strip())
        self._found[found.name] = found
        return found

    def use(self, name: str) -> None:
        """Begin to load a model of the list; a path that a request makes up is none."""
        if not any(line.name == name and line.is_present for line in self.lines()):
            raise ModelError(f"{name} is not on this machine: download it first")
        self.switch.start(name)

    def remove(self, name: str) -> None:
        """Delete a fetched model that is neither in use nor about to be."""
        loading = self.switch.report.name if self.switch.report.state == "loading" else None
        if name in (self.assistant.model, loading):
            raise ModelError(f"{name} is in use: use another model first, then remove this one")
        self.store.remove(name)
        self.downloads.forget(name)

    def lines(self) -> list[ShelfModel]:
        """Everything to be listed."""
        shelf = shelf_of(self.store, in_use=self.assistant.model)
        known = {line.name for line in shelf}
        exact = [self._with_exact_sizes(line) for line in shelf]
        return [*exact, *(_found_line(model) for model in self._found.values() if model.name not in known)]

    def _with_exact_sizes(self, line: ShelfModel) -> ShelfModel:
        found = self._found.get(line.name)
        return line if found is None else replace(line, bytes=found.bytes, parameters=found.parameters)


def models_routes(assistant: Assistant, hub: Hub | None = None) -> APIRouter:
    """All routes of the Models page; models come from the public hub unless another is given."""
    router = APIRouter(prefix="/api/models", dependencies=[Depends(current_writer)])
    desk = _Desk(assistant, hub or Hub(is_language_model))

    @router.get("")
    def models() -> Json:
        return _page(desk)

    @router.post("/look-up")
    def look_up(body: ModelName) -> Json:
        return {"name": desk.look_up(body.name).name}

    @router.post("/download")
    def download(body: ModelName) -> Json:
        desk.downloads.start(desk.look_up(body.name))
        return _page(desk)

    @router.post("/cancel")
    def cancel(body: ModelName) -> Json:
        desk.downloads.cancel(body.name)
        return _page(desk)

    @router.post("/use")
    def use(body: ModelName) -> Json:
        desk.use(body.name)
        return _page(desk)

    @router.post("/remove")
    def remove(body: ModelName) -> Json:
        desk.remove(body.name)
        return _page(desk)

    return router


def _page(desk: _Desk) -> Json:
    """All that the page shows."""
    reports = desk.downloads.reports()
    free_disk = shutil.disk_usage(desk.assistant.settings.data_dir).free
    return {
        "machine": {
            "device": device_name(),
            "memory": total_memory(),
            "free_memory": free_memory(),
            "free_disk": free_disk,
        },
        "trouble": desk.assistant.trouble,
        "switch": asdict(desk.switch.report),
        "models": [
            _line(line)
            | {
                "here_already": desk.store.partial_bytes(line.name),
                "download": asdict(reports[line.name]) if line.name in reports else None,
            }
            for line in desk.lines()
        ],
    }


def _line(line: ShelfModel) -> Json:
    """A model with what it needs of this machine."""
    memory, speed = memory_for(line.parameters), measured_speed()
    return asdict(line) | {
        "memory": memory,
        "fits": memory < total_memory(),
        "words_per_second": speed.tokens_per_second(line.parameters) / _TOKENS_PER_WORD,
        "seconds_to_first_word": speed.seconds_to_read(line.parameters, _PROMPT_TOKENS),
    }


def _found_line(model: RemoteModel) -> ShelfModel:
    return ShelfModel(
        name=model.name,
        title=model.name,
        note="",
        parameters=model.parameters,
        bytes=model.bytes,
        licence=model.licence,
        is_present=False,
        is_in_use=False,
        is_removable=False,
    )
