"""How soon the shipped model is free again when nobody wants its suggestion any more."""

import statistics
import threading
from time import perf_counter

import pytest

from assistant.generation.local import LocalGenerator, load_generator
from assistant.prompts import Part, Prompt
from assistant.settings import SHIPPED_CHECKPOINT
from assistant.types import Sampling

LETTER = "The lock keeper wrote to the council about the gate, and nobody came to look at it before the flood. " * 40


@pytest.fixture(scope="module")
def shipped() -> LocalGenerator:
    return load_generator(SHIPPED_CHECKPOINT)[0]


def cold(number: int) -> Prompt:
    """A prompt as long as one with evidence, of which nothing has been read."""
    return (Part(f"{number} {LETTER}"), Part("So I"))


def test_no_step_of_reading_takes_more_than_a_part_of_it(shipped: LocalGenerator) -> None:
    shares = []
    for number in range(3):  # a busy machine may be slow now and then
        stream, seconds = shipped.stream(cold(number), Sampling(max_tokens=2)), []
        started = perf_counter()
        for piece in stream:
            seconds.append(perf_counter() - started)
            started = perf_counter()
            if piece:
                break
        stream.close()
        assert len(seconds) > 8
        shares.append(statistics.median(seconds) / sum(seconds))
    assert min(shares) < 0.15


def test_who_hangs_up_while_it_reads_frees_it_for_the_next(shipped: LocalGenerator) -> None:
    freed = []
    for number in range(3, 6):
        stream = shipped.stream(cold(number), Sampling(max_tokens=2))
        assert next(iter(stream)) == ""
        started = perf_counter()
        stream.close()
        other = shipped.stream((Part("So I"),), Sampling(max_tokens=1))
        thread = threading.Thread(target=lambda found=other: list(found))
        thread.start()
        thread.join(20)
        freed.append(perf_counter() - started)
        assert other.finish in ("length", "stop")
    assert min(freed) < 1
