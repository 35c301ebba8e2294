"""Texts to measure with."""

import re

import pytest

from assistant.bench.texts import Material, shuffled_texts, typed_drafts, usable_sentences
from assistant.library.snippets import snippet_spans
from assistant.sentences import split_sentences

MATERIAL = Material(voices=2, documents=4)
VOICES = [usable_sentences(documents) for documents in MATERIAL.read()]
DOCUMENTS = MATERIAL.read()[0]


def test_material_is_what_was_asked_for_and_has_a_signature() -> None:
    assert [len(voice) for voice in MATERIAL.files()] == [4, 4]
    assert [document.text for document in DOCUMENTS] == [document.text for document in Material(1, 4).read()[0]]
    facts = MATERIAL.signature()
    assert facts["documents"] == 8
    assert re.fullmatch("[0-9a-f]{64}", str(facts["data_sha256"]))
    assert facts["data_sha256"] != Material(voices=2, documents=3).signature()["data_sha256"]


@pytest.mark.parametrize("snippets", [1, 3, 10, 47])
def test_shuffled_texts_give_exactly_so_many_snippets(snippets: int) -> None:
    texts = list(shuffled_texts(VOICES, snippets=snippets, seed=1))
    assert sum(len(snippet_spans(text)) for text in texts) == snippets
    assert texts == list(shuffled_texts(VOICES, snippets=snippets, seed=1))
    assert texts != list(shuffled_texts(VOICES, snippets=snippets, seed=2))


def test_a_shuffled_text_is_of_one_voice_and_falls_apart_into_the_sentences_it_was_made_of() -> None:
    texts = list(shuffled_texts(VOICES, snippets=200, seed=0))
    assert len(set(texts)) == len(texts)
    sentences = [split_sentences(text) for text in texts]
    of_one_voice = sum(any(set(own) <= set(voice) for voice in VOICES) for own in sentences)
    assert of_one_voice > 0.9 * len(texts)  # now and then two sentences run together


def test_drafts_are_beginnings_of_documents_that_grow_by_a_few_words() -> None:
    drafts = typed_drafts(DOCUMENTS, 20, seed=3)
    texts = {document.title: document.text for document in DOCUMENTS}
    for draft in drafts:
        assert texts[draft.title].startswith(draft.later)
        assert draft.later.startswith(draft.before + " ")
        assert 3 <= draft.later[len(draft.before) :].count(" ") <= 6
        assert 100 < len(draft.before) < 1300
    assert drafts == typed_drafts(DOCUMENTS, 20, seed=3)
    assert len({draft.before for draft in drafts}) > 15
