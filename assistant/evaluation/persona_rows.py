"""The rows of ``evaluate persona``: which plug, whose past, and what stands in the prompt besides.

Beside the rows of arXiv 2409.11901 stand the controls that it lacks: a plug trained without any history, which has all
of the adaptation to the task and nothing of the writer, another writer's past, and the average writer.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

PlugName = Literal["main", "mean", "control"]
Whose = Literal["own", "other", "average"]
PromptKind = Literal["draft", "nearest", "entries", "evidence"]
"""The draft alone; with the best entry; with all ranked entries; with entries, summary and keywords."""

TOP = 4


@dataclass(frozen=True, slots=True)
class PersonaRow:
    """One way of knowing the writer; ``plug`` None is the model without a persona.

    ``published`` are the paper's ROUGE-1 of the same variant (table of ablations), in percent.
    """

    name: str
    plug: PlugName | None = None
    whose: Whose = "own"
    top: int | None = None
    prompt: PromptKind = "draft"
    has_memory: bool = False
    published: Mapping[str, float] = field(default_factory=dict)


ALONE = PersonaRow("model alone")
CONTROL = PersonaRow("instruction without history", "control")
MEAN = PersonaRow("PPlug, mean", "mean", published={"LaMP-4": 21.60, "LaMP-5": 48.52, "LaMP-7": 53.51})
PPLUG = PersonaRow("PPlug", "main", published={"LaMP-4": 21.62, "LaMP-5": 48.69, "LaMP-7": 53.38})
TOP_FOUR = PersonaRow(f"PPlug, top {TOP}", "main", top=TOP, published={"LaMP-4": 20.5, "LaMP-5": 48.5, "LaMP-7": 53.0})
OTHER = PersonaRow("PPlug, another writer", "main", "other")
AVERAGE = PersonaRow("PPlug, average writer", "main", "average")
NEAREST = PersonaRow("1 retrieved", prompt="nearest")
PPLUG_NEAREST = PersonaRow(
    "PPlug + 1 retrieved", "main", prompt="nearest", published={"LaMP-4": 22.0, "LaMP-5": 49.8, "LaMP-7": 54.7}
)
RETRIEVAL = PersonaRow("retrieval", prompt="entries")
FULL = PersonaRow("full pipeline", prompt="evidence", has_memory=True)
FULL_PPLUG = PersonaRow("full pipeline + PPlug", "main", prompt="evidence", has_memory=True)

ROWS = (
    ALONE,
    CONTROL,
    MEAN,
    PPLUG,
    TOP_FOUR,
    OTHER,
    AVERAGE,
    NEAREST,
    PPLUG_NEAREST,
    RETRIEVAL,
    FULL,
    FULL_PPLUG,
)
COMPARED = (
    (PPLUG, ALONE),
    (PPLUG, CONTROL),
    (PPLUG, OTHER),
    (PPLUG, AVERAGE),
    (PPLUG, MEAN),
    (PPLUG, TOP_FOUR),
    (PPLUG_NEAREST, NEAREST),
    (PPLUG_NEAREST, PPLUG),
    (PPLUG_NEAREST, RETRIEVAL),
    (FULL_PPLUG, FULL),
    (FULL_PPLUG, PPLUG),
)
"""What is tested: the first of a pair against the second."""
