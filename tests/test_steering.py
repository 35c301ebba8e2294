"""The writer's choices: what they do to the evidence, through the pipeline and over a real library."""

from dataclasses import replace
from pathlib import Path
from typing import Any, get_args

import pytest

from assistant.errors import SettingsError
from assistant.evidence_methods import evidence_stages
from assistant.library.library import Library
from assistant.pipeline import Clock, EvidenceStages
from assistant.settings import RankingName, RankingSettings, RetrievalSettings, Settings, SummaryName, SynthesisName
from assistant.steering import steered_entries, steered_keywords
from assistant.types import (
    DocumentId,
    Evidence,
    Keyword,
    RankedEntry,
    Request,
    Snippet,
    SnippetId,
    Span,
    Steering,
    VoiceId,
)
from tests.hashing_encoder import HashingEncoder

TEXTS = {
    "locks": "The sluice gate stuck again on Friday, and the keeper wrote to the council about the gate.",
    "gates": "A gate is a promise; the sluice gate by the mill has been lying to us since the spring flood.",
    "bread": "The baker opens at five. His rye bread needs a day and a night, and nobody may hurry it.",
    "mills": "The mill wheel stood still because the sluice gate was shut, and the miller said a word about it.",
    "boats": "Two boats waited below the sluice, and the crew of the second one played cards on the gate.",
}


def entry(document: int, characters: int = 10) -> RankedEntry:
    snippet = Snippet(SnippetId(document), DocumentId(document), 0, Span(0, characters), "x" * characters)
    return RankedEntry(
        DocumentId(document), f"Title {document}", None, snippet.text, snippet.span, snippet, (snippet,), 0.5
    )


def ids(*numbers: int) -> tuple[DocumentId, ...]:
    return tuple(DocumentId(number) for number in numbers)


# ---- the pure part ----


@pytest.mark.parametrize(
    ("ranked", "pinned", "order", "expected"),
    [
        ((1, 2, 3), (), (), (1, 2, 3)),
        ((1, 2), (7,), (), (7, 1, 2)),  # pinned ones stand before what was ranked
        ((1, 2, 3), (), (3,), (3, 1, 2)),
        ((1, 2, 3), (7,), (2, 7), (2, 7, 1, 3)),  # the order overrules that too
        ((1, 2), (), (9, 2), (2, 1)),  # a document that does not stand this time is no mistake
        ((1, 1, 2), (), (2,), (2, 1, 1)),  # two passages of one document stay in their order
    ],
)
def test_entries_stand_as_the_writer_ordered_them(
    ranked: tuple[int, ...], pinned: tuple[int, ...], order: tuple[int, ...], expected: tuple[int, ...]
) -> None:
    found = steered_entries([entry(n) for n in ranked], [entry(n) for n in pinned], ids(*order))
    assert [one.document for one in found] == list(expected)


def test_words_are_removed_whatever_their_case_and_added_before_the_others() -> None:
    found = (Keyword("sluice", 0.9), Keyword("Gate", 0.7), Keyword("mill", 0.2))
    steering = Steering(added_words=("weir ", "mill"), removed_words=("gate",))
    assert steered_keywords(found, steering) == (Keyword("weir", 1.0), Keyword("mill", 1.0), Keyword("sluice", 0.9))


@pytest.mark.parametrize(
    ("choices", "message"),
    [
        ({"pinned": ids(1, 2, 3, 4, 5, 6)}, "6 documents are pinned: expected 5 at most"),
        ({"pinned": ids(1, 2), "excluded": ids(2)}, "document 2 is pinned and left out"),
        ({"ranking": "RankByMoon"}, "'RankByMoon': expected one of RankDocBySnpt"),
        ({"summary_by": "SumByMoon"}, "'SumByMoon': expected one of SumByDraft"),
        ({"keywords_by": "SynByMoon"}, "'SynByMoon': expected one of SynByDraft"),
        ({"added_words": (" ",)}, "1 to 60"),
        ({"removed_words": ("x" * 61,)}, "61 characters"),
        ({"added_words": tuple(map(str, range(41)))}, "41 words"),
        ({"summary": "x" * 2001}, "2001 characters"),
    ],
)
def test_what_cannot_be_is_refused_with_what_was_found(choices: dict[str, Any], message: str) -> None:
    with pytest.raises(SettingsError, match=message):
        Steering(**choices)


# ---- through the stages, over a library ----


@pytest.fixture
def voice(library: Library, tmp_path: Path) -> VoiceId:
    made = library.create_voice(library.local_writer(), "Letters").id
    fill(library, made, TEXTS, tmp_path / "in")
    return made


def fill(library: Library, voice: VoiceId, texts: dict[str, str], folder: Path) -> None:
    folder.mkdir()
    for title, text in texts.items():
        (folder / f"{title}.txt").write_text(text)
    library.import_now(library.local_writer(), voice, [folder])


@pytest.fixture
def stages(library: Library) -> EvidenceStages:
    return evidence_stages(
        library, HashingEncoder(), Settings(ranking=RankingSettings(budget_characters=300, passage_characters=100))
    )


def numbers(library: Library, voice: VoiceId) -> dict[str, DocumentId]:
    return {info.title: info.id for info in library.documents(library.local_writer(), voice)}


def evidence(stages: EvidenceStages, library: Library, voice: VoiceId, steering: Steering) -> Evidence:
    return stages.evidence(Request(library.local_writer(), voice, "The sluice", "The sluice gate", steering=steering))


def titles(evidence: Evidence) -> list[str]:
    return [one.title for one in evidence.entries]


def test_unsteered_evidence_is_what_it_was(stages: EvidenceStages, library: Library, voice: VoiceId) -> None:
    plain = evidence(replace(stages, choices=None), library, voice, Steering())
    assert evidence(stages, library, voice, Steering()) == plain
    assert "bread" not in titles(plain)


def test_pinned_documents_share_the_room_and_all_of_them_stand(library: Library, tmp_path: Path) -> None:
    voice = library.create_voice(library.local_writer(), "Logs").id
    texts = {f"log {number}": f"Entry {number}: the gate was shut at dusk. " * 60 for number in range(6)}
    fill(library, voice, texts, tmp_path / "logs")
    pinned = tuple(document for _, document in sorted(numbers(library, voice).items()))[:5]
    found = evidence(evidence_stages(library, HashingEncoder(), Settings()), library, voice, Steering(pinned=pinned))
    assert titles(found)[:5] == [f"log {number}" for number in range(5)]


def test_what_is_ranked_shares_the_room_that_pinned_documents_leave(library: Library, tmp_path: Path) -> None:
    voice = library.create_voice(library.local_writer(), "Logs").id
    fill(
        library,
        voice,
        {f"log {number}": f"Entry {number}: the gate was shut. " * 90 for number in range(4)},
        tmp_path / "in",
    )
    pinned = numbers(library, voice)["log 2"]
    found = evidence(evidence_stages(library, HashingEncoder(), Settings()), library, voice, Steering(pinned=(pinned,)))
    assert titles(found)[0] == "log 2"
    assert len(found.entries) > 1
    assert "log 2" not in titles(found)[1:]
    lengths = [len(entry.text) for entry in found.entries]
    assert 0.8 * RankingSettings().budget_characters < sum(lengths) <= RankingSettings().budget_characters


def test_evidence_fills_its_room_though_nothing_bears_on_the_draft(library: Library, tmp_path: Path) -> None:
    voice = library.create_voice(library.local_writer(), "Logs").id
    fill(
        library,
        voice,
        {f"log {number}": f"Entry {number}: wind north. " * 80 for number in range(4)},
        tmp_path / "logs",
    )
    found = evidence(evidence_stages(library, HashingEncoder(), Settings()), library, voice, Steering())
    assert sum(len(entry.text) for entry in found.entries) > 0.8 * RankingSettings().budget_characters


def test_a_pinned_document_stands_though_it_has_nothing_to_do_with_the_draft(
    stages: EvidenceStages, library: Library, voice: VoiceId
) -> None:
    bread = numbers(library, voice)["bread"]
    found = evidence(stages, library, voice, Steering(pinned=(bread,)))
    assert titles(found)[0] == "bread"
    assert "rye bread" in found.entries[0].text


def test_an_excluded_document_is_gone_from_every_part_and_another_takes_its_room(
    stages: EvidenceStages, library: Library, voice: VoiceId
) -> None:
    plain = evidence(stages, library, voice, Steering())
    first = plain.entries[0]
    found = evidence(stages, library, voice, Steering(excluded=(first.document,)))
    assert first.title not in titles(found)
    assert len(found.entries) == len(plain.entries)
    assert first.document not in {sentence.document for sentence in found.summary.sentences}


@pytest.mark.parametrize("ranking", ["RankDocBySnpt", "RankDocBM25", "RankDocDense", "RankSnippet", "RecentDoc"])
def test_every_ranking_can_be_chosen_and_obeys(
    stages: EvidenceStages, library: Library, voice: VoiceId, *, ranking: Any
) -> None:
    plain = evidence(stages, library, voice, Steering(ranking=ranking))
    gone = plain.entries[0]
    found = evidence(stages, library, voice, Steering(ranking=ranking, excluded=(gone.document,)))
    assert found.entries
    assert gone.title not in titles(found)


# Of all that is said of the sluice gate, nearly everything is said here, and nearer to the draft than anywhere else.
MINUTES = {f"minutes {year}": f"The sluice gate of {year}. " * 40 for year in range(1987, 1991)}


@pytest.mark.parametrize("ranking", get_args(RankingName))
def test_what_is_left_out_weighs_in_nothing_as_if_the_voice_had_never_held_it(
    library: Library, voice: VoiceId, tmp_path: Path, *, ranking: RankingName
) -> None:
    few = Settings(retrieval=RetrievalSettings(candidates=3))
    stages = evidence_stages(library, HashingEncoder(), few)
    both = library.create_voice(library.local_writer(), "Letters and minutes").id
    fill(library, both, TEXTS, tmp_path / "letters")
    fill(library, both, MINUTES, tmp_path / "minutes")
    minutes = tuple(number for title, number in numbers(library, both).items() if title in MINUTES)
    steering = Steering(ranking=ranking, keywords_by="SynCtxInd")
    expected = evidence(stages, library, voice, steering)

    found = evidence(stages, library, both, replace(steering, excluded=minutes))

    assert titles(evidence(stages, library, both, steering)) != titles(expected)
    assert titles(found) == titles(expected) != []
    assert [one.text for one in found.entries] == [one.text for one in expected.entries]
    assert [one.score for one in found.entries] == pytest.approx([one.score for one in expected.entries], rel=1e-6)
    assert found.summary.text == expected.summary.text
    assert found.keywords == expected.keywords


def test_what_was_left_out_can_come_back_and_new_documents_are_seen(
    stages: EvidenceStages, library: Library, voice: VoiceId, tmp_path: Path
) -> None:
    plain = evidence(stages, library, voice, Steering())
    without = Steering(excluded=(plain.entries[0].document,))
    evidence(stages, library, voice, without)
    assert evidence(stages, library, voice, Steering()) == plain
    fill(library, voice, {"later": "The sluice. The sluice gate."}, tmp_path / "later")
    assert "later" in titles(evidence(stages, library, voice, without))


def test_a_pinned_document_that_the_draft_became_does_not_stand(
    stages: EvidenceStages, library: Library, voice: VoiceId
) -> None:
    bread = numbers(library, voice)["bread"]
    draft = Request(library.local_writer(), voice, "The sluice", "The sluice gate", steering=Steering(pinned=(bread,)))
    assert "bread" in titles(stages.evidence(draft))
    assert "bread" not in titles(stages.evidence(replace(draft, joined=bread)))


def test_another_ranking_makes_another_order(stages: EvidenceStages, library: Library, voice: VoiceId) -> None:
    recent = titles(evidence(stages, library, voice, Steering(ranking="RecentDoc")))
    assert recent != titles(evidence(stages, library, voice, Steering()))


def test_the_summary_and_the_words_are_the_writers(stages: EvidenceStages, library: Library, voice: VoiceId) -> None:
    plain = evidence(stages, library, voice, Steering())
    gone = plain.keywords[0].text
    steering = Steering(added_words=("lockkeeper",), removed_words=(gone,), summary=" The gate is old. ")
    found = evidence(stages, library, voice, steering)
    assert found.summary.text == "The gate is old."
    assert found.keywords[0].text == "lockkeeper"
    assert gone not in [keyword.text for keyword in found.keywords]
    assert evidence(stages, library, voice, Steering(summary="")).summary.text == ""


def test_a_document_that_was_deleted_meanwhile_is_passed_over(
    stages: EvidenceStages, library: Library, voice: VoiceId
) -> None:
    bread = numbers(library, voice)["bread"]
    library.delete_document(library.local_writer(), bread)
    found = evidence(stages, library, voice, Steering(pinned=(bread,), order=(bread,)))
    assert titles(found) == titles(evidence(stages, library, voice, Steering()))


def test_documents_of_another_voice_never_come_in(
    stages: EvidenceStages, library: Library, voice: VoiceId, tmp_path: Path
) -> None:
    other = library.create_voice(library.local_writer(), "Novel").id
    fill(library, other, {"secret": "Nobody in the letters may know of the pear tree."}, tmp_path / "other")
    secret = numbers(library, other)["secret"]
    assert "secret" not in titles(evidence(stages, library, voice, Steering(pinned=(secret,))))


def test_the_events_show_the_steered_evidence(stages: EvidenceStages, library: Library, voice: VoiceId) -> None:
    bread = numbers(library, voice)["bread"]
    ask = Request(
        library.local_writer(),
        voice,
        "",
        "The sluice gate",
        steering=Steering(pinned=(bread,), added_words=("weir",), summary="Mine."),
    )
    events = list(stages.gather(ask, Clock()))
    assert events[1].entries[0].document == bread  # type: ignore[union-attr]
    assert events[2].summary.text == "Mine."  # type: ignore[union-attr]
    assert events[3].keywords[0].text == "weir"  # type: ignore[union-attr]


def test_stages_that_cannot_be_steered_say_so(stages: EvidenceStages, library: Library, voice: VoiceId) -> None:
    with pytest.raises(SettingsError, match="without steering"):
        evidence(replace(stages, choices=None), library, voice, Steering(ranking="RecentDoc"))


@pytest.mark.parametrize("name", ["SumByDraft", "SumCtx", "SumCtxInd", "none"])
def test_every_summary_can_be_chosen(
    stages: EvidenceStages, library: Library, voice: VoiceId, *, name: SummaryName
) -> None:
    found = evidence(stages, library, voice, Steering(summary_by=name))
    assert bool(found.summary.sentences) == (name != "none")
    assert found.keywords == evidence(stages, library, voice, Steering()).keywords


@pytest.mark.parametrize("name", ["SynByDraft", "SynCtx", "none"])
def test_every_choice_of_words_can_be_chosen(
    stages: EvidenceStages, library: Library, voice: VoiceId, *, name: SynthesisName
) -> None:
    found = evidence(stages, library, voice, Steering(keywords_by=name))
    assert bool(found.keywords) == (name != "none")


def test_another_summary_is_another_choice_of_sentences(
    stages: EvidenceStages, library: Library, voice: VoiceId
) -> None:
    without_draft, own = (
        evidence(stages, library, voice, steering).summary
        for steering in (Steering(summary_by="SumCtxInd"), Steering(summary_by="SumCtxInd", summary="Mine."))
    )
    assert without_draft.text != own.text == "Mine."


@pytest.mark.parametrize("steering", [Steering(summary_by="SumCtxWritten"), Steering(keywords_by="SynCtxWritten")])
def test_what_no_model_is_there_to_write_is_said(
    stages: EvidenceStages, library: Library, voice: VoiceId, steering: Steering
) -> None:
    with pytest.raises(SettingsError, match="without a model that writes it: name one made by"):
        evidence(stages, library, voice, steering)
