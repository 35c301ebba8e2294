"""Names, numbers and dates that nobody stated: fifty cases by hand, then what must hold for all."""

import pytest

from assistant.novelty import FactKind, new_facts

NAME, NUMBER, DATE = FactKind.NAME, FactKind.NUMBER, FactKind.DATE
TITLE = "The bow door, a fourth time"
EVIDENCE = (
    "On 12 March 2021 the Constance lay at Great Orrin with fourteen cars on the deck. Mrs. Adair paid £1,250 for it, "
    "at 11:05, and Piet de Boer signed. McAllister's brother came in August. Twenty-one people waited."
)

# The draft's end, the suggestion, and what of it is new.
CASES: list[tuple[str, str, list[tuple[str, FactKind]]]] = [
    # nothing stated that could be new
    ("We waited", " and drank our tea in silence.", []),
    ("We waited", "", []),
    ("We waited.", " Nobody came. Everything was wet.", []),  # heads of sentences
    ("He said,", " “Come in, it is late.”", []),  # heads of quotations
    ("I think", " I'll stay, and I’m sure I do.", []),
    ("She had", " one reason, and one was enough.", []),
    ("It may", " march on, as an august door may.", []),
    ("Read this:", "\nAll of it\nCome home", []),  # heads of lines
    ("He wrote", " that well-known, half-finished line.", []),
    ("OK?", " That is OK, Sir.", []),
    # known names
    ("Yesterday", " the Constance sailed.", []),
    ("Then", " Piet laughed, and de Boer did not.", []),
    ("We asked", " Mrs. Adair and Mrs Adair’s dog.", []),
    ("We like", " McAllister and Piet's wife.", []),
    ("We sail to", " Great Orrin.", []),
    ("The fourth", " Bow Door was late.", []),  # the title knows it, whatever its case
    ("Marta asked.", " Then we saw Marta again.", []),  # the draft knows her
    # new names
    ("Then", " Marta laughed.", [("Marta", NAME)]),
    ("We asked", " Piet and Marta.", [("Marta", NAME)]),
    ("We asked", " Mr. Farrow about it.", [("Farrow", NAME)]),
    ("We asked", " Dr Farrow, then Mrs. Lind.", [("Farrow", NAME), ("Lind", NAME)]),
    ("We sail to", " Port Ellery by night.", [("Port Ellery", NAME)]),
    ("We sail to", " Great Ellery.", [("Ellery", NAME)]),  # the half that is known is not marked
    ("It was", " Mary-Ann who came.", [("Mary-Ann", NAME)]),
    ("It was", " Søren’s boat, not Łukasz's.", [("Søren’s", NAME), ("Łukasz's", NAME)]),
    ("They work for the", " BBC now.", [("BBC", NAME)]),
    ("Ask", " O'Hara", [("O'Hara", NAME)]),
    ("Tomorrow.", " Yesterday Farrow left.", [("Farrow", NAME)]),
    ("Tomorrow.", " Farrow left.", []),  # at the head of a sentence nobody can tell
    # numbers
    ("There were", " fourteen cars.", []),
    ("There were", " 14 cars.", []),  # the same number
    ("There were", " 12 cars and 2021 people.", []),
    ("There were", " sixteen cars.", [("sixteen", NUMBER)]),
    ("There were", " 16 cars and two vans.", [("16", NUMBER), ("two", NUMBER)]),
    ("It cost", " £1250.", []),
    ("It cost", " £1,350.50 then.", [("1,350.50", NUMBER)]),
    ("We left at", " 11.05, not at 11:20.", [("11:20", NUMBER)]),
    ("We were", " twenty-one people.", []),
    ("We were", " 21 people on the 12th.", []),
    ("We were", " twenty-two people.", [("twenty-two", NUMBER)]),
    ("It was the", " 3rd time in the 1990s.", [("3rd", NUMBER), ("1990", NUMBER)]),
    ("About", " two hundred sheep.", [("two hundred", NUMBER)]),
    ("In row", " B12 of the plan.", [("B12", NUMBER)]),
    # dates
    ("It happened in", " March and in August.", []),
    ("It happened in", " May, on a Tuesday.", [("May", DATE), ("Tuesday", DATE)]),
    ("We meet on", " Friday 13 June 2022.", [("Friday 13 June 2022", DATE)]),
    ("We meet on", " 12 June 2021.", [("June", DATE)]),
    ("She left.", " Sunday came.", [("Sunday", DATE)]),  # a day is one at the head of a sentence too
    # a word that the draft began
    ("Then Mar", "ta laughed.", [("ta", NAME)]),
    ("There were four", "teen cars.", []),
]  # fmt: skip


def test_there_are_fifty_cases() -> None:
    assert len(CASES) == 50


@pytest.mark.parametrize(("before", "suggestion", "expected"), CASES)
def test_what_nobody_stated_is_found(before: str, suggestion: str, expected: list[tuple[str, FactKind]]) -> None:
    found = new_facts(suggestion, before, [TITLE, EVIDENCE])
    assert [(suggestion[fact.span.start : fact.span.end], fact.kind) for fact in found] == expected


@pytest.mark.parametrize(("before", "suggestion", "expected"), [case for case in CASES if case[2]])
def test_what_the_evidence_states_is_not_new(
    before: str, suggestion: str, expected: list[tuple[str, FactKind]]
) -> None:
    assert new_facts(suggestion, before, [TITLE, EVIDENCE, before + suggestion]) == ()


def test_without_evidence_all_of_it_is_new() -> None:
    found = new_facts(" Piet at 11:05 on the Constance.", "It was", [])
    assert [fact.kind for fact in found] == [NAME, NUMBER, NAME]
