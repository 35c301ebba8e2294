"""A few open models worth having, from small to as large as an ordinary computer carries.

Base models, not chat models: they continue a text in its own voice, where a chat model answers it. The one chat model
is there for rewriting, which is an instruction; it is offered for that once it has passed the check here. All have
safetensors weights and a licence that lets their text be used freely. Sizes are what the hub has, rounded; the exact
size is asked for before anything is downloaded.
"""

from dataclasses import dataclass

from assistant.settings import SHIPPED_CHECKPOINT

SHIPPED = SHIPPED_CHECKPOINT.name
"""The name of the model that comes with Ownhand."""


@dataclass(frozen=True, slots=True)
class ListedModel:
    """A model that the list names: what it is called on the hub and what a person should know before fetching it."""

    name: str
    title: str
    parameters: int
    download_bytes: int
    licence: str
    note: str


LISTED = (
    ListedModel(
        "HuggingFaceTB/SmolLM2-135M",
        "SmolLM2 135M",
        135_000_000,
        273_000_000,
        "Apache 2.0",
        "The next step up: fluent English sentences, still quick without a graphics card.",
    ),
    ListedModel(
        "HuggingFaceTB/SmolLM2-360M",
        "SmolLM2 360M",
        362_000_000,
        728_000_000,
        "Apache 2.0",
        "Keeps a thread for a paragraph; a good balance on most laptops.",
    ),
    ListedModel(
        "Qwen/Qwen3-0.6B-Base",
        "Qwen3 0.6B",
        596_000_000,
        1_205_000_000,
        "Apache 2.0",
        "Many languages; makes good use of the passages it is shown.",
    ),
    ListedModel(
        "HuggingFaceTB/SmolLM2-1.7B",
        "SmolLM2 1.7B",
        1_711_000_000,
        3_426_000_000,
        "Apache 2.0",
        "The best English prose of this list; wants a fast computer or a graphics card.",
    ),
    ListedModel(
        "HuggingFaceTB/SmolLM2-1.7B-Instruct",
        "SmolLM2 1.7B Instruct",
        1_711_000_000,
        3_426_000_000,
        "Apache 2.0",
        "Follows instructions: one to have checked for rewriting what you select. Goes on with a text less naturally.",
    ),
    ListedModel(
        "google/flan-t5-small",
        "Flan-T5 small",
        77_000_000,
        311_000_000,
        "Apache 2.0",
        "Reads all evidence before it writes, as in the research this follows; for fine-tuning more than as it is.",
    ),
)
