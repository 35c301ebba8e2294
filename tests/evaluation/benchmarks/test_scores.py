"""Numbers counted by hand, and that nothing is dropped: empty, unknown and unreadable answers are wrong."""

import math

import pytest
from rouge_score.rouge_scorer import RougeScorer
from rouge_score.scoring import BootstrapAggregator

from assistant.errors import CorpusError
from assistant.evaluation.benchmarks.scores import Metric, classification, per_user, rating, stars, texts
from assistant.evaluation.benchmarks.tasks import CITATIONS, LAMP, LONGLAMP, MOVIE_TAGS


def measured(metrics: tuple[Metric, ...], golds: list[str], answers: list[str]) -> dict[str, float]:
    return {metric.name: metric.over_all(golds, answers) for metric in metrics}


def test_labels_must_be_the_very_label_but_for_blanks_around() -> None:
    golds = ["[1]", "[1]", "[2]", "[2]", "[2]"]
    found = measured(classification(CITATIONS), golds, [" [1]\n", "", "[2]", "The answer is [2]", "[1]"])
    # [1]: one right of two given and two wanted, F1 = 2 * 1 / (2 + 2) = 0.5. [2]: one right of one given and three
    # wanted, F1 = 2 * 1 / (1 + 3) = 0.5.
    assert found == {"accuracy": pytest.approx(2 / 5), "f1": pytest.approx(0.5)}


def test_f1_counts_every_tag_even_those_that_do_not_occur() -> None:
    found = measured(classification(MOVIE_TAGS), ["comedy", "action"], ["comedy", "comedy"])
    # comedy: 2 * 1 / (2 + 1) = 2/3; the other fourteen: 0.
    assert found == {"accuracy": pytest.approx(0.5), "f1": pytest.approx(2 / 3 / 15)}


def test_a_gold_that_is_no_label_is_refused() -> None:
    with pytest.raises(CorpusError, match="'sports'"):
        measured(classification(MOVIE_TAGS), ["sports"], ["comedy"])


@pytest.mark.parametrize(
    ("answer", "gold", "expected"),
    [
        ("4", 5, 4.0),
        (" 3.5\n", 5, 3.5),
        ("7", 5, 7.0),
        ("", 5, 1.0),
        ("five", 4, 1.0),
        ("4 stars", 2, 5.0),
        ("none", 3, 5.0),
        ("nan", 1, 5.0),
        ("inf", 5, 1.0),
    ],
)
def test_what_is_no_number_counts_as_the_worse_of_one_and_five(answer: str, gold: float, expected: float) -> None:
    assert rating(answer, gold) == expected


def test_errors_of_ratings() -> None:
    found = measured(stars(), ["5", "1", "3"], ["4", "", "3"])
    # Off by 1, by 4 (an empty answer to one star counts as five) and by 0.
    assert found == {"mae": pytest.approx(5 / 3), "rmse": pytest.approx(math.sqrt(17 / 3))}


def test_a_gold_that_is_no_number_is_refused() -> None:
    with pytest.raises(CorpusError, match="comedy"):
        measured(stars(), ["comedy"], ["3"])


def test_rouge_of_one_text() -> None:
    found = measured(texts(), ["The canal froze over"], ["the frozen canal over there"])
    # In common, in this order: the, canal, over, 3 of 4 and of 5 words: F = 2 * 3 / 9. "froze" is not "frozen".
    assert found == {"rouge1": pytest.approx(6 / 9), "rougeL": pytest.approx(6 / 9)}


def test_rouge_l_minds_the_order() -> None:
    found = measured(texts(), ["a b c d"], ["d c b a"])
    assert found == {"rouge1": pytest.approx(1.0), "rougeL": pytest.approx(0.25)}


def test_empty_answers_count() -> None:
    golds, answers = ["the canal"] * 4, ["the canal", "", "  ", "the canal"]
    found = measured(texts(with_meteor=True), golds, answers)
    assert found["rouge1"] == pytest.approx(0.5)
    assert found["meteor"] == pytest.approx(
        0.5 * LONGLAMP["topic_writing"].metrics[2].over_all(["the canal"], ["the canal"])
    )


def test_the_middle_of_resampled_means_is_that_of_the_library() -> None:
    golds = ["the canal froze over", "a late harvest", "the council met", "barley and rain"] * 25
    answers = ["the canal", "harvest", "we met the council", "rain"] * 25
    library = BootstrapAggregator()
    scorer = RougeScorer(["rouge1"])
    for gold, answer in zip(golds, answers, strict=True):
        library.add_scores(scorer.score(gold, answer))
    expected = library.aggregate()["rouge1"].mid.fmeasure
    assert measured(texts(), golds, answers)["rouge1"] == pytest.approx(expected, abs=0.003)
    assert measured(texts(), golds, answers) == measured(texts(), golds, answers)


def test_users_count_the_same_however_many_questions_they_have() -> None:
    accuracy = classification(CITATIONS)[0]
    found = per_user(accuracy, ["ann", "ann", "ann", "bob"], ["[1]"] * 4, ["[1]", "[1]", "[2]", "[2]"])
    assert found == pytest.approx((2 / 3 + 0) / 2)
    assert per_user(classification(CITATIONS)[1], ["ann"], ["[1]"], ["[1]"]) is None


def test_every_task_has_the_metrics_of_its_paper() -> None:
    names = {name: [metric.name for metric in row.metrics] for name, row in (LAMP | LONGLAMP).items()}
    assert names["LaMP-1"] == names["LaMP-2"] == ["accuracy", "f1"]
    assert names["LaMP-3"] == ["mae", "rmse"]
    assert {tuple(names[f"LaMP-{number}"]) for number in (4, 5, 6, 7)} == {("rouge1", "rougeL")}
    assert {tuple(names[name]) for name in LONGLAMP} == {("rouge1", "rougeL", "meteor")}
    assert names["LaMP-QA"] == []
    lower = {metric.name for row in LAMP.values() for metric in row.metrics if metric.better == "lower"}
    assert lower == {"mae", "rmse"}
