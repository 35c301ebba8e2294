from pathlib import Path

import numpy as np
import numpy.typing as npt
import pytest

from assistant.errors import StorageError
from assistant.library.index import VectorIndex
from assistant.types import SnippetId, VoiceId

VOICE = VoiceId(1)


@pytest.fixture(params=[0, 1])
def vectors(request: pytest.FixtureRequest) -> npt.NDArray[np.float32]:
    """1,500 unit vectors in tight clusters, as one writer's sentences are: hard for a graph."""
    dice = np.random.default_rng(request.param)
    centres = dice.standard_normal((30, 384))
    made = centres[dice.integers(0, 30, 1500)] + dice.standard_normal((1500, 384)) * 0.3
    return np.asarray(made / np.linalg.norm(made, axis=1, keepdims=True), dtype=np.float32)


def _ids(count: int, start: int = 1) -> list[SnippetId]:
    return [SnippetId(number) for number in range(start, start + count)]


def test_a_mended_index_finds_exactly_what_an_exact_search_finds(
    tmp_path: Path, vectors: npt.NDArray[np.float32]
) -> None:
    index = VectorIndex.open(tmp_path)
    ids = _ids(len(vectors))
    for start in range(0, len(ids), 200):
        index.add(VOICE, ids[start : start + 200], vectors[start : start + 200])
    index.mend(VOICE, ids, vectors)
    for query in vectors[::50]:
        exact = np.argsort(-(vectors @ query))[:10]
        assert {snippet for snippet, _ in index.nearest(VOICE, query, 10)} == {ids[row] for row in exact}
    index.close()


def test_a_snippet_is_not_taken_for_found_because_another_one_is_just_like_it(
    tmp_path: Path, vectors: npt.NDArray[np.float32]
) -> None:
    """As where two documents end in the same words."""
    index = VectorIndex.open(tmp_path)
    ids, twice = _ids(60), np.concatenate([vectors[:30], vectors[:30]])
    kept = [row for row in range(60) if row != 40]  # what no link leads to might as well not be there
    index.add(VOICE, [ids[row] for row in kept], twice[kept])
    index.mend(VOICE, ids, twice)
    assert [snippet for snippet, _ in index.nearest(VOICE, twice[40], 2)] == [ids[10], ids[40]]
    index.close()


def test_equally_near_snippets_come_in_the_order_of_their_ids(tmp_path: Path) -> None:
    index = VectorIndex.open(tmp_path)
    same = np.tile(np.eye(1, 384, dtype=np.float32), (12, 1))
    index.add(VOICE, _ids(12)[::-1], same)
    assert [snippet for snippet, _ in index.nearest(VOICE, same[0], 5)] == _ids(5)
    index.mend(VOICE, _ids(12), same)
    assert index.count(VOICE) == 12
    index.close()


def test_scores_are_cosine_similarities(tmp_path: Path) -> None:
    index = VectorIndex.open(tmp_path)
    axes = np.eye(3, 384, dtype=np.float32)
    index.add(VOICE, _ids(3), np.stack([axes[0], -axes[0], (axes[0] + axes[1]) / np.sqrt(2)]).astype(np.float32))
    hits = index.nearest(VOICE, axes[0], 3)
    assert [snippet for snippet, _ in hits] == [1, 3, 2]
    assert [score for _, score in hits] == pytest.approx([1, 0.7071, -1], abs=1e-4)
    index.close()


def test_adding_twice_keeps_the_last(tmp_path: Path) -> None:
    index = VectorIndex.open(tmp_path)
    axes = np.eye(2, 384, dtype=np.float32)
    index.add(VOICE, _ids(1), axes[:1])
    index.add(VOICE, _ids(1), axes[1:])
    assert index.ids(VOICE) == set(_ids(1))
    assert index.nearest(VOICE, axes[1], 5)[0][1] == pytest.approx(1)
    index.close()


@pytest.mark.parametrize("limit", [0, -1])
def test_asking_for_nothing_gives_nothing(tmp_path: Path, limit: int) -> None:
    index = VectorIndex.open(tmp_path)
    index.add(VOICE, _ids(1), np.eye(1, 384, dtype=np.float32))
    assert index.nearest(VOICE, np.eye(1, 384, dtype=np.float32)[0], limit) == ()
    index.close()


def test_collections_of_other_voices_are_untouched_by_a_replacement(tmp_path: Path) -> None:
    index = VectorIndex.open(tmp_path)
    vectors = np.eye(4, 384, dtype=np.float32)
    index.add(VOICE, _ids(4), vectors)
    index.add(VoiceId(2), _ids(4, start=10), vectors)
    index.replace(VOICE, _ids(1), vectors[:1])
    index.clean()
    assert (index.ids(VOICE), index.ids(VoiceId(2))) == (set(_ids(1)), set(_ids(4, start=10)))
    index.drop(VOICE)
    assert index.voices() == {VoiceId(2)}
    assert index.nearest(VOICE, vectors[0], 5) == ()
    index.close()


def test_what_chroma_refuses_becomes_advice(tmp_path: Path) -> None:
    index = VectorIndex.open(tmp_path)
    index.add(VOICE, _ids(1), np.eye(1, 384, dtype=np.float32))
    with pytest.raises(StorageError, match="rebuild-index"):
        index.add(VOICE, _ids(1), np.eye(1, 100, dtype=np.float32))
    index.close()
