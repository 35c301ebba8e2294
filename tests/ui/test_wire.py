"""What the page is told of a passage: cut where words are shared and where its best snippet begins."""

from assistant.types import DocumentId, RankedEntry, Snippet, SnippetId, Span
from assistant.ui.wire import entry_json

CONTEXT = "The sluice gate stuck again"
BEFORE = "It rained at the sluice all day.\n\n"
BEST = "The sluice gate would not move. "
AFTER = "We went home."


def told(*parts: str, best: int) -> dict[str, object]:
    """An entry of so many snippets, the best of them by its number, as the page gets it."""
    snippets = [
        Snippet(SnippetId(number), DocumentId(1), number, Span(start, start + len(text)), text)
        for number, text in enumerate(parts)
        for start in [len("".join(parts[:number]))]
    ]
    text = "".join(parts)
    span = Span(0, len(text))
    entry = RankedEntry(DocumentId(1), "Log", None, text.strip(), span, snippets[best], tuple(snippets), 0.5)
    return entry_json(entry, CONTEXT)


def text_of(runs: object) -> str:
    assert isinstance(runs, list)
    return "".join(run["text"] for run in runs)


def test_runs_are_the_passage_and_its_best_snippet_begins_with_one_of_them() -> None:
    entry = told(BEFORE, BEST, AFTER, best=1)
    runs, best = entry["runs"], entry["best"]
    assert isinstance(runs, list)
    assert isinstance(best, int)
    assert text_of(runs[:best]) == BEFORE
    assert text_of(runs[best:]) == BEST + AFTER
    assert {run["text"] for run in runs if run["marked"]} == {"sluice", "gate"}


def test_a_passage_that_begins_with_its_best_snippet_leads_in_with_nothing() -> None:
    entry = told(BEST, AFTER, best=0)
    assert entry["best"] == 0
    assert text_of(entry["runs"]) == BEST + AFTER


def test_what_a_passage_is_evidence_of_is_told_by_its_best_snippet_alone() -> None:
    assert told(AFTER, BEST, best=1)["kind"] == "says this"
    assert told(AFTER, BEST, best=0)["kind"] == "sounds like this"
