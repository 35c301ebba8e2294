"""A benchmark from its questions to its numbers: retrieve, write the prompt, answer, keep, score.

Answers are kept as soon as a batch is done (``assistant.evaluation.journal``); a stopped run goes on, and asking for
more questions adds to what is there. Batches are cut from the same order every time, so that stopping changes nothing.
"""

import random
from collections.abc import Callable, Iterable, Sequence
from dataclasses import asdict, dataclass, field
from typing import Any

from assistant.errors import SettingsError
from assistant.evaluation.benchmarks.answering import Answerer, Decoding
from assistant.evaluation.benchmarks.prompts import Augmented, TokenCutter, augment
from assistant.evaluation.benchmarks.questions import Question
from assistant.evaluation.benchmarks.retrieval import Choose, RetrieverName, Search
from assistant.evaluation.benchmarks.scores import per_user
from assistant.evaluation.benchmarks.tasks import Benchmark
from assistant.evaluation.journal import Journal

Json = dict[str, Any]


@dataclass(frozen=True, slots=True)
class BenchmarkSettings:
    """What is asked of a model.

    :raises SettingsError: if a number is out of range.
    """

    retriever: RetrieverName = "bm25"
    k: int = 4
    """Items in the prompt, at most; 0 is no personalization."""
    index_dates: bool = False
    """Whether an item's date is searched, too."""
    decoding: Decoding = field(default_factory=Decoding)
    batch: int = 8
    questions: int | None = None
    """How many are asked, drawn by the seed; None asks all."""
    seed: int = 0

    def __post_init__(self) -> None:
        lowest = {"k": (self.k, 0), "batch": (self.batch, 1), "questions": (self.questions, 1)}
        lowest |= {name: (getattr(self.decoding, name), 1) for name in ("max_length", "tokens", "beams")}
        for name, (value, least) in lowest.items():
            if value is not None and value < least:
                raise SettingsError(f"{name} is {value}: expected {least} or more")


@dataclass(frozen=True, slots=True)
class Method:
    """Who answers, with what from the profile."""

    answerer: Answerer
    choose: Choose
    settings: BenchmarkSettings


@dataclass(frozen=True, slots=True)
class Answer:
    """What the model answered to one question, and how many items of the profile its prompt showed."""

    id: str
    output: str
    items: int


@dataclass(frozen=True, slots=True)
class Outcome:
    """All answers in the order of the questions, and what is to be known about them."""

    questions: tuple[Question, ...]
    answers: tuple[Answer, ...]
    metrics: dict[str, float]
    """Empty where the gold outputs are not known."""
    per_user: dict[str, float]
    """Means over users of what is a mean over questions; empty where users are not named."""
    malformed: tuple[str, ...]
    """Ids of questions whose input lacks the task's words: the whole of it was searched for."""
    crowded_out: tuple[str, ...]
    """Ids of questions whose chosen items left no room: the model saw the input alone."""


def run_benchmark(
    row: Benchmark,
    questions: Sequence[Question],
    journal: Journal,
    method: Method,
    *,
    on_progress: Callable[[int, int], None] = lambda _done, _total: None,
) -> Outcome:
    """Answer what is not answered yet, and score all.

    :param journal: opened with the ``record_signature`` of the method's settings.
    :param on_progress: called with questions answered and questions in all.
    :raises CorpusError: if a gold output is none of the task's, or an item lacks the date that is needed.
    """
    settings = method.settings
    asked = drawn_questions(questions, settings)
    known = {record["id"]: Answer(**record) for record in journal.records()}
    done = sum(question.id in known for question in asked)
    on_progress(done, len(asked))
    for start in range(0, len(asked), settings.batch):
        batch = asked[start : start + settings.batch]
        if all(question.id in known for question in batch):
            continue
        for answer in _answer(row, batch, method):
            if answer.id not in known:
                journal.append(asdict(answer))
                known[answer.id] = answer
                done += 1
        on_progress(done, len(asked))
    return _outcome(row, questions, {question.id for question in asked}, known, settings)


def record_signature(signature: Json, settings: BenchmarkSettings) -> Json:
    """What a single answer depends on; how many there are is left out.

    :param signature: model, task, data and encoder.
    """
    return signature | {"settings": {name: value for name, value in asdict(settings).items() if name != "questions"}}


def drawn_questions(questions: Sequence[Question], settings: BenchmarkSettings) -> list[Question]:
    """The questions that are asked, in the order of asking: a drawing that grows without changing."""
    order = list(questions)
    if settings.questions is not None:
        random.Random(settings.seed).shuffle(order)
        order = order[: settings.questions]
    return order


def prompt_for(
    row: Benchmark, question: Question, choose: Choose, cutter: TokenCutter, settings: BenchmarkSettings
) -> Augmented:
    """The input with the items that the retriever chose."""
    query = row.query(question.input)
    corpus = tuple(_corpus(row, question, settings))
    items = choose(Search(question, question.input if query is None else query, corpus), settings.k)
    return augment(row.prompt, items, question.input, cutter, max_length=settings.decoding.max_length)


def _corpus(row: Benchmark, question: Question, settings: BenchmarkSettings) -> Iterable[str]:
    for item in question.profile:
        text = row.corpus.format(**item.fields)
        yield f"{text} date: {item.date}" if settings.index_dates else text


def _answer(row: Benchmark, batch: Sequence[Question], method: Method) -> Iterable[Answer]:
    cutter = method.answerer.cutter
    prompts = [prompt_for(row, question, method.choose, cutter, method.settings) for question in batch]
    outputs = method.answerer.answer([prompt.text for prompt in prompts])
    for question, prompt, output in zip(batch, prompts, outputs, strict=True):
        yield Answer(question.id, output, prompt.items)


def _outcome(
    row: Benchmark,
    questions: Sequence[Question],
    asked: set[str],
    known: dict[str, Answer],
    settings: BenchmarkSettings,
) -> Outcome:
    chosen = tuple(question for question in questions if question.id in asked)
    answers = tuple(known[question.id] for question in chosen)
    metrics, by_user = _scores(row, chosen, answers)
    with_items = settings.k > 0 and (settings.retriever != "mixed" or settings.k > 1)
    return Outcome(
        questions=chosen,
        answers=answers,
        metrics=metrics,
        per_user=by_user,
        malformed=tuple(question.id for question in chosen if row.query(question.input) is None),
        crowded_out=tuple(
            question.id
            for question, answer in zip(chosen, answers, strict=True)
            if with_items and question.profile and not answer.items
        ),
    )


def _scores(
    row: Benchmark, questions: Sequence[Question], answers: Sequence[Answer]
) -> tuple[dict[str, float], dict[str, float]]:
    """The task's numbers over all questions, and over users; none where a gold output is missing."""
    golds = [question.gold for question in questions if question.gold is not None]
    if len(golds) < len(questions):
        return {}, {}
    outputs = [answer.output for answer in answers]
    metrics = {metric.name: metric.over_all(golds, outputs) for metric in row.metrics}
    users = [question.user for question in questions]
    if not all(users):
        return metrics, {}
    means = {metric.name: per_user(metric, users, golds, outputs) for metric in row.metrics}
    return metrics, {name: value for name, value in means.items() if value is not None}
