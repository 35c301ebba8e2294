"""What of an input is searched for."""

import pytest

from assistant.evaluation.benchmarks.queries import references
from assistant.evaluation.benchmarks.tasks import LAMP, LONGLAMP

CITATION = (
    'For an author who has written the paper with the title "{}", which reference is related? [1]: "{}" [2]: "{}"'
)


@pytest.mark.parametrize(
    ("task", "text", "query"),
    [
        ("LaMP-1", CITATION.format("Tides", "Moons", "Roads"), "Moons Roads"),
        ("LaMP-2", "Which tag? tags: [a, b] description: A man. description: none ", "A man. description: none"),
        ("LaMP-3", "What score? review: It broke.", "It broke."),
        ("LaMP-4", "Generate a headline for the following article: The article: again", "The article: again"),
        ("LaMP-5", "Generate a title for the following abstract of a paper: We: measure", "We: measure"),
        ("LaMP-6", "Generate a subject for the following email: Re: lunch", "Re: lunch"),
        ("LaMP-7", "Paraphrase the following tweet without any explanation before or after it: @a: b", "@a: b"),
        ("LaMP-QA", "How to sand: by hand?", "How to sand: by hand?"),
        ("email_generation", "Write the email: lunch", "lunch"),
        ("generation_abstract", 'Write an abstract for "Tides" using the following items: moon, sea', "moon, sea"),
        ("topic_writing", "Write a post: rain", "Write a post: rain"),
        ("product_review_writing", "Write a review: pan", "Write a review: pan"),
    ],
)
def test_the_tasks_words_are_not_searched_for(task: str, text: str, query: str) -> None:
    assert (LAMP | LONGLAMP)[task].query(text) == query


def test_titles_with_quotation_marks_stay_whole() -> None:
    assert references(CITATION.format('On "tides"', 'The "moon" and us', 'A "road" [2] home')) == (
        'The "moon" and us A "road" [2] home'
    )


@pytest.mark.parametrize("task", ["LaMP-1", "LaMP-2", "LaMP-3", "LaMP-4", "LaMP-5", "LaMP-6", "LaMP-7"])
def test_an_input_without_the_tasks_words_has_no_query(task: str) -> None:
    assert LAMP[task].query("something else altogether") is None
