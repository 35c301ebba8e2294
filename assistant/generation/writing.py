"""The state of one suggestion while it is being written: what was typed, what is written, whether to go on."""

from collections.abc import Sequence

import torch
from torch import Tensor

from assistant.errors import ModelError
from assistant.generation.decoding import draw, ends_sentence, forbid_loops, press_for_end
from assistant.generation.vocabulary import Vocabulary
from assistant.memory.copying import CopyGuard
from assistant.types import Finish, Sampling

# A suggestion may run this much past the length asked for to reach the end of its sentence.
OVERTIME = 0.5
# From this share of the length on, the end of a sentence is the end of the suggestion.
_ENOUGH = 0.6


class Writing:
    """One suggestion: draws its tokens under the rules and knows which text has become certain.

    :param typed: what the writer has typed and the model is to spell again before it goes on.
    :param history: ids of the draft's end, for the rule against loops.
    :param guard: says of the new text, as it goes on from the draft, whether it copies too much; it is then written
        otherwise.
    """

    def __init__(
        self,
        vocabulary: Vocabulary,
        typed: bytes,
        history: Sequence[int],
        sampling: Sampling,
        guard: CopyGuard | None = None,
    ) -> None:
        self._vocabulary = vocabulary
        self._typed = typed
        self._history = list(history)
        self._sampling = sampling
        self._guard = guard
        self._random = torch.Generator().manual_seed(sampling.seed)
        self._shown = 0
        self._spelled = 0
        self._last = 0.0
        self._log_probability = 0.0
        self.ids: list[int] = []
        self.finish: Finish | None = None

    def choose(self, logits: Tensor) -> int:
        """Draw the next token under the rules."""
        logits[self._vocabulary.banned] = -torch.inf
        written = self._vocabulary.text(self.ids)
        if len(written) < len(self._typed):
            return self._spell(logits, self._typed[len(written) :])
        forbid_loops(logits, [*self._history, *self.ids], self._vocabulary.words)
        overtime = self._length - self._sampling.max_tokens
        if overtime > 0:
            press_for_end(logits, self._vocabulary.sentence_ends, overtime=overtime)
        if not self._new_text().rstrip("\ufffd").strip():  # an empty suggestion helps nobody
            logits[list(self._vocabulary.end_ids)] = -torch.inf
        return self._draw(logits)

    def take(self, token: int) -> str:
        """Add a token; returns the text that became certain."""
        if token in self._vocabulary.end_ids:
            self.finish = "stop"
            return ""
        self.ids.append(token)
        if self._new_text():
            self._log_probability += self._last
        else:
            self._spelled += 1
        if self._length >= self._sampling.max_tokens * _ENOUGH and ends_sentence(self._new_text()):
            self.finish = "stop"
        elif self._length >= self._sampling.max_tokens * (1 + OVERTIME):
            self.finish = "length"
        return self._certain()

    def rest(self) -> str:
        """What was held back because a character was incomplete."""
        text = self._new_text()
        piece, self._shown = text[self._shown :], len(text)
        return piece.rstrip("\ufffd")

    @property
    def confidence(self) -> float | None:
        """How sure the model was of its words so far: the mean log-probability of their tokens; None without any.

        A token's is taken at temperature 1 among the tokens that the rules allowed, the memory mixed in.
        """
        return self._log_probability / self._length if self._length else None

    @property
    def _length(self) -> int:
        """Tokens written, without those that only spelled again what was typed."""
        return len(self.ids) - self._spelled

    def _spell(self, logits: Tensor, wanted: bytes) -> int:
        allowed = torch.tensor(self._vocabulary.spelling(wanted), dtype=torch.long)
        scores = torch.full_like(logits, -torch.inf)
        scores[allowed] = logits[allowed]
        return self._draw(scores)

    def _draw(self, logits: Tensor) -> int:
        token = self._draw_any(logits)
        while self._guard is not None and self._guard.forbids(self._new_text((token,))):
            logits[token] = -torch.inf
            token = self._draw_any(logits)
        self._last = float(logits.log_softmax(0)[token])
        return token

    def _draw_any(self, logits: Tensor) -> int:
        if bool(torch.isnan(logits).any()) or not bool((logits > -torch.inf).any()):
            raise ModelError("the model computed no usable number: its weights are damaged or overflow; choose another")
        return draw(logits, temperature=self._sampling.temperature, top_p=self._sampling.top_p, generator=self._random)

    def _new_text(self, further: Sequence[int] = ()) -> str:
        return self._vocabulary.text([*self.ids, *further])[len(self._typed) :].decode("utf-8", errors="replace")

    def _certain(self) -> str:
        if len(self._vocabulary.text(self.ids)) <= len(self._typed):
            return ""
        text = self._new_text().rstrip("\ufffd")
        piece, self._shown = text[self._shown :], max(self._shown, len(text))
        return piece
