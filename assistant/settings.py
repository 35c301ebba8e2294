"""Every default of the product, in one place, checked at birth."""

from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Literal, get_args

from assistant.errors import SettingsError

_CHECKPOINTS = Path(__file__).resolve().parent.parent / "checkpoints"
SHIPPED_CHECKPOINT = _CHECKPOINTS / "ownhand-109m"
SHIPPED_SELECTORS = _CHECKPOINTS / "selectors" / "selectors.safetensors"


RankingName = Literal["RankDocBySnpt", "RankDocBM25", "RankDocDense", "RankSnippet", "RecentDoc", "RankFusion"]
"""The rankings of arXiv 2308.07968, section 3.2, by the paper's names; ``RankFusion`` is ours: reciprocal ranks."""
SummaryName = Literal["SumByDraft", "SumCtx", "SumCtxWritten", "SumCtxInd", "SumCtxIndWritten", "none"]
"""``SumByDraft`` chooses sentences for the draft (ours, untrained), ``SumCtx`` learnt from weak labels which to choose;
``SumCtxWritten`` is a language model that learnt to write them. ``SumCtxInd`` does not know the draft (section 3.3),
and no more does ``SumCtxIndWritten``, a summarization model as it is."""
SynthesisName = Literal["SynByDraft", "SynCtxNew", "SynCtx", "SynCtxWritten", "SynCtxInd", "none"]
"""``SynByDraft`` chooses words for the draft (ours, KeyBERT), ``SynCtx`` learnt from weak labels which to choose;
``SynCtxNew`` (ours) chooses as that does, but of the words that the draft does not have yet; ``SynCtxWritten`` is a
language model that learnt to write them; ``SynCtxInd`` takes the frequent ones (section 3.4)."""


WRITTEN = {
    "SumCtxWritten": ("summary_model", "one made by `train prepare summaries` and `train finetune`"),
    "SumCtxIndWritten": ("generic_summary_model", "any summarization model"),
    "SynCtxWritten": ("keyword_model", "one made by `train prepare keywords` and `train finetune`"),
}
"""What language models write: the setting that names the model, and which models those are."""


def _user_data_dir() -> Path:
    """The folder in which this platform keeps a user's data."""
    try:
        from platformdirs import user_data_path
    except ModuleNotFoundError:  # a bare training machine, which has no library either
        return Path.home() / "ownhand"
    return user_data_path("ownhand")


def _within(name: str, value: float, low: float, high: float) -> None:
    if not low <= value <= high:
        raise SettingsError(f"{name} is {value}: expected {low} to {high}")


def _one_of(name: str, value: str, names: tuple[str, ...]) -> None:
    if value not in names:
        raise SettingsError(f"{name} is {value!r}: expected one of {', '.join(names)}")


@dataclass(frozen=True, slots=True)
class RetrievalSettings:
    """How snippets are found."""

    query_characters: int = 600
    """Characters before the cursor that, with the title, make the query."""
    candidates: int = 40
    """Snippets handed to the ranking."""
    dense_share: float = 0.6
    """Weight of the dense score in the fused score; the rest is BM25's."""

    def __post_init__(self) -> None:
        _within("query_characters", self.query_characters, 50, 10_000)
        _within("dense_share", self.dense_share, 0, 1)
        _within("candidates", self.candidates, 1, 1000)


@dataclass(frozen=True, slots=True)
class RankingSettings:
    """How hits become entries."""

    method: RankingName = "RankDocBySnpt"
    """What is ranked, and by what."""
    budget_characters: int = 2500
    """Characters of all entries together (arXiv 2308.07968, section 3.2)."""
    passage_characters: int = 1600
    """Characters of one entry: its best snippet with what follows and precedes it. Within one budget, two long passages
    were worth half as much again as five short ones to 24 validation authors, and more than a single one."""

    def __post_init__(self) -> None:
        _one_of("ranking", self.method, get_args(RankingName))
        _within("passage_characters", self.passage_characters, 100, self.budget_characters)


@dataclass(frozen=True, slots=True)
class SummarySettings:
    """How the entries are condensed."""

    method: SummaryName = "SumByDraft"
    """Who chooses the sentences."""
    sentences: int = 3
    """Sentences at most."""
    diversity: float = 0.3
    """0: only closeness to the draft; 1: only difference from the sentences already chosen."""

    def __post_init__(self) -> None:
        _one_of("summary", self.method, get_args(SummaryName))
        _within("sentences", self.sentences, 0, 20)
        _within("diversity", self.diversity, 0, 1)


@dataclass(frozen=True, slots=True)
class KeywordSettings:
    """How the important words are chosen."""

    method: SynthesisName = "SynCtxNew"
    """Who chooses the words."""
    count: int = 12
    """Words at most, of SynByDraft, SynCtxNew, SynCtx and SynCtxWritten."""
    diversity: float = 0.3
    """SynByDraft: maximal marginal relevance, 0 most similar words, 1 most different."""
    frequent_count: int = 20
    """SynCtxInd: words at most (arXiv 2308.07968, section 3.4)."""
    minimum_idf: float = 1.5
    """SynCtxInd, SynCtx, SynCtxNew: commoner words, by inverse document frequency, are left out (the same)."""

    def __post_init__(self) -> None:
        _one_of("keywords", self.method, get_args(SynthesisName))
        _within("frequent_count", self.frequent_count, 1, 100)
        _within("minimum_idf", self.minimum_idf, 0, 20)
        _within("count", self.count, 1, 100)
        _within("diversity", self.diversity, 0, 1)


@dataclass(frozen=True, slots=True)
class HelperSettings:
    """What the trained helpers were trained to: the files behind SumCtx, SynCtx, SynCtxNew and the written ones."""

    selectors: Path = SHIPPED_SELECTORS
    """SumCtx, SynCtx, SynCtxNew: the scorers, see ``train selectors``."""
    half: Literal[0, 1] | None = None
    """SumCtx, SynCtx, SynCtxNew: the scorers of this half of the training authors; None is those that are served."""
    summary_model: str | None = None
    """SumCtxWritten: folder or name of a model, see ``train prepare summaries``."""
    generic_summary_model: str | None = None
    """SumCtxIndWritten: folder or name of any summarization model."""
    keyword_model: str | None = None
    """SynCtxWritten: folder or name of a model, see ``train prepare keywords``."""


@dataclass(frozen=True, slots=True)
class GenerationSettings:
    """Which model writes, and how."""

    model: str | None = None
    """Folder of a transformers model, or its hub name if it is on this machine; None is the one chosen in the app, at
    first the shipped one. Nothing is downloaded at a start."""
    temperature: float = 0.7
    """0 is greedy."""
    top_p: float = 0.92
    """Share of the probability kept when sampling."""
    max_tokens: int = 60
    """Tokens of one suggestion."""

    def __post_init__(self) -> None:
        _within("temperature", self.temperature, 0, 2)
        _within("top_p", self.top_p, 0.01, 1)
        _within("max_tokens", self.max_tokens, 1, 1000)


@dataclass(frozen=True, slots=True)
class ServerSettings:
    """Where the page is served."""

    host: str = "127.0.0.1"
    port: int = 7860
    threads: int | None = None
    """Processor threads the models compute with; None is one per core, the fastest on a machine that has little else to
    do. On a busy one fewer are faster: threads wait for each other, and so for whatever holds one of them up."""

    def __post_init__(self) -> None:
        if self.threads is not None:
            _within("threads", self.threads, 1, 1024)


@dataclass(frozen=True, slots=True)
class Settings:
    """All settings of one process.

    :raises SettingsError: if a summary or keywords are to be written and no model is named that writes them.
    """

    data_dir: Path = field(default_factory=_user_data_dir)
    server: ServerSettings = ServerSettings()
    retrieval: RetrievalSettings = RetrievalSettings()
    ranking: RankingSettings = RankingSettings()
    summary: SummarySettings = SummarySettings()
    keywords: KeywordSettings = KeywordSettings()
    helpers: HelperSettings = HelperSettings()
    generation: GenerationSettings = GenerationSettings()

    def __post_init__(self) -> None:
        for method in (self.summary.method, self.keywords.method):
            if method in WRITTEN and not self.can_write(method):
                raise SettingsError(f"{method} without a model that writes it: name {WRITTEN[method][1]}")

    def can_write(self, method: str) -> bool:
        """Whether the model behind a summary or a choice of words is named, if it has one."""
        return method not in WRITTEN or getattr(self.helpers, WRITTEN[method][0]) is not None

    def signature(self) -> dict[str, object]:
        """The settings that change a result, for signatures: no path, no port."""
        return {name: asdict(getattr(self, name)) for name in ("retrieval", "ranking", "summary", "keywords")}
