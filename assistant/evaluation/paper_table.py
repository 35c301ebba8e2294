"""Our table beside the paper's: "Teach LLMs to Personalize" (arXiv 2308.07968), table 2, and what differs.

Values of different models and data do not compare; what does is how much each stage gains over the draft alone.
"""

from collections.abc import Iterator
from typing import Any, Literal

from assistant.evaluation.framework_details import best_gain
from assistant.evaluation.row_names import AUTHOR_PRED, NO_PAST, checkpoint_of, method_of

Json = dict[str, Any]
Domain = Literal["email", "reviews", "blogs"]

_DATA: dict[Domain, tuple[str, str]] = {
    "email": ("Avocado mail", "1,227 documents of 53 authors"),
    "reviews": ("Amazon book reviews", "621,438 documents of 41,331 authors"),
    "blogs": ("Reddit posts", "455,582 documents of 28,306 authors"),
}
_METRICS = ("bleu", "rouge1", "rouge2", "rougeL")

# BLEU, ROUGE-1, -2 and -L in percent.
PAPER: dict[Domain, dict[str, tuple[float, float, float, float]]] = {
    "email": {
        "ImmedCtx": (17.27, 32.36, 21.45, 28.58),
        "UserID": (13.28, 32.33, 20.95, 27.86),
        "LLMZeroShot": (14.93, 35.06, 22.11, 28.52),
        "RecentDoc": (19.57, 35.64, 23.96, 31.25),
        "RankDocBM25": (21.19, 37.69, 25.99, 33.07),
        "RankDocDense": (19.43, 35.62, 23.71, 30.90),
        "RankSnippet": (18.69, 35.82, 23.26, 30.78),
        "RankDocBySnpt": (21.06, 37.42, 25.65, 32.90),
        "+ SumCtxInd": (21.23, 37.58, 25.79, 33.15),
        "+ SumCtx": (23.17, 39.31, 26.64, 34.37),
        "+ SynCtxInd": (23.06, 39.24, 26.72, 34.52),
        "+ SynCtx": (23.44, 40.38, 26.93, 34.34),
        "+ AuthorPred": (23.27, 41.02, 28.60, 35.70),
    },
    "reviews": {
        "ImmedCtx": (17.83, 36.22, 22.49, 31.77),
        "UserID": (17.61, 36.62, 22.85, 32.11),
        "LLMZeroShot": (16.29, 38.74, 22.52, 30.79),
        "RecentDoc": (19.09, 37.51, 23.37, 32.67),
        "RankDocBM25": (19.49, 37.79, 23.56, 32.85),
        "RankDocDense": (19.38, 37.49, 22.92, 32.48),
        "RankSnippet": (19.44, 37.45, 23.10, 32.50),
        "RankDocBySnpt": (19.35, 38.28, 23.87, 33.23),
        "+ SumCtxInd": (19.17, 38.33, 23.66, 33.35),
        "+ SumCtx": (19.81, 38.66, 24.25, 33.57),
        "+ SynCtxInd": (19.84, 38.68, 24.31, 33.61),
        "+ SynCtx": (19.87, 39.46, 24.66, 33.97),
        "+ AuthorPred": (19.78, 39.36, 24.56, 33.87),
    },
    "blogs": {
        "ImmedCtx": (26.33, 43.69, 33.52, 40.53),
        "UserID": (26.55, 44.71, 34.61, 41.53),
        "LLMZeroShot": (24.04, 43.67, 31.24, 37.85),
        "RecentDoc": (28.23, 44.83, 34.57, 41.72),
        "RankDocBM25": (28.97, 45.71, 35.13, 42.52),
        "RankDocDense": (28.82, 45.61, 35.22, 42.56),
        "RankSnippet": (29.08, 45.94, 35.39, 42.68),
        "RankDocBySnpt": (28.87, 45.67, 35.24, 42.54),
        "+ SumCtxInd": (28.91, 45.71, 35.26, 42.57),
        "+ SumCtx": (28.92, 46.09, 35.82, 43.14),
        "+ SynCtxInd": (28.82, 45.91, 35.87, 43.09),
        "+ SynCtx": (29.19, 46.45, 36.13, 43.27),
        "+ AuthorPred": (29.13, 47.11, 36.94, 43.95),
    },
}


def beside_paper(document: Json, domain: Domain) -> str:
    """Our rows with the paper's row of the same name, and what ROUGE-1 gains over each one's own ``ImmedCtx``."""
    data, size = _DATA[domain]
    lines = [
        f"| ours | BLEU | R-1 | R-2 | R-L | R-1 gained | the paper's, {data} | BLEU | R-1 | R-2 | R-L | R-1 gained |",
        "|" + "---|" * 12,
        *(_line(document, row, domain) for row in document["rows"]),
    ]
    return "\n".join([*lines, "", best_gain(document) + _papers_gain(domain), _differences(document, data, size), ""])


def papers_row(row: str) -> str | None:
    """The paper's row of which ours is the counterpart; None for rows that the paper does not have."""
    method = method_of(row)
    if checkpoint_of(row) == AUTHOR_PRED:
        return "+ AuthorPred"
    ranking, *stages = method.split("+")
    if not stages:
        return ranking if ranking in PAPER["email"] else None
    if ranking not in PAPER["email"]:
        return None
    return _STAGES.get(tuple(stage.removesuffix("Written") for stage in stages))


# The paper's summaries stand on its best ranking, and its words on its trained summary.
_STAGES = {
    ("SumCtxInd",): "+ SumCtxInd",
    ("SumCtx",): "+ SumCtx",
    ("SumCtx", "SynCtxInd"): "+ SynCtxInd",
    ("SumCtx", "SynCtx"): "+ SynCtx",
}


def _line(document: Json, row: Json, domain: Domain) -> str:
    ours = [row[metric] for metric in _METRICS]
    name = papers_row(row["method"])
    theirs = _cells(PAPER[domain][name], _relative(name, domain)) if name else [""] * 5
    cells = [row["method"], *_cells(ours, _gained(document, row["method"])), name or "", *theirs]
    return f"| {' | '.join(cells)} |"


def _cells(values: "tuple[float, ...] | list[float]", gained: float | None) -> list[str]:
    return [*(f"{value:.2f}" for value in values), "" if gained is None else f"{gained:+.1f} %"]


def _gained(document: Json, method: str) -> float | None:
    found: Iterator[float] = (
        gain["percent"] for gain in document["gains"] if gain["method"] == method and gain["metric"] == "rouge1"
    )
    return next(found, None)


def _relative(name: str, domain: Domain) -> float | None:
    rows = PAPER[domain]
    return None if name == NO_PAST else 100 * (rows[name][1] / rows[NO_PAST][1] - 1)


def _papers_gain(domain: Domain) -> str:
    best = max(PAPER[domain], key=lambda name: PAPER[domain][name][1])
    return f"The paper's best: {best}, {_relative(best, domain):+.1f} %.\n"


def _differences(document: Json, data: str, size: str) -> str:
    signature = document["signature"]
    settings = signature.get("settings", {})
    apart = any(checkpoint_of(row["method"]) for row in document["rows"])
    models = "one checkpoint for all rows" + (" but those with `@`, which have their own" if apart else "")
    decoding = "greedy" if settings.get("temperature", 0) == 0 else f"sampled at {settings['temperature']}"
    return (
        f"What differs. Ours: `{signature.get('model')}`, {models}, {decoding}, {settings.get('tokens')} tokens, "
        f"scored against the next {settings.get('continuation_characters')} characters, on {document['documents']} "
        f"documents of {document['authors']} authors of `{signature.get('data')}`. The paper's: T5 with 11 billion "
        f"parameters, fine-tuned for every row, four beams, whole documents, on {size} of {data}; its packages for "
        "BLEU and ROUGE are not named (ours: sacrebleu, rouge-score with stems). Both count the copied start."
    )
