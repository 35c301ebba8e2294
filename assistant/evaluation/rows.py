"""The rows of the framework's table: a name says whose past is used and how.

``RankDocBM25+SumCtxInd+SynCtxInd`` is a ranking, a summary and a synthesis, the last two left out where they are not
named. Three baselines stand in the place of the ranking: ``ImmedCtx`` (the draft alone), ``RandomDoc`` (the writer's
own documents, drawn by lot) and ``OtherWriter`` (the served ranking over another writer's past). ``WorstFirst`` turns
the order of the entries round; ``Memory`` has all of the past at the model's hand, token by token, besides.

All rows share one checkpoint but those that end in ``@NAME``, which have one of their own: ``UserID@ids``,
``ImmedCtx@without-history``, ``RankDocBySnpt+SumCtx+SynCtx@author-pred``. So the paper's way, a model fine-tuned for
every row, stands in the same table, and what is a property of a checkpoint (trained without history, or with author
distinction) is a row like any other.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from itertools import combinations
from typing import Literal, cast, get_args

from assistant.embedding import Encoder
from assistant.errors import SettingsError
from assistant.evaluation.baselines import RandomOrder, WorstFirst
from assistant.evaluation.row_names import NO_PAST, ZERO_SHOT, checkpoint_of, is_unfinished, method_of
from assistant.evidence_methods import evidence_stages
from assistant.pipeline import EvidenceStages
from assistant.ranking import DocumentRanker
from assistant.settings import HelperSettings, RankingName, Settings, SummaryName, SynthesisName
from assistant.training.archive import ArchiveView
from assistant.training.user_ids import UserIdSynthesizer

Past = Literal["none", "own", "random", "other"]

_USER_ID = "UserID"
_BASELINES: dict[str, Past] = {
    NO_PAST: "none",
    _USER_ID: "none",
    ZERO_SHOT: "own",
    "RandomDoc": "random",
    "OtherWriter": "other",
}
_WORST_FIRST, _MEMORY = "WorstFirst", "Memory"
_OTHERS = [_WORST_FIRST, _MEMORY]
_SUMMARIES = [name for name in get_args(SummaryName) if name != "none"]
_SYNTHESES = [name for name in get_args(SynthesisName) if name != "none"]
_RANKINGS = get_args(RankingName)

_SERVED = f"{Settings().ranking.method}+{Settings().summary.method}+{Settings().keywords.method}"
ROWS = (
    "ImmedCtx",
    "OtherWriter",
    "RandomDoc",
    "RecentDoc",
    "RankDocBM25",
    "RankDocDense",
    "RankSnippet",
    "RankFusion",
    "RankDocBySnpt",
    "RankDocBySnpt+WorstFirst",
    "RankDocBySnpt+SumCtxInd",
    "RankDocBySnpt+SumByDraft",
    "RankDocBySnpt+SumCtx",
    "RankDocBySnpt+SumByDraft+SynCtxInd",
    "RankDocBySnpt+SumCtx+SynCtxInd",
    "RankDocBySnpt+SumByDraft+SynByDraft",
    "RankDocBySnpt+SumCtx+SynCtx",
    "RankDocBySnpt+SumByDraft+SynCtx",
    _SERVED,
    f"{_SERVED}+Memory",
)
"""The table of arXiv 2308.07968, section 5, as far as one checkpoint can give it, and the controls."""
_SIBLINGS = {
    "SumCtxIndWritten": ("SumCtxInd",),
    "SumByDraft": ("SumCtxInd",),
    "SumCtx": ("SumCtxInd", "SumByDraft"),
    "SumCtxWritten": ("SumCtxInd", "SumCtx"),
    "SynByDraft": ("SynCtxInd",),
    "SynCtx": ("SynCtxInd", "SynByDraft"),
    "SynCtxNew": ("SynCtxInd", "SynCtx"),
    "SynCtxWritten": ("SynCtxInd", "SynCtx"),
}
"""What a stage is compared with in its place: the one that does not know the draft, and the one not trained so."""


def rows_for(helpers: HelperSettings, *, zero_shot: bool) -> tuple[str, ...]:
    """The table's rows, with those whose models are given: of helpers that write, and of an instruction-tuned one."""
    rows = [*ROWS]
    if helpers.generic_summary_model is not None:
        rows.append("RankDocBySnpt+SumCtxIndWritten")
    if helpers.summary_model is not None:
        rows.append("RankDocBySnpt+SumCtxWritten")
    if helpers.keyword_model is not None:
        rows.append("RankDocBySnpt+SumCtx+SynCtxWritten")
    if helpers.summary_model is not None and helpers.keyword_model is not None:
        rows.append("RankDocBySnpt+SumCtxWritten+SynCtxWritten")
    return (*rows, ZERO_SHOT) if zero_shot else tuple(rows)


TYPING_ROWS = ("ImmedCtx", _SERVED, f"{_SERVED}+Memory")
"""The rows whose suggestions are typed with: without a past, and as served, without a memory and with."""


@dataclass(frozen=True, slots=True)
class Row:
    """One way of using the past."""

    name: str
    past: Past
    settings: Settings
    worst_first: bool = False
    has_memory: bool = False

    @property
    def checkpoint(self) -> str:
        """The name of its own checkpoint; empty for the one that rows share."""
        return checkpoint_of(self.name)

    def stages(self, view: ArchiveView, encoder: Encoder, *, author: str, seed: str) -> EvidenceStages:
        """The evidence stages of this row over an author's archive."""
        stages = evidence_stages(view, encoder, self.settings)
        if method_of(self.name) == _USER_ID:
            return replace(stages, synthesizer=UserIdSynthesizer(author))
        if self.past == "random":
            order = RandomOrder(view, seed=seed)
            stages = replace(stages, ranker=DocumentRanker(order, view, self.settings.ranking))
        return replace(stages, ranker=WorstFirst(stages.ranker)) if self.worst_first else stages


def row_named(name: str, helpers: HelperSettings | None = None) -> Row:
    """The row of a name.

    :param helpers: the models of written summaries and keywords, and scorers other than the shipped ones.
    :raises SettingsError: if a part of the name is unknown or comes twice, or wants a model that is not given.
    """
    first, *others = method_of(name).split("+")
    _check_first(first, name)
    defaults = Settings(helpers=helpers or HelperSettings())
    summary = keywords = "none"
    worst_first = has_memory = False
    for part in others:
        if part in _SUMMARIES and summary == "none":
            summary = part
        elif part in _SYNTHESES and keywords == "none":
            keywords = part
        elif part == _WORST_FIRST and not worst_first:
            worst_first = True
        elif part == _MEMORY and not has_memory and _BASELINES.get(first) != "none":
            has_memory = True
        else:
            raise SettingsError(f"{part!r} in the row {name!r}: expected {_expected(_SUMMARIES, _SYNTHESES, _OTHERS)}")
    if first == ZERO_SHOT:  # what is served, to another model
        return Row(name, "own", defaults)
    ranking = cast("RankingName", first) if first in _RANKINGS else defaults.ranking.method
    settings = replace(
        defaults,
        ranking=replace(defaults.ranking, method=ranking),
        summary=replace(defaults.summary, method=cast("SummaryName", summary)),
        keywords=replace(defaults.keywords, method=cast("SynthesisName", keywords)),
    )
    return Row(name, _BASELINES.get(first, "own"), settings, worst_first, has_memory)


def _check_first(first: str, name: str) -> None:
    if first not in _RANKINGS and first not in _BASELINES:
        raise SettingsError(f"{first!r} in the row {name!r}: expected {_expected(_BASELINES, _RANKINGS)} first")
    if first in (_USER_ID, ZERO_SHOT) and method_of(name) != first:
        raise SettingsError(f"the row {name!r}: {first} has its own evidence: expected it alone")
    if first == ZERO_SHOT and checkpoint_of(name):
        raise SettingsError(f"the row {name!r}: {first} is another model already: expected it without @")
    if is_unfinished(name):
        raise SettingsError(f"the row {name!r} names no checkpoint: expected one after the @, or no @")


def comparisons(names: Sequence[str]) -> list[tuple[str, str]]:
    """Which rows are compared with which: with no past, with the stage before, with others in the last stage's place.

    The plain ranking is compared with the controls besides. Rows with checkpoints of their own are compared among
    themselves, and each with the same row of the shared checkpoint.
    """
    shared = [name for name in names if not checkpoint_of(name)]
    apart = [name for name in names if checkpoint_of(name)]
    pairs = [*_related(shared), *_related(apart)]
    pairs += [(name, method_of(name)) for name in apart]
    if NO_PAST not in map(method_of, apart):
        pairs += [(name, NO_PAST) for name in apart]
    return [pair for pair in dict.fromkeys(pairs) if set(pair) <= set(names)]


def _related(names: Sequence[str]) -> list[tuple[str, str]]:
    """Pairs of rows whose methods are compared, or whose checkpoints of one method are."""
    having: dict[str, list[str]] = {}
    for name in names:
        having.setdefault(method_of(name), []).append(name)
    pairs = [
        (one, other)
        for first, second in _related_methods(list(having))
        for one in having[first]
        for other in having[second]
    ]
    alike = [(other, one) for same in having.values() for one, other in combinations(same, 2)]
    return pairs + alike


def _related_methods(names: Sequence[str]) -> list[tuple[str, str]]:
    pairs = [(name, NO_PAST) for name in names]
    pairs += [(name, name.rpartition("+")[0]) for name in names]
    stages = [(name, *name.rpartition("+")[::2]) for name in names]
    pairs += [(name, f"{before}+{sibling}") for name, before, last in stages for sibling in _SIBLINGS.get(last, ())]
    pairs += [(Settings().ranking.method, control) for control in ("RandomDoc", "OtherWriter")]
    return [pair for pair in dict.fromkeys(pairs) if pair[0] != pair[1] and set(pair) <= set(names)]


def _expected(*names: Sequence[str] | dict[str, Past]) -> str:
    return ", ".join(name for group in names for name in group)
