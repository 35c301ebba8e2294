"""Prompts as the reference writes them, to the byte: the expected texts are written out, the cuts counted by hand."""

from dataclasses import dataclass

import pytest

from assistant.evaluation.benchmarks.prompts import Augmented, TokenCutter, augment
from assistant.evaluation.benchmarks.questions import Item
from assistant.evaluation.benchmarks.tasks import LAMP, LONGLAMP
from tests.evaluation.benchmarks.words import word_tokenizer

ROOMY = 512
ALPHABET = "a b c d e f g h i j k l m n o p q r s t u v w x y z"

CITATION = (
    'For an author who has written the paper with the title "Tides", which reference is related? '
    'Just answer with [1] or [2] without explanation. [1]: "Moons" [2]: "Roads"'
)
MOVIE = (
    "Which tag does this movie relate to among the following tags? Just answer with the tag name without further "
    "explanation. tags: [sci-fi, comedy] description: A man walks"
)
REVIEW = (
    "What is the score of the following review on a scale of 1 to 5? just answer with 1, 2, 3, 4, or 5 without "
    "further explanation. review: It broke"
)
ARTICLE = "Generate a headline for the following article: The river rose again"
ABSTRACT = "Generate a title for the following abstract of a paper: We measure tides"
EMAIL = "Generate a subject for the following email: See you at noon"
TWEET = "Paraphrase the following tweet without any explanation before or after it: what a day"


@dataclass(frozen=True)
class Case:
    """One task: an input, four items, and the prompts they give."""

    task: str
    input: str
    items: tuple[dict[str, str], ...]
    with_one: str
    with_four: str
    long_items: tuple[dict[str, str], dict[str, str]]
    tight: int
    cut: str


CASES = [
    Case(
        "LaMP-1",
        CITATION,
        (
            {"title": "Low water", "abstract": "not shown"},
            {"title": "High water", "abstract": "not shown"},
            {"title": "Salt", "abstract": "not shown"},
            {"title": "Sand", "abstract": "not shown"},
        ),
        'For an author who has written the paper with the title, and "Low water" "Tides", which reference is related? '
        'Just answer with [1] or [2] without explanation. [1]: "Moons" [2]: "Roads"',
        'For an author who has written the paper with the title, and "Low water", and "High water", and "Salt", and '
        '"Sand" "Tides", which reference is related? Just answer with [1] or [2] without explanation. '
        '[1]: "Moons" [2]: "Roads"',
        ({"title": "a b", "abstract": ""}, {"title": ALPHABET, "abstract": ""}),
        # The input has 28 words and an end: 29 tokens, of which 0.6 * 48 = 28 count; 20 are left, 2 go for ", and ",
        # 9 for each. The first takes 2 words, its end and 2 quotation marks and leaves 4: 9 + 4 - 2 = 11, 10 words.
        48,
        'For an author who has written the paper with the title, and "a b", and "a b c d e f g h i j" "Tides", which '
        "reference is related? Just answer with [1] or [2] without explanation. "
        '[1]: "Moons" [2]: "Roads"',
    ),
    Case(
        "LaMP-2",
        MOVIE,
        (
            {"description": "Robots dream", "tag": "sci-fi"},
            {"description": "Clowns fall", "tag": "comedy"},
            {"description": "Towers burn", "tag": "action"},
            {"description": "Old letters", "tag": "true story"},
        ),
        f'the tag for the movie: "Robots dream" is "sci-fi" . {MOVIE}',
        'the tag for the movie: "Robots dream" is "sci-fi" , and the tag for the movie: "Clowns fall" is "comedy" , '
        'and the tag for the movie: "Towers burn" is "action" , and the tag for the movie: '
        '"Old letters" is "true story" . '
        f"{MOVIE}",
        ({"description": "a", "tag": "comedy"}, {"description": ALPHABET, "tag": "comedy"}),
        # Input 28 of at most 36; 32 left, less 1 and 2: 14 each. Own words 10. The first leaves 2: 14 + 2 - 10 = 6.
        60,
        f'the tag for the movie: "a" is "comedy" , and the tag for the movie: "a b c d e" is "comedy" . {MOVIE}',
    ),
    Case(
        "LaMP-3",
        REVIEW,
        (
            {"text": "Fine lid", "score": "4"},
            {"text": "Bad lid", "score": "1"},
            {"text": "Good pan", "score": "5"},
            {"text": "Dull knife", "score": "2"},
        ),
        f'4 is the score for "Fine lid" . {REVIEW}',
        '4 is the score for "Fine lid" , and 1 is the score for "Bad lid" , and 5 is the score for "Good pan" , and '
        f'2 is the score for "Dull knife" . {REVIEW}',
        ({"text": "a b", "score": "5"}, {"text": ALPHABET, "score": "1"}),
        # Input 31 of at most 36; 29 left, less 1 and 2: 13 each. Own words 8. The first leaves 2: 13 + 2 - 8 = 7.
        60,
        f'5 is the score for "a b" , and 1 is the score for "a b c d e f" . {REVIEW}',
    ),
    Case(
        "LaMP-4",
        ARTICLE,
        (
            {"title": "Rain", "text": "wet streets"},
            {"title": "Snow", "text": "white roofs"},
            {"title": "Wind", "text": "bent trees"},
            {"title": "Heat", "text": "dry wells"},
        ),
        f'"Rain" is the title for "wet streets" . {ARTICLE}',
        '"Rain" is the title for "wet streets" , and "Snow" is the title for "white roofs" , and '
        f'"Wind" is the title for "bent trees" , and "Heat" is the title for "dry wells" . {ARTICLE}',
        ({"title": "Rain", "text": "a"}, {"title": "Snow", "text": ALPHABET}),
        # Input 12 of at most 24; 28 left, less 1 and 2: 12 each. Own words 8. The first leaves 2: 12 + 2 - 8 = 6.
        40,
        f'"Rain" is the title for "a" , and "Snow" is the title for "a b c d e" . {ARTICLE}',
    ),
    Case(
        "LaMP-5",
        ABSTRACT,
        (
            {"title": "Moons", "abstract": "wet streets"},
            {"title": "Roads", "abstract": "white roofs"},
            {"title": "Reeds", "abstract": "bent trees"},
            {"title": "Weirs", "abstract": "dry wells"},
        ),
        f'"Moons" is a title for "wet streets" . Following the given patterns {ABSTRACT}',
        '"Moons" is a title for "wet streets" , and "Roads" is a title for "white roofs" , and '
        '"Reeds" is a title for "bent trees" , and "Weirs" is a title for "dry wells" . '
        f"Following the given patterns {ABSTRACT}",
        ({"title": "Moons", "abstract": "a b"}, {"title": "Roads", "abstract": ALPHABET}),
        # Input 14 of at most 30; 36 left, less 1, 2 and 5 for the words between: 14 each. Own words 7, without "for".
        # The first leaves 4: 14 + 4 - 7 = 11.
        50,
        '"Moons" is a title for "a b" , and "Roads" is a title for "a b c d e f g h i j" . '
        f"Following the given patterns {ABSTRACT}",
    ),
    Case(
        "LaMP-6",
        EMAIL,
        (
            {"title": "Rota", "text": "wet streets"},
            {"title": "Lunch", "text": "white roofs"},
            {"title": "Keys", "text": "bent trees"},
            {"title": "Boats", "text": "dry wells"},
        ),
        f'"Rota" is the title for "wet streets" . {EMAIL}',
        '"Rota" is the title for "wet streets" , and "Lunch" is the title for "white roofs" , and '
        f'"Keys" is the title for "bent trees" , and "Boats" is the title for "dry wells" . {EMAIL}',
        ({"title": "Rota", "text": "a"}, {"title": "Lunch", "text": ALPHABET}),
        # The same numbers as LaMP-4.
        40,
        f'"Rota" is the title for "a" , and "Lunch" is the title for "a b c d e" . {EMAIL}',
    ),
    Case(
        "LaMP-7",
        TWEET,
        ({"text": "wet streets"}, {"text": "white roofs"}, {"text": "bent trees"}, {"text": "dry wells"}),
        f'"wet streets"  are written by a person. Following the given patterns {TWEET}',
        '"wet streets" , and "white roofs" , and "bent trees" , and "dry wells"  are written by a person. '
        f"Following the given patterns {TWEET}",
        ({"text": "a b"}, {"text": ALPHABET}),
        # Input 15 of at most 24; 25 left, less 1, 2 and 9 for "are written by user. Following the given patterns": 6
        # each. Own marks 2. The first leaves 1: 6 + 1 - 2 = 5.
        40,
        f'"a b" , and "a b c d"  are written by a person. Following the given patterns {TWEET}',
    ),
]
NAMES = [case.task for case in CASES]


def written(task: str, items: tuple[dict[str, str], ...], text: str, max_length: int = ROOMY) -> Augmented:
    row = (LAMP | LONGLAMP)[task]
    cutter = TokenCutter(word_tokenizer(*(value for item in items for value in item.values())))
    return augment(row.prompt, [Item(item) for item in items], text, cutter, max_length=max_length)


def test_all_seven_tasks_have_a_case() -> None:
    assert [f"LaMP-{number}" for number in range(1, 8)] == NAMES


@pytest.mark.parametrize("case", CASES, ids=NAMES)
def test_without_items_the_prompt_is_the_input(case: Case) -> None:
    assert written(case.task, (), case.input) == Augmented(case.input, 0)


@pytest.mark.parametrize("case", CASES, ids=NAMES)
def test_one_item(case: Case) -> None:
    assert written(case.task, case.items[:1], case.input) == Augmented(case.with_one, 1)


@pytest.mark.parametrize("case", CASES, ids=NAMES)
def test_four_items(case: Case) -> None:
    assert written(case.task, case.items, case.input) == Augmented(case.with_four, 4)


@pytest.mark.parametrize("case", CASES, ids=NAMES)
def test_long_items_share_the_room_and_hand_on_what_they_leave(case: Case) -> None:
    assert written(case.task, case.long_items, case.input, case.tight) == Augmented(case.cut, 2)


def test_the_share_of_the_input_falls_until_the_labels_fit() -> None:
    # 7 words of the task and 33 more: 41 tokens. At 0.6 * 50 = 30 the items have 20: 8 each, all for their own words.
    # At 0.5 * 50 = 25 they have 25: 11 each, 8 for their own words, 3 for two words and an end.
    text = f"Generate a headline for the following article: {' '.join(['rain'] * 33)}"
    items = ({"title": "Rain", "text": ALPHABET}, {"title": "Snow", "text": ALPHABET})
    expected = f'"Rain" is the title for "a b" , and "Snow" is the title for "a b" . {text}'
    assert written("LaMP-4", items, text, 50) == Augmented(expected, 2)


def test_where_labels_never_fit_the_input_stands_alone_and_no_item_is_counted() -> None:
    items = ({"title": " ".join(["Rain"] * 60), "text": "wet"},)
    assert written("LaMP-4", items, ARTICLE, 50) == Augmented(ARTICLE, 0)


def test_an_input_that_names_no_title_takes_no_titles() -> None:
    assert written("LaMP-1", ({"title": "Salt", "abstract": ""},), "Which one?") == Augmented("Which one?", 0)


def test_what_looks_like_the_templates_own_marks_stays_text() -> None:
    items = ({"title": 'The "Rain" {text} %s', "text": 'is "wet" {title} %d'},)
    expected = f'"The "Rain" {{text}} %s" is the title for "is "wet" {{title}} %d" . {ARTICLE}'
    assert written("LaMP-4", items, ARTICLE).text == expected


def test_the_long_field_is_spelled_as_the_reference_decodes_it() -> None:
    items = ({"title": "Rain , again .", "text": "wet , it did n't stop \n ."},)
    assert (
        written("LaMP-4", items, ARTICLE).text
        == f'"Rain , again ." is the title for "wet, it didn\'t stop." . {ARTICLE}'
    )


LONG_INPUT = "Write it with the following items: tide, moon"
LONGLAMP_CASES = {
    "email_generation": (
        ({"title": "Rota", "text": "wet streets"}, {"title": "Keys", "text": "white roofs"}),
        f'"Rota" is the title for "wet streets" , and "Keys" is the title for "white roofs" . {LONG_INPUT}',
    ),
    "generation_abstract": (
        ({"title": "Moons", "abstract": "wet streets"}, {"title": "Roads", "abstract": "white roofs"}),
        '"wet streets" is the abstract for the title "Moons", and "white roofs" is the abstract for the title "Roads". '
        f"Use the above abstracts as context to understand the style and language of the user and, {LONG_INPUT}",
    ),
    "topic_writing": (
        ({"input": "rain", "output": "wet streets"}, {"input": "snow", "output": "white roofs"}),
        '"rain" is a summary for "wet streets" , and "snow" is a summary for "white roofs" . '
        f"Following the given patterns, {LONG_INPUT}",
    ),
    "product_review_writing": (
        (
            {"overall": "5.0", "summary": "Good", "description": "A pan", "reviewText": "wet streets"},
            {"overall": "1.0", "summary": "Bad", "description": "A lid", "reviewText": "white roofs"},
        ),
        '"5.0" is a rating for the product with description "A pan". "Good" is summary for "wet streets" , and '
        '"1.0" is a rating for the product with description "A lid". "Bad" is summary for "white roofs" . '
        f"Following the given patterns {LONG_INPUT}",
    ),
}


@pytest.mark.parametrize("task", LONGLAMP)
def test_longlamp_where_everything_fits(task: str) -> None:
    items, expected = LONGLAMP_CASES[task]
    assert written(task, items, LONG_INPUT) == Augmented(expected, 2)


@pytest.mark.parametrize("task", LONGLAMP)
def test_long_items_of_longlamp_leave_the_whole_input_within_the_models_limit(task: str) -> None:
    items, _ = LONGLAMP_CASES[task]
    long_field = LONGLAMP[task].prompt.long_field
    long_items = tuple({**item, long_field: " ".join([ALPHABET] * 20)} for item in items)
    found = written(task, long_items, LONG_INPUT, 100)
    assert found.items == 2
    assert found.text.endswith(LONG_INPUT)
    assert len(found.text.split()) < 100


def test_an_abstract_counts_with_its_first_750_words() -> None:
    items = ({"title": "Moons", "abstract": " ".join(["tide"] * 900)},)
    assert written("generation_abstract", items, LONG_INPUT, 5000).text.count("tide") == 750 + LONG_INPUT.count("tide")


def test_lamp_qa_shows_earlier_questions_before_the_question() -> None:
    found = written("LaMP-QA", ({"text": "Why rust?"}, {"text": "Which paint?"}), "How to sand?")
    expected = "Earlier questions of the same person:\nWhy rust?\n\nWhich paint?\n\nQuestion:\nHow to sand?"
    assert found == Augmented(expected, 2)
