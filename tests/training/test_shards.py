"""Shards: what goes in comes out, and a pass over them is planned the same way every time, nothing left out."""

import tracemalloc
from collections import Counter
from pathlib import Path

import numpy as np
import pytest

from assistant.errors import TrainingError
from assistant.training.batches import collate, source_target_batch
from assistant.training.shards import FULL_WEIGHT, ShardWriter, Source, load_sources, padded_length, plan_batches
from tests.full_disk import full_disk


def write(folder: Path, lengths: list[int], *, weighted: bool = False) -> None:
    writer = ShardWriter(folder, weighted=weighted)
    for number, length in enumerate(lengths):
        tokens = [(number * 7 + i) % 60_000 for i in range(length)]
        writer.add(tokens, [i % 11 for i in range(length)] if weighted else None)
    assert writer.close() == sum(lengths)


def lengths_like_text(count: int, *, seed: int) -> list[int]:
    return [int(n) for n in np.random.default_rng(seed).integers(1, 900, count)]


@pytest.fixture
def sources(tmp_path: Path) -> tuple[Source, ...]:
    write(tmp_path / "first", lengths_like_text(130, seed=1))
    write(tmp_path / "second", lengths_like_text(70, seed=2))
    return load_sources(tmp_path)


def test_what_was_written_is_read_back(tmp_path: Path) -> None:
    write(tmp_path / "plain", [3, 1, 5])
    write(tmp_path / "weighted", [4, 2], weighted=True)
    plain, weighted = load_sources(tmp_path)
    assert (plain.name, weighted.name) == ("plain", "weighted")
    assert (len(plain), len(weighted)) == (3, 2)
    tokens, weights = plain.example(2)
    assert tokens.tolist() == [14, 15, 16, 17, 18]
    assert weights.tolist() == [FULL_WEIGHT] * 5
    tokens, weights = weighted.example(1)
    assert tokens.tolist() == [7, 8]
    assert weights.tolist() == [0, 1]


def test_ids_take_two_bytes_while_they_fit_and_four_where_they_do_not(tmp_path: Path) -> None:
    for name, largest in (("large", 151_936), ("small", 65_535)):
        writer = ShardWriter(tmp_path / name, weighted=False)
        writer.add([1, 2])
        writer.add([largest])
        writer.close()
    large, small = load_sources(tmp_path)
    assert (large.tokens.itemsize, small.tokens.itemsize) == (4, 2)
    assert large.example(1)[0].tolist() == [large.largest_id()] == [151_936]
    assert small.example(1)[0].tolist() == [small.largest_id()] == [65_535]


def test_a_data_set_larger_than_memory_is_written_and_read(tmp_path: Path) -> None:
    tokens, many = list(range(10_000)), 400
    writer = ShardWriter(tmp_path / "large", weighted=True)
    writer.add(tokens, [1] * len(tokens))
    tracemalloc.start()
    for _ in range(many - 1):
        writer.add(tokens, [1] * len(tokens))
    assert writer.close() == many * len(tokens)
    (source,) = load_sources(tmp_path)
    assert source.example(many - 1)[0].tolist() == tokens
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert peak < 6 * 2**20 < source.tokens.nbytes + many * len(tokens)


def test_shards_written_again_take_the_place_of_those_before(tmp_path: Path) -> None:
    write(tmp_path / "one", [3, 4], weighted=True)
    write(tmp_path / "one", [5])
    (source,) = load_sources(tmp_path)
    assert (len(source), source.weights) == (1, None)
    assert {path.name for path in (tmp_path / "one").iterdir()} == {"offsets.npy", "tokens.npy"}


@pytest.mark.parametrize("room", [0, 9_000, 30_000])
def test_a_full_disk_leaves_the_shards_that_were_there(tmp_path: Path, room: int) -> None:
    write(tmp_path / "one", [3, 4], weighted=True)
    with (
        full_disk(room),
        pytest.raises(TrainingError, match=r"one could not be written \(.*\): .*free some space .*run it again"),
    ):
        write(tmp_path / "one", [10_000, 1])
    (source,) = load_sources(tmp_path)
    assert [source.length(index) for index in range(len(source))] == [3, 4]
    assert {path.name for path in tmp_path.rglob("*")} == {"one", "offsets.npy", "tokens.npy", "weights.npy"}


def test_a_place_that_takes_no_shards_is_said_before_the_work(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(TrainingError, match=r"one could not be written \(.*\): expected a folder to write to"):
        ShardWriter(tmp_path / "file" / "one", weighted=False)


def test_a_source_without_examples_is_refused(tmp_path: Path) -> None:
    with pytest.raises(TrainingError, match="no examples for empty"):
        ShardWriter(tmp_path / "empty", weighted=False).close()


@pytest.mark.parametrize("epochs", [{}, {"nowhere": 2.0}])
def test_a_folder_without_shards_says_what_to_run(tmp_path: Path, epochs: dict[str, float]) -> None:
    with pytest.raises(TrainingError, match=r"none.*run `train prepare` first"):
        load_sources(tmp_path, epochs)


def test_a_source_that_is_not_there_is_named(tmp_path: Path) -> None:
    write(tmp_path / "wiki", [3])
    with pytest.raises(TrainingError, match=r"\['wiki'\].*\['wikl'\]"):
        load_sources(tmp_path, {"wikl": 2})


@pytest.mark.parametrize(
    ("file", "content", "message"),
    [
        ("tokens.npy", b"half", r"wiki is damaged \(.*\): run `train prepare` again"),
        ("offsets.npy", b"", r"wiki is damaged \(.*\): run `train prepare` again"),
        ("tokens.npy", None, r"wiki holds no examples, or half of them: run `train prepare` again"),
    ],
)
def test_damaged_shards_say_what_to_run(tmp_path: Path, file: str, content: bytes | None, message: str) -> None:
    write(tmp_path / "wiki", [3, 4])
    path = tmp_path / "wiki" / file
    path.unlink()
    if content is not None:
        path.write_bytes(content)
    with pytest.raises(TrainingError, match=message):
        load_sources(tmp_path)


@pytest.mark.parametrize("offsets", [[0], [0, 3, 6]])
def test_shards_without_examples_or_with_lost_tokens_are_refused(tmp_path: Path, offsets: list[int]) -> None:
    write(tmp_path / "wiki", [3, 4])
    np.save(tmp_path / "wiki" / "offsets.npy", np.asarray(offsets, dtype=np.int64))
    with pytest.raises(TrainingError, match="holds no examples, or half of them"):
        load_sources(tmp_path)


def test_batches_of_pairs_are_no_larger_than_allowed(tmp_path: Path) -> None:
    generator = np.random.default_rng(5)
    writer = ShardWriter(tmp_path / "pairs", weighted=True)
    for _ in range(80):
        before, after = (int(n) for n in generator.integers(1, 400, 2))
        writer.add_pair([1] * before, [2] * after, [10] * after)
    writer.close()
    sources = load_sources(tmp_path)
    plan = plan_batches(sources, tokens_per_batch=2500, seed=3, round_number=0)
    assert sorted(pick for picks in plan for pick in picks) == [(0, number) for number in range(80)]
    for picks in plan:
        source, mask, target, weights = source_target_batch(sources, picks).inputs
        assert source.numel() + target.numel() <= 2500
        for row, (_, example) in enumerate(picks):
            read, written, _ = sources[0].pair(example)
            assert int(mask[row].sum()) == len(read)
            assert int(weights[row].sum()) == len(written)
    padded = sum(sum(tensor.numel() for tensor in source_target_batch(sources, picks).inputs[::2]) for picks in plan)
    assert padded < 2 * len(sources[0].tokens)


def test_epochs_leave_out_and_repeat(tmp_path: Path) -> None:
    for name in ("a", "b", "c"):
        write(tmp_path / name, [5] * 10)
    sources = load_sources(tmp_path, {"a": 0, "b": 2.5})
    assert [(source.name, source.epochs) for source in sources] == [("b", 2.5), ("c", 1.0)]
    seen = Counter(
        pair for batch in plan_batches(sources, tokens_per_batch=20, seed=0, round_number=0) for pair in batch
    )
    of_b = [seen[0, example] for example in range(10)]
    assert sorted(of_b) == [2] * 5 + [3] * 5
    assert [seen[1, example] for example in range(10)] == [1] * 10


def test_every_example_is_planned_once_a_pass(sources: tuple[Source, ...]) -> None:
    plan = plan_batches(sources, tokens_per_batch=2048, seed=3, round_number=0)
    assert Counter(pair for batch in plan for pair in batch) == Counter(
        (number, example) for number, source in enumerate(sources) for example in range(len(source))
    )


@pytest.mark.parametrize("tokens_per_batch", [900, 2048, 8192])
def test_no_batch_is_larger_than_allowed_padding_included(sources: tuple[Source, ...], tokens_per_batch: int) -> None:
    for batch in plan_batches(sources, tokens_per_batch=tokens_per_batch, seed=3, round_number=0):
        ids, _ = collate(sources, batch)
        assert ids.numel() <= tokens_per_batch


def test_an_example_longer_than_a_batch_stands_alone(tmp_path: Path) -> None:
    write(tmp_path / "s", [5, 300, 6])
    (source,) = load_sources(tmp_path)
    plan = plan_batches([source], tokens_per_batch=150, seed=0, round_number=0)
    assert sorted(map(sorted, plan)) == [[(0, 0), (0, 2)], [(0, 1)]]


def test_little_of_a_batch_is_padding(sources: tuple[Source, ...]) -> None:
    plan = plan_batches(sources, tokens_per_batch=4096, seed=3, round_number=0)
    padded = sum(collate(sources, batch)[0].numel() for batch in plan)
    assert padded < 1.25 * sum(len(source.tokens) for source in sources)


def test_a_plan_depends_on_seed_and_round_alone(sources: tuple[Source, ...]) -> None:
    def plan(seed: int, round_number: int) -> list[list[tuple[int, int]]]:
        return plan_batches(sources, tokens_per_batch=2048, seed=seed, round_number=round_number)

    assert plan(1, 0) == plan(1, 0)
    assert plan(1, 0) != plan(2, 0)
    assert plan(1, 0) != plan(1, 1)


def test_short_and_long_examples_come_mixed(sources: tuple[Source, ...]) -> None:
    plan = plan_batches(sources, tokens_per_batch=4096, seed=3, round_number=0)  # all examples in one pool
    longest = [collate(sources, batch)[0].shape[1] for batch in plan]
    assert longest != sorted(longest)
    half = len(longest) // 2
    assert 0.7 < np.mean(longest[:half]) / np.mean(longest[half:]) < 1.4


def test_collating_pads_on_the_right_with_weight_0(tmp_path: Path) -> None:
    write(tmp_path / "plain", [3])
    write(tmp_path / "weighted", [5], weighted=True)
    ids, weights = collate(load_sources(tmp_path), [(0, 0), (1, 0)])
    assert ids[:, :5].tolist() == [[0, 1, 2, 0, 0], [0, 1, 2, 3, 4]]
    assert weights[:, :5].tolist() == pytest.approx(np.array([[1, 1, 1, 0, 0], [0, 0.1, 0.2, 0.3, 0.4]]))
    assert not ids[:, 5:].any()
    assert not weights[:, 5:].any()


@pytest.mark.parametrize(("longest", "padded"), [(2, 65), (64, 65), (65, 65), (66, 129), (1025, 1025)])
def test_a_model_reads_few_different_lengths(longest: int, padded: int) -> None:
    assert padded_length(longest) == padded
