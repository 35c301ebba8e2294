"""Words copied from a document: fifty cases by hand and more, then what must hold for all."""

import pytest

from assistant.copies import HABIT, SHORTEST_COPY, copied_runs
from assistant.types import Document, DocumentId, VoiceId

FERRY = (
    "The Constance was late again on Thursday. Piet had the bow door off its hinges before seven, and by the time the "
    "first lorry came down the ramp nobody could say whose fault it was. I told the office that we would sail at noon "
    "or not at all. “It holds,” said Piet, “for now.” The captain's log says otherwise. Don't ask me why."
)
ORCHARD = (
    "My grandmother pruned the pear tree on the last Sunday of February, whatever the weather said. She held that "
    "trees can count. In forty years the tree missed one spring, and that was the year she had pneumonia. I held the "
    "ladder."
)
INN = (
    "At the end of the day, on the other side of the river, I don't know what to make of it. It's one of those things. "
    "I saw it for the first time in years, and that was all there was. There was not much more that he could say. We "
    "stood at the end of the pier, and so it was that we had to go on without them. "
)
NAMES = {"ferry": DocumentId(1), "orchard": DocumentId(2), "inn": DocumentId(3)}
DOCUMENTS = [
    Document(NAMES["ferry"], VoiceId(1), "Ferry", None, FERRY),
    Document(NAMES["orchard"], VoiceId(1), "Orchard", None, ORCHARD),
    Document(NAMES["inn"], VoiceId(1), "Inn", None, INN),
]

# The draft's end, the suggestion, and what of it is copied from where.
CASES: list[tuple[str, str, list[tuple[str, str]]]] = [
    # nothing copied
    ("We met", " at the harbour and drank tea.", []),
    ("We met", "", []),
    ("", "Three words only.", []),
    ("I think", " the bow door is lost.", []),  # three words in a row are no copy
    ("I think", " trees can count.", []),
    ("Nobody", " knows whose fault that is.", []),
    ("We shall", " sail at noon tomorrow.", []),
    ("She", " pruned the apple trees on the last Friday.", []),  # four in a row never come
    ("The log", " says nothing.", []),
    ("It was", " Piet who had taken the door off.", []),
    ("He said", " it held, and for now it does.", []),
    ("We", " told the harbour that we sail.", []),
    # copied from its beginning to its end
    ("", "The Constance was late again on Thursday.", [("The Constance was late again on Thursday", "ferry")]),
    ("So", " trees can count in forty years", [("trees can count in forty years", "orchard")]),
    ("And", " I held the ladder.", [("I held the ladder", "orchard")]),
    ("He", " had the bow door off", [("had the bow door off", "ferry")]),
    ("In", " forty years the tree missed", [("forty years the tree missed", "orchard")]),
    ("I fear", " nobody could say whose fault it was", [("nobody could say whose fault it was", "ferry")]),
    # copied in the middle
    ("As ever,", " the Constance was late again, I fear.", [("the Constance was late again", "ferry")]),
    ("Then", " the first lorry came down the ramp and stopped.", [("the first lorry came down the ramp", "ferry")]),
    ("It is", " clear that she held that trees can count, or so.", [("she held that trees can count", "orchard")]),
    ("Look:", " on the last Sunday of March we met.", [("on the last Sunday of", "orchard")]),
    ("We know", " that was the year she had it.", [("that was the year she had", "orchard")]),
    ("They", " sail at noon or not at all, they say.", [("sail at noon or not at all", "ferry")]),
    # case, punctuation, apostrophes
    ("", "THE CONSTANCE WAS LATE today.", [("THE CONSTANCE WAS LATE", "ferry")]),
    ("", "the constance, was — late; again", [("the constance, was — late; again", "ferry")]),
    ("We say", " it holds said Piet for now", [("it holds said Piet for now", "ferry")]),
    ("So", " the captain’s log says otherwise", [("the captain’s log says otherwise", "ferry")]),
    ("So", " the captain's log says otherwise", [("the captain's log says otherwise", "ferry")]),
    ("Please", " don’t ask me why", [("don’t ask me why", "ferry")]),
    ("Please", " dont ask me why", []),  # another word
    ("", "Pear-tree on the last Sunday", [("on the last Sunday", "orchard")]),  # a hyphen makes one word of two
    ("", "late again on Thursday\n\nPiet had the door", [("late again on Thursday\n\nPiet had the", "ferry")]),
    ("Sentences run", " on: whose fault it was I told", [("whose fault it was I told", "ferry")]),
    # a word that the draft began
    ("The Const", "ance was late again", [("ance was late again", "ferry")]),
    ("before sev", "en, and by the end", [("en, and by the", "ferry")]),
    ("Const", "ant was late again", []),
    ("forty ye", "ars the tree stood", []),  # three words only
    ("in fort", "y years the tree stood", [("y years the tree", "orchard")]),
    ("in forty", " years the tree stood", []),  # the draft's own words do not count
    ("whose ", "fault it was I think", [("fault it was I", "ferry")]),
    # several
    (
        "",
        "the first lorry came late; she held that trees can swim",
        [("the first lorry came", "ferry"), ("she held that trees can", "orchard")],
    ),
    (
        "",
        "I held the ladder. I held the ladder.",
        [("I held the ladder", "orchard"), ("I held the ladder", "orchard")],
    ),
    (
        "",
        "pruned the pear tree on it was late again on Thursday",
        [("pruned the pear tree on", "orchard"), ("was late again on Thursday", "ferry")],
    ),
    (
        "",
        "nobody could say whose can count in forty years",
        [("nobody could say whose", "ferry"), ("can count in forty years", "orchard")],
    ),
    # broken by a changed, added or missing word
    ("", "The Constance was very late again on Thursday. Well", [("late again on Thursday", "ferry")]),
    ("", "My grandmother pruned a pear tree on the last Sunday", [("pear tree on the last Sunday", "orchard")]),
    ("", "the weather said she held trees can count", [("the weather said she held", "orchard")]),
    # other writing
    ("🦆", " 🦆 I held the ladder 🦆", [("I held the ladder", "orchard")]),
    ("", "Ich hielt die Leiter, und niemand fragte.", []),
    # in everybody's English
    ("We met", " at the end of the day", []),
    ("It stood", " on the other side of the road", []),
    ("I", " don't know what to do", []),
    ("I", " don’t know what to say about that", []),
    ("", "It's one of those things", []),
    ("It was", " for the first time in my life", []),
    ("And", " that was all there was", []),
    ("We met at the", " end of the day", []),
    ("", "At the end of the pier", [("At the end of the pier", "inn")]),  # a word that says something
    (
        "",
        "at the end of the day we met on the other side of the river",
        [("on the other side of the river", "inn")],
    ),
    ("", "there was not much more that she could do", []),
    (
        "",
        "and so it was that we had to go on without them",
        [("and so it was that we had to go on without them", "inn")],  # so many in a row are no accident
    ),
]


def test_there_are_fifty_cases_and_more() -> None:
    assert len(CASES) == 62


@pytest.mark.parametrize(("before", "suggestion", "expected"), CASES)
def test_copied_words_are_found_and_their_document_named(
    before: str, suggestion: str, expected: list[tuple[str, str]]
) -> None:
    found = copied_runs(suggestion, before, DOCUMENTS)
    assert [(suggestion[copy.span.start : copy.span.end], copy.document) for copy in found] == [
        (text, NAMES[name]) for text, name in expected
    ]


def test_the_place_leads_to_the_same_words_of_the_document() -> None:
    texts = {document.id: document.text for document in DOCUMENTS}
    for before, suggestion, _ in CASES:
        for copy in copied_runs(suggestion, before, DOCUMENTS):
            place = texts[copy.document][copy.place.start : copy.place.end]
            assert copy.words == len(place.split()) >= SHORTEST_COPY or "—" in suggestion
            last = suggestion[copy.span.start : copy.span.end].split()[-1]
            assert place.casefold().rstrip("”.,").endswith(last.casefold().replace("’", "'"))


def test_the_longest_run_wins_and_of_equal_ones_the_first_document() -> None:
    short = Document(DocumentId(4), VoiceId(1), "Short", None, "trees can count in")
    twin = Document(DocumentId(5), VoiceId(1), "Twin", None, ORCHARD)
    (copy,) = copied_runs("trees can count in forty years", "", [short, *DOCUMENTS, twin])
    assert (copy.document, copy.words) == (NAMES["orchard"], 6)


def test_a_phrase_of_many_documents_is_a_habit_and_no_copy_of_one() -> None:
    asked: list[str] = []

    def spread(phrase: str) -> int:
        asked.append(phrase)
        return HABIT if phrase in "trees can count. In forty" else 1

    assert copied_runs("Trees, can count in forty", "", DOCUMENTS, spread=spread) == ()
    assert asked[0] == "trees can count. In forty"  # as it stands in the document
    (copy,) = copied_runs("she held that trees can count", "", DOCUMENTS, spread=spread)  # more than the habit
    assert copy.words == 6


def test_without_documents_nothing_is_copied() -> None:
    assert copied_runs(FERRY, "", []) == ()
