"""What a model is told when it is to rewrite a line."""

from collections.abc import Sequence

from assistant.prompts import Chat, Part, Prompt
from assistant.types import RankedEntry, RewriteKind

MOST_PASSAGES = 3
"""Of the writer's own, as examples of the manner: more hardly help an imitation (arXiv 2509.14543)."""

_KEEP = (
    "Keep what it says, and every name, number and date. Write one paragraph, and answer with the rewritten text alone."
)
_TASKS = {
    RewriteKind.VOICE: "Rewrite the text below as the writer of these passages would have written it: with their turns "
    "of phrase, their choice of words, their length of sentences and their punctuation. Take nothing else from them.",
    RewriteKind.SHORTER: "Rewrite the text below in fewer words, about half as many.",
    RewriteKind.LONGER: "Rewrite the text below at more length, about half as long again, and add no new facts.",
    RewriteKind.PLAINER: "Rewrite the text below in plain words and short sentences that anyone can read easily.",
}


def rewrite_prompt(chat: Chat | None, kind: RewriteKind, line: str, passages: Sequence[RankedEntry] = ()) -> Prompt:
    """The input for one line; a model without a chat is given the same with a heading for its answer."""
    shown = "\n\n".join(entry.text.strip() for entry in passages[:MOST_PASSAGES])
    examples = f"Passages:\n{shown}\n\n" if shown else ""
    message = f"{examples}{_TASKS[kind]} {_KEEP}\n\nText:\n{line}"
    return (Part(f"{message}\n\nRewritten text:\n"), Part("")) if chat is None else chat.ask(message)
