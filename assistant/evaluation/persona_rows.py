"""The rows of ``evaluate persona``: which plug, whose past, and what stands in the prompt besides.

Beside the rows of arXiv 2409.11901 stand the controls that it lacks: a plug trained without any history, which has all
of the adaptation to the task and nothing of the writer, another writer's past, and the average writer.
"""

from dataclasses import dataclass
from typing import Literal

PlugName = Literal["main", "mean", "control"]
Whose = Literal["own", "other", "average"]
PromptKind = Literal["draft", "nearest", "entries", "evidence"]
"""The draft alone; with the best entry; with all ranked entries; with entries, summary and keywords."""

TOP = 4


@dataclass(frozen=True, slots=True)
class Published:
    """A line of the paper's table of ablations (validation): percent, but for the mean absolute error of LaMP-3."""

    lamp_1_accuracy: float
    lamp_2_accuracy: float
    lamp_3_mae: float
    lamp_4_rouge1: float
    lamp_5_rouge1: float
    lamp_7_rouge1: float


@dataclass(frozen=True, slots=True)
class PersonaRow:
    """One way of knowing the writer; ``plug`` None is the model without a persona.

    ``has_instruction``: the instruction vectors are read too; without them the plug is as it was trained with them,
    where the paper trained another. ``published`` is the same variant in the paper.
    """

    name: str
    plug: PlugName | None = None
    whose: Whose = "own"
    top: int | None = None
    prompt: PromptKind = "draft"
    has_memory: bool = False
    has_instruction: bool = True
    published: Published | None = None


ALONE = PersonaRow("model alone")
CONTROL = PersonaRow("instruction without history", "control")
MEAN = PersonaRow("PPlug, mean", "mean", published=Published(67.86, 56.44, 0.2320, 21.60, 48.52, 53.51))
PPLUG = PersonaRow("PPlug", "main", published=Published(68.00, 56.52, 0.2312, 21.62, 48.69, 53.38))
NO_INSTRUCTION = PersonaRow(
    "PPlug, no instruction",
    "main",
    has_instruction=False,
    published=Published(67.86, 55.10, 0.2304, 21.42, 48.52, 53.01),
)
TOP_FOUR = PersonaRow(f"PPlug, top {TOP}", "main", top=TOP, published=Published(67.5, 49.2, 0.239, 20.5, 48.5, 53.0))
OTHER = PersonaRow("PPlug, another writer", "main", "other")
AVERAGE = PersonaRow("PPlug, average writer", "main", "average")
NEAREST = PersonaRow("1 retrieved", prompt="nearest")
PPLUG_NEAREST = PersonaRow(
    "PPlug + 1 retrieved", "main", prompt="nearest", published=Published(68.7, 54.5, 0.215, 22.0, 49.8, 54.7)
)
RETRIEVAL = PersonaRow("retrieval", prompt="entries")
FULL = PersonaRow("full pipeline", prompt="evidence", has_memory=True)
FULL_PPLUG = PersonaRow("full pipeline + PPlug", "main", prompt="evidence", has_memory=True)

ROWS = (
    ALONE,
    CONTROL,
    MEAN,
    PPLUG,
    NO_INSTRUCTION,
    TOP_FOUR,
    OTHER,
    AVERAGE,
    NEAREST,
    PPLUG_NEAREST,
    RETRIEVAL,
    FULL,
    FULL_PPLUG,
)
ABLATIONS = (PPLUG, NO_INSTRUCTION, MEAN, TOP_FOUR, PPLUG_NEAREST)
"""The paper's, in its order; the first is what the others are compared with."""
COMPARED = (
    (PPLUG, ALONE),
    (PPLUG, CONTROL),
    (PPLUG, OTHER),
    (PPLUG, AVERAGE),
    (PPLUG, NO_INSTRUCTION),
    (PPLUG, MEAN),
    (PPLUG, TOP_FOUR),
    (PPLUG_NEAREST, NEAREST),
    (PPLUG_NEAREST, PPLUG),
    (PPLUG_NEAREST, RETRIEVAL),
    (FULL_PPLUG, FULL),
    (FULL_PPLUG, PPLUG),
)
"""What is tested: the first of a pair against the second."""
