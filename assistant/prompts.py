"""Evidence and immediate context become model input: one function, the same for training and serving.

The evidence comes first and the draft last, so that typing on extends a prefix the model has already read. The paper's
order (draft first) is worth nothing extra (arXiv 2308.07968, table of ablations, ``ImmedCtxAtEnd``), but an
encoder-decoder reads its input anew with every draft, so those keep it. The section names are the paper's four sources:
past passages, summary, important words, passage start.

The last part of a prompt is always the draft as the writer has it so far: what the model's own text goes on from.

A template belongs to its checkpoint: a model must meet in use the format it was trained on.
"""

import json
from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass, fields
from itertools import chain
from pathlib import Path
from typing import Literal, Protocol

from assistant.errors import ModelError
from assistant.types import Evidence, RankedEntry

END = "<|end|>"
PAST = "<|past|>"
SUMMARY = "<|summary|>"
WORDS = "<|words|>"
TITLE = "<|title|>"
DRAFT = "<|draft|>"
FIRST = "<|first|>"
SECOND = "<|second|>"
SAME = "<|same|>"
MARKERS = (END, PAST, SUMMARY, WORDS, TITLE, DRAFT, FIRST, SECOND, SAME)

TEMPLATE_FILE = "prompt.json"

# The draft is cut in steps of this many characters, not by the character: the cut stays put while the writer types,
# so the model's cached prefix stays valid.
_CUT_STEP = 500


@dataclass(frozen=True, slots=True)
class Part:
    """A piece of model input: a marker of the format, or text that must never be read as one."""

    text: str
    is_marker: bool = False


Prompt = tuple[Part, ...]


@dataclass(frozen=True, slots=True)
class Chat:
    """What stands before and after a message in the conversations that a model was taught to answer."""

    before: Prompt
    after: Prompt

    def ask(self, message: str) -> Prompt:
        """A conversation in which the model is told this and has not yet begun to answer."""
        return (*self.before, Part(message), *self.after, Part(""))


HelperName = Literal["summary", "words"]
"""What a helper writes."""


@dataclass(frozen=True, slots=True)
class PromptTemplate:
    """How one checkpoint wants its input written.

    The first five fields are the headings put before the sections; with ``special_markers`` they are single tokens of
    the checkpoint's vocabulary, otherwise plain text that any language model can read. With ``draft_first`` the order
    is the paper's: ``instruction``, title, draft, summary, words, past passages (best first), and then the draft once
    more, which is what an encoder-decoder's decoder takes for its own beginning.
    """

    past: str = PAST
    summary: str = SUMMARY
    words: str = WORDS
    title: str = TITLE
    draft: str = DRAFT
    special_markers: bool = True
    draft_characters: int = 1500
    draft_first: bool = False
    instruction: str = ""

    @property
    def markers(self) -> frozenset[str]:
        """The markers that the tokenizer must know."""
        headings = (self.past, self.summary, self.words, self.title, self.draft)
        return frozenset(headings if self.special_markers else ())

    def save(self, folder: Path) -> None:
        """Write the template beside the weights it belongs to."""
        (folder / TEMPLATE_FILE).write_text(json.dumps(asdict(self), indent=2) + "\n", encoding="utf-8")

    @classmethod
    def load(cls, folder: Path, *, default: "PromptTemplate | None" = None) -> "PromptTemplate":
        """Read a checkpoint's template; a model without one gets the default, which is plain headings if none is given.

        :raises ModelError: if the file is there but is not a template.
        """
        path = folder / TEMPLATE_FILE
        if not path.is_file():
            return default or PLAIN_TEMPLATE
        try:
            template = cls(**json.loads(path.read_text(encoding="utf-8")))
            template._check_types()
        except (TypeError, ValueError) as error:
            raise ModelError(f"{path} is not a prompt template ({error}): restore it from the checkpoint") from error
        return template

    def _check_types(self) -> None:
        for field in fields(self):
            value = getattr(self, field.name)
            if type(value) is not field.type:
                raise TypeError(f"{field.name} is {value!r}")


PLAIN_TEMPLATE = PromptTemplate(
    past="\n\nPast passage:\n",
    summary="\n\nSummary:\n",
    words="\n\nImportant words:\n",
    title="\n\nTitle: ",
    draft="\n\n",
    special_markers=False,
)

# The paper's prefix words and instruction (section 3.6 and 4.1), for encoder-decoders that bring no template.
PAPER_TEMPLATE = PromptTemplate(
    past=" past passages: ",
    summary=" summary: ",
    words=" important words: ",
    title=" title: ",
    draft=" passage start: ",
    special_markers=False,
    draft_first=True,
    instruction="Finish the passage in the user voice.",
)


class PromptTokenizer(Protocol):
    """What is needed of a tokenizer, as transformers' have it."""

    def encode(self, text: str, *, add_special_tokens: bool, split_special_tokens: bool) -> list[int]:
        """Ids of a text."""
        ...

    def convert_tokens_to_ids(self, tokens: str) -> int:
        """Id of a marker."""
        ...


def encode_prompt(prompt: Iterable[Part], tokenizer: PromptTokenizer) -> list[int]:
    """Ids of a prompt; what looks like a marker in the text of a document or draft stays text."""
    ids: list[int] = []
    for part in prompt:
        if part.is_marker:
            ids.append(tokenizer.convert_tokens_to_ids(part.text))
        else:
            ids.extend(tokenizer.encode(part.text, add_special_tokens=False, split_special_tokens=True))
    return ids


def build_prompt(template: PromptTemplate, evidence: Evidence, *, title: str, before: str) -> Prompt:
    """Write the model input for a draft: past passages (best last), summary, important words, title, draft.

    Empty sections are left out. Of a long draft the last ``draft_characters`` or a little more are kept. A template
    with ``draft_first`` has its sections in the paper's order, see there.
    """
    past = [_section(template, template.past, _passage(entry)) for entry in evidence.entries]
    summary = _section(template, template.summary, evidence.summary.text)
    words = _section(template, template.words, ", ".join(keyword.text for keyword in evidence.keywords))
    heading = _section(template, template.title, title)
    text = draft_tail(before, template.draft_characters)
    draft = (Part(template.draft, is_marker=template.special_markers), Part(text))
    if template.draft_first:
        instruction = (Part(template.instruction),) if template.instruction else ()
        return (*instruction, *heading, *draft, *summary, *words, *chain(*past), Part(text))
    return (*chain(*reversed(past)), *summary, *words, *heading, *draft)


def helper_prompt(template: PromptTemplate, helper: HelperName, entries: Sequence[RankedEntry], query: str) -> Prompt:
    """The input of a model that writes summaries or important words (arXiv 2308.07968, sections 3.3 and 3.4).

    Past passages (best last), draft, the heading of what is to be written, and an empty part, where it begins.
    With ``draft_first`` the task comes first, as the paper's instructions do, and the best passage before the others.
    """
    past = [_section(template, template.past, _passage(entry)) for entry in entries]
    draft = _section(template, template.draft, query)
    heading = template.summary if helper == "summary" else template.words
    if template.draft_first:
        return (Part(f"Write the{heading.rstrip(': ')}."), *draft, *chain(*past), Part(""))
    return (*chain(*reversed(past)), *draft, Part(heading, is_marker=template.special_markers), Part(""))


def _section(template: PromptTemplate, heading: str, text: str) -> Prompt:
    """A heading and its text; nothing where there is no text."""
    return (Part(heading, is_marker=template.special_markers), Part(text)) if text else ()


def _passage(entry: RankedEntry) -> str:
    return f"{entry.title}\n{entry.text}" if entry.title else entry.text


def draft_tail(before: str, characters: int) -> str:
    """The end of a long draft, ``characters`` to 500 more of them give or take a word, starting at a word."""
    excess = len(before) - characters
    if excess <= 0:
        return before
    cut = excess // _CUT_STEP * _CUT_STEP
    if cut == 0:
        return before
    space = before.find(" ", cut, cut + _CUT_STEP)
    return before[space + 1 :] if space >= 0 else before[cut:]
