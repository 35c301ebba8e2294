"""The rewriting check as a JSON document and as a table."""

from collections.abc import Sequence
from typing import Any, get_args

from assistant.evaluation import rewriting
from assistant.evaluation.rewriting import Fault, Judged, KindReport

Json = dict[str, Any]


def as_document(reports: Sequence[KindReport], signature: Json) -> Json:
    """All numbers, the thresholds they were held against, and what they depend on."""
    return {
        "kinds": {each.kind.value: _kind_json(each) for each in reports},
        "thresholds": {
            "sound_share": rewriting.SOUND_SHARE,
            "similarity": rewriting.LEAST_SIMILARITY,
            "words_shorter": rewriting.SHORTER,
            "words_longer": rewriting.LONGER,
            "words_otherwise": rewriting.SAME_LENGTH,
            "easier_by_grades": rewriting.EASIER,
            "hard_from_grade": rewriting.HARD_FROM,
            "copied_share": rewriting.COPIED_SHARE,
        },
        "signature": signature,
    }


def as_markdown(document: Json) -> str:
    """A row per kind: how many are sound, and how many have each fault."""
    faults = get_args(Fault)
    lines = [
        f"| rewrite | passed | sound | {' | '.join(faults)} | similarity |",
        f"|---|---|--:|{'--:|' * len(faults)}--:|",
    ]
    for kind, numbers in document["kinds"].items():
        counts = " | ".join(str(numbers["faults"][fault]) for fault in faults)
        verdict = "yes" if numbers["passed"] else "no"
        lines.append(
            f"| {kind} | {verdict} | {numbers['sound']} of {numbers['rewrites']} | {counts} "
            f"| {numbers['similarity']:.2f} |"
        )
    return "\n".join(lines) + "\n"


def sample_json(judged: Judged) -> Json:
    """One rewrite beside its text."""
    return {
        "kind": judged.kind.value,
        "text": judged.text,
        "rewrite": judged.rewrite,
        "similarity": judged.similarity,
        "faults": list(judged.faults),
    }


def _kind_json(each: KindReport) -> Json:
    return {
        "passed": each.is_passed,
        "rewrites": each.rewrites,
        "sound": each.sound,
        "faults": each.faults,
        "similarity": each.similarity,
    }
