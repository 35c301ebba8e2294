"""One model for the whole table: it meets every row's format, and a control that meets none."""

from collections import Counter
from dataclasses import replace
from pathlib import Path

import numpy as np

from assistant.evaluation.rows import ROWS, row_named, rows_for
from assistant.prompts import DRAFT, PAST, SUMMARY, WORDS
from assistant.settings import HelperSettings
from assistant.training.examples import ExampleSettings, prepare_finetuning
from assistant.training.formats import table_formats
from assistant.training.shards import load_sources
from tests.hashing_encoder import HashingEncoder
from tests.small_models import small_tokenizer
from tests.small_selectors import small_selectors
from tests.training.corpora import documents, names, write_corpus

SETTINGS = ExampleSettings(no_evidence=0, short_evidence=0, foreign_evidence=0, continuation_characters=300)
HELPERS = HelperSettings(selectors=small_selectors())


def test_every_row_that_has_a_past_of_its_own_is_a_format() -> None:
    for helpers in (HelperSettings(), HelperSettings(summary_model="a", generic_summary_model="b", keyword_model="c")):
        rows = [row_named(name, helpers) for name in rows_for(helpers, zero_shot=False)]
        formats = table_formats(helpers)
        assert all(row.settings in formats for row in rows if row.past == "own")
        assert len(formats) == len(set(map(repr, formats)))
    assert len(table_formats(HelperSettings())) < len(ROWS)


def examples(tmp_path: Path, settings: ExampleSettings) -> list[str]:
    people = enumerate(names("train", 6))
    path = write_corpus(tmp_path / "c.jsonl", [row for s, who in people for row in documents(who, s, count=10)])
    made = prepare_finetuning([path], small_tokenizer(), tmp_path / "out", settings=settings, encoder=HashingEncoder())
    assert [name for name, _ in made] == ["continuation", "distinction"]
    source = {source.name: source for source in load_sources(tmp_path / "out")}["continuation"]
    return [small_tokenizer().decode(np.asarray(source.example(number)[0])) for number in range(len(source))]


def test_a_mixture_has_summaries_and_words_now_and_then(tmp_path: Path) -> None:
    found = examples(tmp_path, replace(SETTINGS, formats=table_formats(HELPERS)))
    kinds = Counter((PAST in text, SUMMARY in text, WORDS in text) for text in found)
    assert {(True, False, False), (True, True, False), (True, True, True)} <= set(kinds)
    assert all(past for past, _, _ in kinds)
    assert found == examples(tmp_path, replace(SETTINGS, formats=table_formats(HELPERS)))


def test_without_history_no_example_has_any_evidence(tmp_path: Path) -> None:
    found = examples(tmp_path, replace(SETTINGS, with_history=False))
    assert len(found) == 6 * 8
    assert all(DRAFT in text for text in found)
    assert not any(marker in text for text in found for marker in (PAST, SUMMARY, WORDS))
