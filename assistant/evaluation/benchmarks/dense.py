"""Contriever, or any other encoder in a local folder, as the LaMP reference uses it: dot products, nothing normalised.

A plain transformers model, as Contriever is, gets the mean of its token vectors (padding masked out); a
sentence-transformers model pools as its folder says.
"""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

from assistant.embedding import Vectors
from assistant.errors import ModelError
from assistant.signature import file_hash

_BATCH = 16
# The questions of one user share most of their profile; of 768 numbers each, this many vectors take 150 MB.
_REMEMBERED = 50_000


class FolderEncoder:
    """Encodes by a model in memory and remembers what it has encoded."""

    def __init__(self, model: Any) -> None:
        self._model = model
        self._known: dict[str, Vectors] = {}

    def encode(self, texts: Sequence[str]) -> Vectors:
        """Vectors of shape (texts, dimensions)."""
        if len(self._known) > _REMEMBERED:
            self._known.clear()
        new = [text for text in dict.fromkeys(texts) if text not in self._known]
        if new:
            vectors = self._model.encode(new, batch_size=_BATCH, show_progress_bar=False, normalize_embeddings=False)
            self._known |= dict(zip(new, np.asarray(vectors, dtype=np.float32), strict=True))
        return np.stack([self._known[text] for text in texts])


def load_folder_encoder(folder: Path) -> FolderEncoder:
    """Load a model; only safetensors weights are read, and none of its own code is run.

    :raises ModelError: if there is none in the folder, or it cannot be read.
    """
    import transformers
    from safetensors import SafetensorError
    from sentence_transformers import SentenceTransformer

    if not (folder / "config.json").is_file() and not (folder / "modules.json").is_file():
        raise ModelError(
            f"no encoder in {folder}: expected a folder with config.json, model.safetensors and a tokenizer"
        )
    transformers.utils.logging.disable_progress_bar()
    try:
        model = SentenceTransformer(
            str(folder),
            local_files_only=True,
            trust_remote_code=False,
            model_kwargs={"use_safetensors": True},
        )
    except (OSError, ValueError, RuntimeError, KeyError, SafetensorError) as error:
        raise ModelError(
            f"cannot load an encoder from {folder} ({error}): expected config.json, model.safetensors and a tokenizer; "
            "weights in another format must be converted first"
        ) from error
    return FolderEncoder(model.eval())


def encoder_signature(folder: Path) -> dict[str, Any]:
    """What identifies an encoder: its folder's name, and the hash of every file of weights."""
    weights = sorted(folder.rglob("*.safetensors"))
    return {"encoder": folder.name, "encoder_sha256": [file_hash(path) for path in weights]}
