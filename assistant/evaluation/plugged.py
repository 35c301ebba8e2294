"""A checkpoint under test with the plugs that it can be given."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from assistant.embedding import Encoder
from assistant.errors import ModelError
from assistant.evaluation.checkpoint import Subject
from assistant.evaluation.persona_rows import ROWS, PersonaRow, PlugName
from assistant.persona.plug import PersonaPlug, embedding_norm
from assistant.persona.saving import load_plug
from assistant.voice_personas import plug_sides


@dataclass(frozen=True, slots=True)
class Plugs:
    """The plugs under test; rows of those that are not there are left out.

    ``mean`` is one trained with mean pooling; without it the main one's items are averaged all the same.
    """

    main: PersonaPlug
    mean: PersonaPlug | None = None
    control: PersonaPlug | None = None

    def rows(self) -> list[PersonaRow]:
        """The rows that can be measured."""
        return [row for row in ROWS if self._has(row)]

    def plug(self, name: PlugName) -> PersonaPlug | None:
        """One of them."""
        return {"main": self.main, "mean": self.mean or self.main, "control": self.control}[name]

    def _has(self, row: PersonaRow) -> bool:
        if row.top is not None and self.main.settings.pooling != "attention":
            return False
        return row.plug is None or self.plug(row.plug) is not None


@dataclass(frozen=True, slots=True)
class PluggedSubject:
    """A checkpoint with its plugs, and the encoder that they read."""

    subject: Subject
    encoder: Encoder
    plugs: Plugs


def with_plugs(subject: Subject, encoder: Encoder, folders: Mapping[PlugName, Path | None]) -> PluggedSubject:
    """A checkpoint with the plugs of some folders.

    :raises ModelError: if one is missing, made for another model, or not what it is given for.
    """
    sides = plug_sides(subject.generator, encoder)
    norm = embedding_norm(subject.generator.model)
    found = {
        name: load_plug(folder, sides, embedding_norm=norm) for name, folder in folders.items() if folder is not None
    }
    for name, plug in found.items():
        if plug.reads_history == (name == "control"):
            raise ModelError(
                f"the plug given as {name} was trained with pooling {plug.settings.pooling}: expected "
                f"{'none' if name == 'control' else 'attention or mean'}; train one with `train persona --pooling`"
            )
    return PluggedSubject(subject, encoder, Plugs(found["main"], found.get("mean"), found.get("control")))
