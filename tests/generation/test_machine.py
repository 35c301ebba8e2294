"""What a machine can carry: sums one can check by hand, and a measurement that measures something."""

import pytest

from assistant.generation.machine import Speed, free_memory, gigabytes, measured_speed, memory_for, total_memory


@pytest.mark.parametrize(
    ("size", "words"), [(0, "0 MB"), (269_600_000, "270 MB"), (1_205_000_000, "1.2 GB"), (26e9, "26.0 GB")]
)
def test_sizes_are_said_in_few_digits(size: float, words: str) -> None:
    assert gigabytes(size) == words


def test_a_model_takes_two_bytes_a_parameter_and_some_room() -> None:
    assert memory_for(1_000_000_000) == pytest.approx(2.4e9, rel=0.01)


def test_reading_takes_arithmetic_and_writing_takes_bandwidth() -> None:
    speed = Speed(bytes_per_second=20e9, operations_per_second=200e9)
    # 2 GB of weights once per token, and a layer's calls; two operations per parameter and token read.
    assert speed.tokens_per_second(1_000_000_000) == pytest.approx(1 / (0.1 + 30 * 0.0012))
    assert speed.seconds_to_read(1_000_000_000, 100) == pytest.approx(1.0)


def test_the_measurement_is_of_this_machine_and_made_once() -> None:
    speed = measured_speed()
    assert 1e8 < speed.bytes_per_second < 1e13
    assert 1e9 < speed.operations_per_second < 1e16
    assert measured_speed() is speed
    assert free_memory() > 0
    assert total_memory() > 10**9
