"""How close a text comes to the one that was really written, and how often an answer is right.

Text metrics lie in 0 to 100, as in the tables of arXiv 2308.07968, which names no package, tokenizer or stemmer; ours:

- BLEU by sacrebleu for each text by itself (tokenizer 13a, exponential smoothing, effective order), then averaged.
- ROUGE-1, -2 and -L, F-measure, by rouge-score, which knows the letters a to z and the digits only. Stemming is the
  caller's to choose: Google's own T5 evaluations stem, LaMP does not.
- METEOR by nltk (Lavie and Agarwal 2007: alpha 0.9, beta 3, gamma 0.5) with exact and stem matches. Synonyms are left
  out, because WordNet would have to be downloaded, so values lie somewhat below those of other tools.

An empty text scores 0: it counts as wrong and is never dropped.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from typing import Any

import numpy as np


@dataclass(frozen=True, slots=True)
class TextScores:
    """One text against its reference, each in 0 to 100."""

    bleu: float
    rouge1: float
    rouge2: float
    rougeL: float
    meteor: float


@dataclass(frozen=True, slots=True)
class RougeScores:
    """F-measures of one text against its reference, each in 0 to 100."""

    rouge1: float
    rouge2: float
    rougeL: float


def text_scores(reference: str, text: str, *, stemming: bool) -> TextScores:
    """Every text metric; ``stemming`` concerns ROUGE alone."""
    rouge = rouge_scores(reference, text, stemming=stemming)
    return TextScores(
        bleu=_bleu().sentence_score(text, [reference]).score,
        rouge1=rouge.rouge1,
        rouge2=rouge.rouge2,
        rougeL=rouge.rougeL,
        meteor=meteor(reference, text),
    )


def rouge_scores(reference: str, text: str, *, stemming: bool) -> RougeScores:
    """ROUGE-1, -2 and -L alone."""
    scores = _rouge_scorer(stemming=stemming).score(reference, text)
    return RougeScores(*(100 * scores[name].fmeasure for name in ("rouge1", "rouge2", "rougeL")))


def meteor(reference: str, text: str) -> float:
    """METEOR without synonyms, in 0 to 100."""
    from nltk.translate.meteor_score import single_meteor_score

    tokenize = _word_tokenizer().tokenize
    return 100 * float(single_meteor_score(tokenize(reference), tokenize(text), wordnet=_NoSynonyms()))


def signature() -> dict[str, str]:
    """What identifies the metrics: sacrebleu's own signature, and the versions of the other two."""
    from importlib.metadata import version

    import nltk
    import rouge_score

    return {
        "bleu": str(_bleu().get_signature()),
        "rouge": f"{rouge_score.__name__} {version('rouge-score')}",
        "meteor": f"nltk {nltk.__version__}, no synonyms",
    }


def accuracy(gold: Sequence[str], answers: Sequence[str]) -> float:
    """Share of answers that are the gold label, in 0 to 1; an empty or unknown answer is wrong."""
    _check_lengths(gold, answers)
    return sum(right == given for right, given in zip(gold, answers, strict=True)) / len(gold)


def macro_f1(gold: Sequence[str], answers: Sequence[str], labels: Sequence[str]) -> float:
    """Mean of the labels' F1, in 0 to 1; a label that is neither gold nor answered counts 0, as in scikit-learn."""
    from sklearn.metrics import f1_score

    _check_lengths(gold, answers)
    return float(f1_score(gold, answers, labels=list(labels), average="macro", zero_division=0))


def mean_absolute_error(gold: Sequence[float], answers: Sequence[float]) -> float:
    """Mean distance, in the units of the values."""
    _check_lengths(gold, answers)
    return float(np.abs(np.subtract(gold, answers)).mean())


def root_mean_squared_error(gold: Sequence[float], answers: Sequence[float]) -> float:
    """Root of the mean squared distance, in the units of the values."""
    _check_lengths(gold, answers)
    return float(np.sqrt(np.square(np.subtract(gold, answers)).mean()))


def _check_lengths(gold: Sequence[object], answers: Sequence[object]) -> None:
    if not gold or len(gold) != len(answers):
        raise ValueError(f"{len(gold)} gold values and {len(answers)} answers: expected as many of each, at least one")


class _NoSynonyms:
    """Stands where nltk would look words up in WordNet."""

    def synsets(self, word: str) -> tuple[()]:
        """None."""
        return ()


@cache
def _bleu() -> Any:
    from sacrebleu.metrics.bleu import BLEU

    metric = BLEU(effective_order=True)
    metric.sentence_score("", [""])  # it knows its own signature once it has been used
    return metric


@cache
def _rouge_scorer(*, stemming: bool) -> Any:
    from rouge_score.rouge_scorer import RougeScorer

    return RougeScorer(["rouge1", "rouge2", "rougeL"], use_stemmer=stemming)


@cache
def _word_tokenizer() -> Any:
    from nltk.tokenize import NLTKWordTokenizer

    return NLTKWordTokenizer()
