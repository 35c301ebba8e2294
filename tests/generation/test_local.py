"""A local model writing: repeatable, exact at the cursor, without loops, and stopping when it is told to."""

import itertools
import threading
from collections.abc import Callable
from contextlib import closing
from time import perf_counter
from types import SimpleNamespace
from typing import Any, cast

import pytest
import torch
from torch import Tensor
from transformers import LlamaConfig, PreTrainedModel

from assistant.errors import ModelError
from assistant.generation.local import LocalGenerator
from assistant.generation.vocabulary import Vocabulary, read_vocabulary
from assistant.prompts import DRAFT, END, MARKERS, PAST, Part, Prompt, encode_prompt
from assistant.types import Sampling
from tests.small_models import CONTEXT, VOCABULARY, as_loaded, small_model, small_tokenizer

DRAFT_TEXT = "The keeper walked along the canal in the morning and the sluice gate stood open."
# Accents, scripts without spaces, an emoji, spaces at ends, a marker that is only text.
ODD_DRAFT = "Das Café… naïve 漢字とかな 🙂  and\n\nthen <|end|> it's"


def prompt(draft: str, *, evidence: str = "") -> Prompt:
    past = (Part(PAST, is_marker=True), Part(evidence)) if evidence else ()
    return (*past, Part(DRAFT, is_marker=True), Part(draft))


def write(generator: LocalGenerator, draft: str | Prompt, **sampling: float) -> str:
    given = prompt(draft) if isinstance(draft, str) else draft
    with closing(generator.stream(given, Sampling(**cast(Any, {"max_tokens": 16} | sampling)))) as stream:
        return "".join(stream)


def vocabulary() -> Vocabulary:
    return read_vocabulary(small_tokenizer(), size=VOCABULARY)


def watched() -> tuple[LocalGenerator, list[int]]:
    """A fresh generator, and the list of ids its model will have read."""
    model = small_model().float().eval()
    read: list[int] = []
    model.register_forward_pre_hook(
        lambda _model, _args, given: read.extend(given["input_ids"][0].tolist()), with_kwargs=True
    )
    return LocalGenerator(as_loaded(model)), read


class ScriptedModel:
    """A model whose logits follow from the last id it read and from nothing else; keeps all it read."""

    device = torch.device("cpu")
    config = LlamaConfig(num_hidden_layers=1, max_position_embeddings=CONTEXT)

    def __init__(self, wishes: Callable[[int], list[int]]) -> None:
        self._wishes = wishes
        self.read: list[int] = []

    def num_parameters(self) -> int:
        return 1

    def __call__(self, *, input_ids: Tensor, **_: object) -> SimpleNamespace:
        self.read.extend(input_ids[0].tolist())
        logits = torch.zeros(1, 1, VOCABULARY)
        for rank, wish in enumerate(self._wishes(self.read[-1])):
            logits[0, 0, wish] = 50.0 - rank
        return SimpleNamespace(logits=logits, hidden_states=(torch.ones(1, input_ids.shape[1], 2),))


def scripted(wishes: Callable[[int], list[int]]) -> tuple[LocalGenerator, ScriptedModel]:
    model = ScriptedModel(wishes)
    return LocalGenerator(as_loaded(cast(PreTrainedModel, model))), model


def ids_of(text: str) -> list[int]:
    return encode_prompt([Part(text)], small_tokenizer())


def only(text: str) -> int:
    """The id of a text that is one token."""
    (number,) = ids_of(text)
    return number


# How sure it is


def confidences(generator: LocalGenerator, draft: str) -> list[float]:
    with closing(generator.stream(prompt(draft), Sampling(max_tokens=6, temperature=1, top_p=1))) as stream:
        return [stream.confidence for piece in stream if piece and stream.confidence is not None]


def test_a_model_that_has_one_wish_is_sure_and_one_that_has_none_is_not() -> None:
    sure, _ = scripted(lambda last: [only(" gate") if last == only(" the") else only(" the")])
    unsure, _ = scripted(lambda _last: [])
    assert confidences(sure, "The keeper ")[0] == pytest.approx(0, abs=1e-3)
    assert max(confidences(unsure, "The keeper ")) < -4


def test_spelling_again_what_was_typed_says_nothing_of_how_sure_the_model_is(generator: LocalGenerator) -> None:
    stream = generator.stream(prompt("The keeper walk"), Sampling(max_tokens=6))
    assert stream.confidence is None
    next(piece for piece in stream if piece)
    assert stream.confidence is not None
    assert stream.confidence < 0


# Repeating


def test_the_same_seed_writes_the_same_text(generator: LocalGenerator) -> None:
    texts = [write(generator, DRAFT_TEXT, seed=5) for _ in range(3)]
    assert texts[0]
    assert len(set(texts)) == 1


def test_another_seed_writes_another_text(generator: LocalGenerator) -> None:
    assert len({write(generator, DRAFT_TEXT, seed=seed) for seed in range(5)}) > 1


def test_temperature_zero_needs_no_seed(generator: LocalGenerator) -> None:
    assert len({write(generator, DRAFT_TEXT, seed=seed, temperature=0) for seed in range(3)}) == 1


def test_a_cached_prefix_writes_what_a_fresh_model_writes(generator: LocalGenerator) -> None:
    evidence = "The gate was mended in May. " * 3
    drafts = [
        prompt(DRAFT_TEXT[:30], evidence=evidence),
        prompt(DRAFT_TEXT[:45], evidence=evidence),  # typed on
        prompt(DRAFT_TEXT[:40], evidence=evidence),  # deleted
        prompt("Something else entirely", evidence=evidence),
        prompt(DRAFT_TEXT[:40]),  # the evidence went
        prompt(DRAFT_TEXT[:40]),  # once more
    ]
    for number, draft in enumerate(drafts):
        fresh, _ = watched()
        assert write(generator, draft, seed=number) == write(fresh, draft, seed=number)


def test_typing_on_costs_only_the_new_tokens() -> None:
    generator, read = watched()
    evidence = "The gate was mended in May, and again in June, at the council's cost. " * 4
    write(generator, prompt(DRAFT_TEXT[:40], evidence=evidence), max_tokens=1)
    first = len(read)
    write(generator, prompt(DRAFT_TEXT[:44], evidence=evidence), max_tokens=1)
    assert len(read) - first < first / 5


def test_a_step_that_broke_off_leaves_no_trace() -> None:
    model = small_model().float().eval()
    generator = LocalGenerator(as_loaded(model))
    expected = write(generator, DRAFT_TEXT, seed=1)

    def interrupt(*_: object) -> None:
        raise KeyboardInterrupt

    # The first layer's cache has grown when the second one breaks off.
    breaking = model.model.layers[1].register_forward_pre_hook(interrupt)
    with pytest.raises(KeyboardInterrupt):
        write(generator, DRAFT_TEXT[:50])
    breaking.remove()
    assert write(generator, DRAFT_TEXT, seed=1) == expected


# The cursor


@pytest.mark.parametrize("draft", [DRAFT_TEXT[:45], ODD_DRAFT])
def test_at_every_cut_the_model_has_written_just_what_was_typed(draft: str) -> None:
    marker = small_tokenizer().convert_tokens_to_ids(DRAFT)
    for cut in range(len(draft) + 1):
        typed = draft[:cut]
        generator, read = watched()
        suggestion = write(generator, typed, max_tokens=4, seed=cut)
        # The last token is never read, and a character may be incomplete before it.
        seen = vocabulary().text(read[read.index(marker) :]).decode(errors="replace").rstrip("\ufffd")
        assert seen.startswith(typed)
        assert (typed + suggestion).startswith(seen)
        assert suggestion


def test_a_word_that_was_begun_is_finished_not_begun_again() -> None:
    # " sluice" is a token: after " slu" only "ice" is left to write.
    sluice, stop = only(" sluice"), only(".")
    generator, _ = scripted(lambda last: [stop] if last == sluice else [sluice])
    assert write(generator, "The keeper and the slu", temperature=0, max_tokens=2).startswith("ice")


def test_a_space_at_the_end_is_not_doubled() -> None:
    sluice, stop = only(" sluice"), only(".")
    generator, _ = scripted(lambda last: [stop] if last == sluice else [sluice])
    assert write(generator, "The keeper and the ", temperature=0, max_tokens=2).startswith("sluice")


def test_spelling_a_long_word_again_does_not_use_up_the_length() -> None:
    generator, _ = watched()
    assert len(write(generator, "Donaudampfschifffahrtskapitän" + "漢字" * 5, max_tokens=4)) >= 2


# Loops, markers, ends


@pytest.mark.parametrize("temperature", [0, 0.5])
def test_no_four_tokens_come_twice(temperature: float) -> None:
    generator, read = watched()
    write(generator, DRAFT_TEXT, temperature=temperature, max_tokens=120)
    runs = list(zip(*(read[i:] for i in range(4)), strict=False))
    assert len(runs) == len(set(runs))


def test_a_model_that_would_go_round_for_ever_does_not() -> None:
    circle = ids_of(" the canal and was late for now")
    following = dict(zip(circle, [*circle[1:], circle[0]], strict=True))
    generator, model = scripted(lambda last: [following.get(last, circle[0]), *circle])
    write(generator, "Once", temperature=0, max_tokens=60)
    runs = list(zip(*(model.read[i:] for i in range(4)), strict=False))
    assert len(runs) == len(set(runs)) > 20


def test_evidence_may_be_quoted_but_the_draft_not() -> None:
    sentence = " It holds for now and was late"
    ids = ids_of(sentence)
    assert len(set(ids)) == len(ids)
    following = dict(itertools.pairwise(ids))
    wish = lambda last: [following.get(last, ids[0])]  # noqa: E731
    quoting, _ = scripted(wish)
    assert sentence in write(quoting, prompt("He said:", evidence=sentence), temperature=0, max_tokens=len(ids) + 4)
    repeating, _ = scripted(wish)
    assert sentence not in write(repeating, prompt(f"{sentence}. He said:"), temperature=0, max_tokens=len(ids) + 4)


def test_markers_are_never_written() -> None:
    tokenizer = small_tokenizer()
    markers = [tokenizer.convert_tokens_to_ids(marker) for marker in MARKERS if marker != END]
    generator, model = scripted(lambda last: markers)  # nothing it would rather write
    text = write(generator, DRAFT_TEXT, max_tokens=20)
    assert not any(marker in text for marker in MARKERS)
    after_draft = model.read[model.read.index(tokenizer.convert_tokens_to_ids(DRAFT)) + 1 :]
    assert not set(markers) & set(after_draft)


def test_a_suggestion_ends_where_the_document_ends() -> None:
    end, gate = small_tokenizer().convert_tokens_to_ids(END), only(" gate")
    generator, _ = scripted(lambda last: [end] if last == gate else [gate])
    stream = generator.stream(prompt("The"), Sampling(temperature=0))
    assert "".join(stream) == " gate"
    assert stream.finish == "stop"


@pytest.mark.parametrize("first", [END, b"\xf0", b"\xe6"])
def test_a_suggestion_is_never_empty(first: str | bytes) -> None:
    end = small_tokenizer().convert_tokens_to_ids(END)
    piece = first.encode() if isinstance(first, str) else first
    wish = end if first == END else vocabulary().pieces.index(piece)
    generator, _ = scripted(lambda last: [end] if last == wish else [wish, end])
    assert write(generator, "The gate", temperature=0).strip("\ufffd ")


def test_past_most_of_the_length_a_sentence_end_is_the_end() -> None:
    gate, stop = only(" gate"), only(".")
    words = [gate, only(" canal"), only(" morning"), only(" the"), only(" and"), stop]
    following = {word: words[(i + 1) % len(words)] for i, word in enumerate(words)}
    generator, _ = scripted(lambda last: [following.get(last, gate)])
    stream = generator.stream(prompt("So"), Sampling(max_tokens=10, temperature=0))
    text = "".join(stream)
    assert stream.finish == "stop"
    assert text.endswith(".")
    assert len(ids_of(text)) <= 10


@pytest.mark.parametrize("max_tokens", [1, 8, 40])
def test_without_a_sentence_end_it_stops_at_half_as_much_again(max_tokens: int) -> None:
    words = vocabulary().words.tolist()
    fillers = list({words[i]: i for i in range(400) if words[i] >= 0}.values())  # none twice: they are no loop
    order = itertools.cycle(fillers)
    generator, model = scripted(lambda _last: [next(order)])
    stream = generator.stream(prompt(""), Sampling(max_tokens=max_tokens, temperature=0))
    list(stream)
    assert stream.finish == "length"
    written = len(model.read) - 1  # the marker before the draft is read, the last token is not: one for the other
    assert max_tokens <= written + 1 <= max_tokens * 1.5 + 1


def test_past_its_length_a_suggestion_is_pressed_to_end() -> None:
    pieces = vocabulary().pieces
    stop = only(".")
    fillers = itertools.cycle(i for i in range(60, 400) if pieces[i] not in (b".", b"!", b"?"))
    generator, model = scripted(lambda _last: [next(fillers), stop])  # a full stop is always the second wish
    stream = generator.stream(prompt(""), Sampling(max_tokens=20, temperature=0))
    assert "".join(stream).endswith(".")
    assert stream.finish == "stop"
    assert 20 <= len(model.read) <= 24


# Closing


def test_closing_stops_at_once_and_lets_the_next_one_write_in_another_thread(generator: LocalGenerator) -> None:
    seconds = []
    for _ in range(3):  # a busy machine may be slow once
        stream = generator.stream(prompt(DRAFT_TEXT), Sampling(max_tokens=300))
        next(iter(stream))
        started = perf_counter()
        stream.close()
        seconds.append(perf_counter() - started)
        assert stream.finish == "cancelled"
    assert min(seconds) < 0.1

    written: list[str] = []
    thread = threading.Thread(target=lambda: written.append(write(generator, "Next", max_tokens=4)), daemon=True)
    thread.start()
    thread.join(timeout=20)
    assert written


def test_a_closed_stream_yields_no_more(generator: LocalGenerator) -> None:
    stream = generator.stream(prompt(DRAFT_TEXT), Sampling())
    next(iter(stream))
    stream.close()
    assert list(stream) == []


def test_the_second_stream_waits_for_the_first(generator: LocalGenerator) -> None:
    first = generator.stream(prompt(DRAFT_TEXT), Sampling(max_tokens=4))
    next(iter(first))
    written: list[str] = []
    thread = threading.Thread(target=lambda: written.append(write(generator, "Next", max_tokens=4)), daemon=True)
    thread.start()
    thread.join(timeout=0.3)
    assert not written
    first.close()
    thread.join(timeout=20)
    assert written


def test_a_stream_that_waits_for_the_model_can_be_closed_meanwhile(generator: LocalGenerator) -> None:
    first = generator.stream(prompt(DRAFT_TEXT), Sampling(max_tokens=4))
    next(iter(first))
    waiting = generator.stream(prompt("Next"), Sampling(max_tokens=4))
    assert next(iter(waiting)) == ""
    started = perf_counter()
    waiting.close()
    assert perf_counter() - started < 0.1
    first.close()
    assert write(generator, "Next", max_tokens=4)


def test_scores_wait_while_a_suggestion_is_written(generator: LocalGenerator) -> None:
    first = generator.stream(prompt(DRAFT_TEXT), Sampling(max_tokens=4))
    next(iter(first))
    scores = generator.scores([prompt(DRAFT_TEXT)], " and so on")
    assert [next(scores), next(scores)] == [None, None]
    first.close()
    assert [score for score in scores if score is not None] != []


def test_a_stream_nobody_reads_holds_nothing(generator: LocalGenerator) -> None:
    generator.stream(prompt(DRAFT_TEXT), Sampling())
    assert write(generator, "Next", max_tokens=4)


def test_a_model_that_fails_tells_the_reader_and_writes_again_afterwards() -> None:
    model = small_model().float().eval()
    generator = LocalGenerator(as_loaded(model))

    def fail(*_: object) -> None:
        raise RuntimeError("out of memory")

    failing = model.register_forward_pre_hook(fail)
    with pytest.raises(ModelError, match=r"out of memory.*try a shorter draft"):
        write(generator, DRAFT_TEXT)
    failing.remove()
    assert write(generator, DRAFT_TEXT)


# Long prompts


def test_of_a_prompt_too_long_the_end_is_read() -> None:
    generator, read = watched()
    write(generator, prompt(DRAFT_TEXT, evidence="Lost words. " * 300), max_tokens=10)
    assert len(read) <= CONTEXT
    assert vocabulary().text(read).decode(errors="replace").find(DRAFT_TEXT[:-6]) > 0


def test_a_typed_word_leaves_room_for_the_suggestion() -> None:
    generator, read = watched()
    write(generator, prompt("漢字" * 19, evidence="Lost words. " * 300), max_tokens=10)
    assert len(read) <= CONTEXT


def test_more_tokens_than_the_context_holds_are_refused(generator: LocalGenerator) -> None:
    with pytest.raises(ModelError, match=rf"400 tokens asked for, the model's context has {CONTEXT}: ask for fewer"):
        write(generator, DRAFT_TEXT, max_tokens=400)


def test_an_empty_prompt_is_written_from(generator: LocalGenerator) -> None:
    assert write(generator, (Part(""),))
