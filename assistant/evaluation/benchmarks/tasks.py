"""The table of benchmarks: a row says what a task's items hold, what is searched, how its prompt reads, what counts.

LaMP-1 to -7 after arXiv 2304.11406 and its code, LongLaMP after arXiv 2407.11016 and its training code, LaMP-QA after
arXiv 2506.00137. The inputs come with the data, task words included; only what is put beside them is written here.
"""

from collections.abc import Callable
from dataclasses import dataclass

from assistant.evaluation.benchmarks.prompts import Augmentation
from assistant.evaluation.benchmarks.queries import QueryOf, after, references, whole
from assistant.evaluation.benchmarks.questions import ItemFields
from assistant.evaluation.benchmarks.scores import Metric, classification, stars, texts
from assistant.evaluation.benchmarks.submission import Export, by_id, golds

CITATIONS = ("[1]", "[2]")
MOVIE_TAGS = (
    "sci-fi",
    "based on a book",
    "comedy",
    "action",
    "twist ending",
    "dystopia",
    "dark comedy",
    "classic",
    "psychology",
    "fantasy",
    "romance",
    "thought-provoking",
    "social commentary",
    "violence",
    "true story",
)

_PATTERNS = "Following the given patterns"
_ABSTRACTS = "Use the above abstracts as context to understand the style and language of the user and,"
# LaMP-7's reference counts other words than it writes.
_BY_USER = f"are written by user. {_PATTERNS}"


@dataclass(frozen=True, slots=True)
class Benchmark:
    """One task."""

    name: str
    fields: ItemFields
    query: QueryOf
    corpus: str
    """What of an item is searched: a format string over its fields."""
    prompt: Augmentation
    metrics: tuple[Metric, ...]
    has_ids: bool = True
    """Whether its official files name every question."""
    has_dates: bool = True
    """Whether recent means by date; otherwise it is the order of the file."""
    export: Export = golds


def _fields(*names: str | tuple[str, ...]) -> ItemFields:
    return ItemFields(tuple((name,) if isinstance(name, str) else name for name in names))


def _before(words: str) -> Callable[[str, str], str]:
    """Items, these words, input."""
    return lambda items, text: f"{items}{words}{text}"


def _after_title(items: str, text: str) -> str:
    """LaMP-1: the user's titles stand beside the one that the input names."""
    head, word, rest = text.partition("title")
    return f"{head}{word}, and {items}{rest}" if word else text


_TITLED = Augmentation(
    item='"{title}" is the title for "{text}" ',
    long_field="text",
    counted='"{title}" is the title for " " ',
    place=_before(". "),
)

LAMP = {
    row.name: row
    for row in (
        Benchmark(
            name="LaMP-1",
            fields=_fields("title", "abstract"),
            query=references,
            corpus="{title} {abstract}",
            prompt=Augmentation(item='"{title}"', long_field="title", counted=2, counted_marks=0, place=_after_title),
            metrics=classification(CITATIONS),
        ),
        Benchmark(
            name="LaMP-2",
            fields=_fields("description", "tag"),
            query=after("description:"),
            corpus="{description}",
            prompt=Augmentation(
                item='the tag for the movie: "{description}" is "{tag}" ',
                long_field="description",
                counted='the tag for the movie: " " is "{tag}" ',
                place=_before(". "),
            ),
            metrics=classification(MOVIE_TAGS),
        ),
        Benchmark(
            name="LaMP-3",
            fields=_fields("text", "score"),
            query=after("review:"),
            corpus="{text}",
            prompt=Augmentation(
                item='{score} is the score for "{text}" ',
                long_field="text",
                counted='{score} is the score for " " ',
                place=_before(". "),
            ),
            metrics=stars(),
        ),
        Benchmark(
            name="LaMP-4",
            fields=_fields("title", "text"),
            query=after("article:"),
            corpus="{title} {text}",
            prompt=_TITLED,
            metrics=texts(),
        ),
        Benchmark(
            name="LaMP-5",
            fields=_fields("title", "abstract"),
            query=after("paper:"),
            corpus="{title} {abstract}",
            prompt=Augmentation(
                item='"{title}" is a title for "{abstract}" ',
                long_field="abstract",
                counted='"{title}" is a title " " ',
                counted_around=_PATTERNS,
                place=_before(f". {_PATTERNS} "),
            ),
            metrics=texts(),
        ),
        Benchmark(
            name="LaMP-6",
            fields=_fields("title", "text"),
            query=after(":"),
            corpus="{text}",
            prompt=_TITLED,
            metrics=texts(),
        ),
        Benchmark(
            name="LaMP-7",
            fields=_fields("text"),
            query=after(":"),
            corpus="{text}",
            prompt=Augmentation(
                item='"{text}" ',
                long_field="text",
                counted='"" ',
                counted_around=_BY_USER,
                place=_before(f" are written by a person. {_PATTERNS} "),
            ),
            metrics=texts(),
        ),
        Benchmark(
            # The reference's prompts ask instructed models for JSON; this plain one is ours. Answers are judged by a
            # language model against the aspects that the asker cares about, so there is no metric here.
            name="LaMP-QA",
            fields=_fields("text"),
            query=whole,
            corpus="{text}",
            prompt=Augmentation(
                item="{text}\n\n",
                long_field="text",
                counted="\n\n",
                counted_around="Earlier questions of the same person:\n\nQuestion:\n",
                place=lambda items, text: f"Earlier questions of the same person:\n{items}Question:\n{text}",
                between="",
            ),
            metrics=(),
            has_dates=False,
            export=by_id,
        ),
    )
}

LONGLAMP = {
    row.name: row
    for row in (
        Benchmark(
            name="email_generation",
            fields=_fields("title", "text"),
            query=after(":"),
            corpus="{text}",
            prompt=_TITLED,
            metrics=texts(with_meteor=True),
            has_ids=False,
            has_dates=False,
        ),
        Benchmark(
            name="generation_abstract",
            fields=_fields("title", "abstract"),
            query=after("items:"),
            corpus="{title} {abstract}",
            prompt=Augmentation(
                item='"{abstract}" is the abstract for the title "{title}"',
                long_field="abstract",
                counted='" " is the abstract for the title "{title}"',
                counted_around=_ABSTRACTS,
                place=_before(f". {_ABSTRACTS} "),
                most_words=750,
            ),
            metrics=texts(with_meteor=True),
            has_ids=False,
            has_dates=False,
        ),
        Benchmark(
            name="topic_writing",
            fields=_fields(("input", "summary"), ("output", "content")),
            query=whole,
            corpus="{input} {output}",
            prompt=Augmentation(
                item='"{input}" is a summary for "{output}" ',
                long_field="output",
                counted='"{input}" is a summary for " " ',
                counted_around=f"{_PATTERNS},",
                place=_before(f". {_PATTERNS}, "),
            ),
            metrics=texts(with_meteor=True),
            has_ids=False,
            has_dates=False,
        ),
        Benchmark(
            name="product_review_writing",
            fields=_fields("overall", "summary", "description", "reviewText"),
            query=whole,
            corpus="{overall} {summary} {description} {reviewText}",
            prompt=Augmentation(
                item='"{overall}" is a rating for the product with description "{description}". '
                '"{summary}" is summary for "{reviewText}" ',
                long_field="reviewText",
                counted='"{overall}" is a rating for the product with description "{description}". '
                '"{summary}" is summary for " " ',
                counted_around=_PATTERNS,
                place=_before(f". {_PATTERNS} "),
            ),
            metrics=texts(with_meteor=True),
            has_ids=False,
            has_dates=False,
        ),
    )
}
