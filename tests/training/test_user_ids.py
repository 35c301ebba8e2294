"""Ids in the place of a past: learnt from documents that are never measured."""

from dataclasses import replace
from pathlib import Path

from assistant.evaluation.framework_tasks import FrameworkSettings, find_people, tasks_of
from assistant.prompts import DRAFT, PAST, WORDS
from assistant.training.examples import ExampleSettings
from assistant.training.shards import load_sources
from assistant.training.user_ids import prepare_user_ids, user_id
from tests.small_models import small_tokenizer
from tests.training.corpora import documents, names, write_corpus

TRAIN, TEST = names("train", 3), names("test", 2)
SETTINGS = ExampleSettings(continuation_characters=300)


def corpus(folder: Path) -> Path:
    people = [*TRAIN, *TEST]
    return write_corpus(
        folder / "corpus.jsonl",
        [row for subject, author in enumerate(people) for row in documents(author, subject, count=8)],
    )


def examples(path: Path, out: Path, settings: ExampleSettings = SETTINGS) -> list[str]:
    prepare_user_ids([path], small_tokenizer(), out, settings=settings)
    (source,) = load_sources(out)
    return [small_tokenizer().decode(source.example(number)[0]) for number in range(len(source))]


def test_every_example_tells_its_authors_id_and_nothing_else_of_the_past(tmp_path: Path) -> None:
    found = examples(corpus(tmp_path), tmp_path / "out")
    assert len(found) == 3 * 6 + 2 * 2
    for text in found:
        author = text.split(" by ")[1].split("<|")[0]
        assert f"{WORDS}{user_id(author)}<|" in text
        assert author not in user_id(author)
        assert PAST not in text
        assert DRAFT in text


def test_what_is_measured_never_enters(tmp_path: Path) -> None:
    path = corpus(tmp_path)
    settings = FrameworkSettings(authors=2, documents=50)
    people = find_people(path, settings)
    records = {author.name: author.records for author in people.measured}
    measured = {records[task.author][task.document].title for task in tasks_of(people, settings)}
    assert len(measured) == 2 * 6
    whole = "".join(examples(path, tmp_path / "out"))
    assert not any(title in whole for title in measured)
    assert all(f"Note 0 by {author}" in whole and f"Note 1 by {author}" in whole for author in TEST)


def test_fewer_examples_are_fewer_of_the_training_authors(tmp_path: Path) -> None:
    found = examples(corpus(tmp_path), tmp_path / "out", replace(SETTINGS, per_author=1))
    assert len(found) == 3 + 2 * 2
