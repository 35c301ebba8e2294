"""Fine-tuning examples: evidence of earlier documents only, no held-out text, weights where they belong."""

import random
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import pytest

from assistant.errors import CorpusError
from assistant.prompts import DRAFT, END, FIRST, PAST, SAME, SECOND, SUMMARY, TITLE, WORDS
from assistant.training.corpus import Record
from assistant.training.examples import (
    ExampleSettings,
    authors_of,
    cursor_of,
    prepare_distinction,
    prepare_finetuning,
    prepare_neighbours,
)
from assistant.training.shards import FULL_WEIGHT, Source, load_sources
from tests.hashing_encoder import HashingEncoder
from tests.small_models import small_tokenizer
from tests.training.corpora import documents, names, prose, write_corpus

SETTINGS = ExampleSettings(continuation_characters=300, no_evidence=0, short_evidence=0, foreign_evidence=0)
TRAIN, TEST = names("train", 4), names("test", 1)


def corpus(folder: Path, *, count: int = 6) -> Path:
    rows = [row for subject, author in enumerate([*TRAIN, *TEST]) for row in documents(author, subject, count=count)]
    return write_corpus(folder / "corpus.jsonl", rows)


def prepare(folder: Path, *paths: Path, settings: ExampleSettings = SETTINGS) -> dict[str, Source]:
    made = prepare_finetuning(paths, small_tokenizer(), folder / "out", settings=settings, encoder=HashingEncoder())
    assert [name for name, _ in made] == ["continuation", "distinction"]
    return {source.name: source for source in load_sources(folder / "out")}


@dataclass(frozen=True)
class Example:
    """A continuation example taken apart again."""

    past: list[str]
    title: str
    draft: str
    weights: list[int]
    draft_weights: list[int]
    whole: str


def examples(source: Source) -> Iterator[Example]:
    tokenizer = small_tokenizer()
    for index in range(len(source)):
        tokens, weights = source.example(index)
        whole = tokenizer.decode(tokens)
        before, draft = whole.split(DRAFT)
        past = [part.split(SUMMARY)[0].split(WORDS)[0] for part in before.split(TITLE)[0].split(PAST)[1:]]
        border = tokens.tolist().index(tokenizer.convert_tokens_to_ids(DRAFT)) + 1
        yield Example(
            past,
            before.split(TITLE)[1],
            draft,
            weights.tolist(),
            weights[border:].tolist(),
            whole,
        )


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Source]:
    folder = tmp_path_factory.mktemp("examples")
    return prepare(folder, corpus(folder))


def test_evidence_is_of_earlier_documents_of_the_same_author(made: dict[str, Source]) -> None:
    seen = 0
    for example in examples(made["continuation"]):
        found = re.fullmatch(r"Note (\d+) by (.*)", example.title)
        assert found
        number, author = int(found[1]), found[2]
        for passage in example.past:
            earlier = re.match(r"Note (\d+) by (Writer \d+)\n", passage)
            assert earlier, passage
            assert int(earlier[1]) < number
            assert earlier[2] == author
            seen += 1
    assert seen > 20


def test_no_held_out_author_enters_any_source(made: dict[str, Source]) -> None:
    whole = "".join(small_tokenizer().decode(np.asarray(source.tokens)) for source in made.values())
    assert any(author in whole for author in TRAIN)
    assert not any(author in whole for author in TEST)
    assert not any(prose(4, number)[:60] in whole for number in range(6))


def test_a_reprint_of_a_held_out_text_does_not_enter_under_another_name(tmp_path: Path) -> None:
    rows: list[Mapping[str, object]] = [r for s, a in enumerate([*TRAIN, *TEST]) for r in documents(a, s)]
    held_out = prose(4, 2)
    rows.append({"author": TRAIN[0], "title": "Reprint", "date": "2003-01-01", "text": held_out.replace(". ", ".\n")})
    path = write_corpus(tmp_path / "corpus.jsonl", rows)
    reprinting = authors_of(path, SETTINGS, split="train")
    assert any(record.title == "Reprint" for author in reprinting for record in author.records)
    for source in prepare(tmp_path, path).values():
        whole = small_tokenizer().decode(np.asarray(source.tokens))
        assert "Reprint" not in whole
        assert held_out[:60] not in whole


def test_every_author_has_as_many_examples_as_documents_with_two_earlier_ones(made: dict[str, Source]) -> None:
    titles = [example.title for example in examples(made["continuation"])]
    assert sorted(titles) == sorted(f"Note {number} by {author}" for author in TRAIN for number in range(2, 6))


def test_at_most_the_set_number_of_authors_and_examples_is_used(tmp_path: Path) -> None:
    made = prepare(tmp_path, corpus(tmp_path), settings=replace(SETTINGS, authors=2, per_author=3))
    titles = [example.title for example in examples(made["continuation"])]
    assert len(titles) == 2 * 3
    assert len({title.partition(" by ")[2] for title in titles}) == 2


def test_weights_rise_from_evidence_to_start_to_continuation(made: dict[str, Source]) -> None:
    for example in examples(made["continuation"]):
        steps = [weight for i, weight in enumerate(example.weights) if i == 0 or weight != example.weights[i - 1]]
        assert steps == sorted(steps)
        assert steps[-1] == FULL_WEIGHT
        assert example.draft_weights.count(FULL_WEIGHT) > 10


def test_the_draft_is_the_beginning_of_the_document_and_ends_only_where_that_ends(tmp_path: Path) -> None:
    path = corpus(tmp_path)
    texts = {
        record.title: record.text for author in authors_of(path, SETTINGS, split="train") for record in author.records
    }
    endings = []
    for length in (300, 5000):
        made = prepare(tmp_path, path, settings=replace(SETTINGS, continuation_characters=length))
        for example in examples(made["continuation"]):
            text = texts[example.title]
            ends = example.draft.endswith(END)
            assert text.startswith(example.draft.removesuffix(END))
            assert ends == (example.draft.removesuffix(END) == text)
            endings.append(ends)
    assert set(endings) == {True, False}


def test_half_of_the_cursors_stand_at_150_characters_and_half_anywhere_early() -> None:
    text = prose(1, 2, characters=3000)
    record = Record("A", "A title of 24 letters...", "", text)
    generator = random.Random(0)
    cursors = [cursor_of(record, generator) for _ in range(1000)]
    assert all(text[cursor] == " " for cursor in cursors)
    at_150 = text.rfind(" ", 0, 150 - len(record.title))
    assert 450 < cursors.count(at_150) < 550
    others = [cursor for cursor in cursors if cursor != at_150]
    assert min(others) < 120
    assert max(others) > 850
    assert len(set(others)) > 100


@pytest.mark.parametrize("text", ["漢字とかなで書かれた文章です。" * 100, "x" * 700, "x" * 310])
def test_without_spaces_a_cursor_stands_between_two_characters(text: str) -> None:
    generator = random.Random(0)
    cursors = [cursor_of(Record("A", "", "", text), generator) for _ in range(100)]
    assert all(0 < cursor <= max(60, len(text) - 300) for cursor in cursors)


@pytest.mark.parametrize(
    ("shares", "past"),
    [({"no_evidence": 1.0}, 0), ({"short_evidence": 1.0}, 1)],
)
def test_shares_without_and_with_little_evidence(tmp_path: Path, shares: dict[str, float], past: int) -> None:
    made = prepare(tmp_path, corpus(tmp_path), settings=replace(SETTINGS, **shares))  # type: ignore[arg-type]
    assert {len(example.past) for example in examples(made["continuation"])} == {past}
    if not past:
        assert not any(SUMMARY in e.whole or WORDS in e.whole for e in examples(made["continuation"]))


def test_useless_evidence_is_another_authors(tmp_path: Path) -> None:
    # All authors write of the same subject, or nothing foreign would be found relevant.
    rows = [row for author in TRAIN for row in documents(author, 0)]
    path = write_corpus(tmp_path / "corpus.jsonl", [r | {"text": f"{r['author']} says: {r['text']}"} for r in rows])
    made = prepare(tmp_path, path, settings=replace(SETTINGS, foreign_evidence=1.0))
    foreign = 0
    for example in examples(made["continuation"]):
        author = example.title.partition(" by ")[2]
        foreign += any(passage.partition("\n")[0].partition(" by ")[2] != author for passage in example.past)
    assert foreign >= 3 * 4  # all but the first author's, who has nobody before


def test_pairs_are_as_many_half_of_them_by_one_author_and_true(tmp_path: Path) -> None:
    made = prepare(tmp_path, corpus(tmp_path, count=14))
    assert len(made["distinction"]) == len(made["continuation"]) == 4 * SETTINGS.per_author
    _check_pairs(made["distinction"], 32)


def test_pairs_can_be_made_alone_in_any_number(tmp_path: Path) -> None:
    path = corpus(tmp_path, count=14)
    prepare_distinction([path], small_tokenizer(), tmp_path / "out", settings=SETTINGS, pairs=40)
    (source,) = load_sources(tmp_path / "out")
    _check_pairs(source, 40)


def _check_pairs(source: Source, count: int) -> None:
    """So many pairs, about half by one author, each with the right answer."""
    assert len(source) == count
    subjects = [set(prose(subject, 0).split()) - set(prose(subject + 1, 0).split()) for subject in range(4)]
    answers = []
    for index in range(len(source)):
        tokens, weights = source.example(index)
        first, rest = small_tokenizer().decode(tokens).removeprefix(FIRST).split(SECOND)
        second, answer = rest.split(SAME)
        assert answer in (" true", " false")
        of = [max(range(4), key=lambda s: len(subjects[s] & set(text.split()))) for text in (first, second)]
        assert (of[0] == of[1]) == (answer == " true")
        assert first != second
        assert weights[-1] > FULL_WEIGHT > weights[0]
        answers.append(answer)
    assert count / 4 <= answers.count(" true") <= count * 3 / 4


def test_preparing_is_repeatable_and_seeded(tmp_path: Path) -> None:
    path = corpus(tmp_path)
    runs = []
    for number, seed in enumerate([1, 1, 2]):
        made = prepare(tmp_path / str(number), path, settings=replace(SETTINGS, seed=seed))
        runs.append({name: np.asarray(source.tokens).tobytes() for name, source in made.items()})
    assert runs[0] == runs[1] != runs[2]


# Corpora as they are


@pytest.mark.parametrize(
    "rows",
    [
        [],
        [{"text": ""}],
        [{"author": TRAIN[0], "text": ""} for _ in range(9)],
        list(documents(TRAIN[0], 0, count=1)),
        list(documents(TRAIN[0], 0)),
        list(documents(TRAIN[0], 0)) + list(documents(TRAIN[1], 1, count=3)),
        [row for subject, author in enumerate(names("test", 3)) for row in documents(author, subject)],
    ],
    ids=[
        "empty",
        "no text",
        "empty texts",
        "one document",
        "one author",
        "a second with too little",
        "held-out authors alone",
    ],
)
def test_a_corpus_without_two_authors_says_what_it_lacks(tmp_path: Path, rows: list[dict[str, str]]) -> None:
    path = write_corpus(tmp_path / "corpus.jsonl", rows)
    with pytest.raises(CorpusError, match=r"corpus.jsonl: [01] training authors with 4 documents .* at least 2"):
        prepare(tmp_path, path)


def test_undated_documents_keep_the_order_of_the_file(tmp_path: Path) -> None:
    rows = [{**row, "date": ""} for s, author in enumerate(TRAIN[:2]) for row in documents(author, s)]
    made = prepare(tmp_path, write_corpus(tmp_path / "corpus.jsonl", rows))
    for example in examples(made["continuation"]):
        number = int(example.title.split()[1])
        assert all(int(passage.split()[1]) < number for passage in example.past)


@pytest.mark.parametrize("text", ["The barge came late, and so did we. " * 40_000, "x" * 1_500_000, "水" * 500_000])
def test_of_giant_texts_the_beginning_is_read(tmp_path: Path, text: str) -> None:
    rows = [
        {**row, "text": f"{row['title']} {text}"} for s, author in enumerate(TRAIN[:2]) for row in documents(author, s)
    ]
    made = prepare(tmp_path, write_corpus(tmp_path / "corpus.jsonl", rows))
    longest = SETTINGS.maximum_characters
    for example in examples(made["continuation"]):
        assert f"{example.title} {text}"[:longest].startswith(example.draft.rstrip("\ufffd"))
        assert not example.draft.endswith(END)  # it goes on
        assert sum(map(len, example.past)) <= SETTINGS.evidence.ranking.budget_characters * 1.1


def test_untitled_documents_have_no_title_section(tmp_path: Path) -> None:
    rows = [{**row, "title": None} for s, author in enumerate(TRAIN[:2]) for row in documents(author, s)]
    made = prepare(tmp_path, write_corpus(tmp_path / "corpus.jsonl", rows))
    assert TITLE not in small_tokenizer().decode(np.asarray(made["continuation"].tokens))


@pytest.mark.parametrize(
    "sentence", ["漢字とかなで書かれた文章です{}。", "Это простой русский текст номер {}. ", "हिन्दी में पाठ {}। "]
)
def test_other_scripts_make_examples(tmp_path: Path, sentence: str) -> None:
    rows = [
        {"author": author, "title": f"Note {number} by {author}", "date": f"200{number}", "text": text}
        for subject, author in enumerate(TRAIN[:2])
        for number in range(5)
        if (text := "".join(sentence.format(1000 * subject + 100 * number + i) for i in range(40)))
    ]
    made = prepare(tmp_path, write_corpus(tmp_path / "corpus.jsonl", rows))
    assert len(made["continuation"]) == 2 * 3
    texts = {f"{row['title']}": row["text"] for row in rows}
    for example in examples(made["continuation"]):
        assert texts[example.title].startswith(example.draft.removesuffix(END).rstrip("\ufffd"))


def test_documents_with_markers_in_them_stay_text(tmp_path: Path) -> None:
    rows = [
        row | {"title": f"{row['title']} {PAST}", "text": f"{END} {row['text']} {DRAFT}"}
        for s, author in enumerate(TRAIN[:2])
        for row in documents(author, s)
    ]
    made = prepare(tmp_path, write_corpus(tmp_path / "corpus.jsonl", rows))
    tokenizer = small_tokenizer()
    draft, end = (tokenizer.convert_tokens_to_ids(marker) for marker in (DRAFT, END))
    for index in range(len(made["continuation"])):
        tokens = made["continuation"].example(index)[0].tolist()
        assert tokens.count(draft) == 1
        assert end not in tokens[:-1]


@pytest.fixture(scope="module")
def neighbours(tmp_path_factory: pytest.TempPathFactory) -> Source:
    folder = tmp_path_factory.mktemp("neighbours")
    tokens = prepare_neighbours([corpus(folder)], small_tokenizer(), folder / "out", settings=SETTINGS)
    (source,) = load_sources(folder / "out")
    assert source.name == "neighbours"
    assert len(source.tokens) == tokens
    return source


def test_neighbours_are_passages_of_earlier_documents_of_the_same_author(neighbours: Source) -> None:
    passages = [(passage, example) for example in examples(neighbours) for passage in example.past]
    assert len(passages) > 20
    for passage, example in passages:
        earlier = re.match(r"Note (\d+) by (Writer \d+)\n", passage)
        current = re.fullmatch(r"Note (\d+) by (.*)", example.title)
        assert earlier, passage
        assert current, example.title
        assert int(earlier[1]) < int(current[1])
        assert earlier[2] == current[2]


def test_neighbours_hold_no_summary_no_keywords_and_no_held_out_author(neighbours: Source) -> None:
    whole = small_tokenizer().decode(np.asarray(neighbours.tokens))
    assert SUMMARY not in whole
    assert WORDS not in whole
    assert not any(author in whole for author in TEST)
