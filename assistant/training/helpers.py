"""Examples for the paper's own helpers: language models that write the summary, or the important words.

"Teach LLMs to Personalize" (arXiv 2308.07968, sections 3.3 and 3.4): the weak label is one string, and only one half of
the training authors trains a helper, so that it is as noisy on the other half, which trains the generator, as in use.
"""

import random
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Literal

from transformers import PreTrainedTokenizerBase

from assistant.embedding import Encoder
from assistant.errors import TrainingError
from assistant.summarization.features import snippets_of
from assistant.training.encodings import HelperTask, encoding_for
from assistant.training.examples import ExampleSettings, chosen_authors, current_documents, cursor_of
from assistant.training.occasions import Occasion, OccasionMaker
from assistant.training.prepare import tokenizer_texts
from assistant.training.selectors import SelectorSettings, word_rarity
from assistant.training.shards import ShardWriter

Helper = Literal["summaries", "keywords"]

# As many words as the context-independent helper gives (section 3.4); the paper names no limit for the trained one.
_LABEL_WORDS = 20


def prepare_helper(  # noqa: PLR0913 - what there is to choose, all by name
    helper: Helper,
    paths: Sequence[Path],
    tokenizer: PreTrainedTokenizerBase,
    folder: Path,
    *,
    settings: ExampleSettings,
    encoder: Encoder,
    on_author: Callable[[int, int], None] = lambda _done, _total: None,
) -> int:
    """Write the source ``summaries`` or ``keywords``, and return its number of tokens.

    :param settings: ``half`` says which authors are used, ``continuation_characters`` how far a document makes labels.
    :raises CorpusError: if no corpus has two authors.
    :raises TrainingError: if no document takes up anything of its author's past.
    """
    encoding = encoding_for(tokenizer, settings.architecture)
    writer = ShardWriter(folder / helper, weighted=True)
    tasks = (_task(helper, occasion) for occasion in _occasions(paths, settings, encoder, on_author))
    count = 0
    for task in tasks:
        if task.label:
            encoding.add_task(writer, task)
            count += 1
    if not count:
        raise TrainingError(f"no {helper} to learn: no document takes up anything of its author's past; add documents")
    return writer.close()


def _occasions(
    paths: Sequence[Path], settings: ExampleSettings, encoder: Encoder, on_author: Callable[[int, int], None]
) -> Iterator[Occasion]:
    authors = chosen_authors(paths, settings)
    counting = SelectorSettings()
    texts = tokenizer_texts(paths, characters_each=counting.rarity_characters, seed=settings.seed)
    maker = OccasionMaker(encoder, word_rarity(texts, counting), label_characters=settings.continuation_characters)
    generator = random.Random(settings.seed + 1)
    for done, author in enumerate(authors, start=1):
        records = author.records
        cursors = [(i, cursor_of(records[i], generator)) for i in current_documents(author, settings, generator)]
        yield from maker.occasions(records, cursors)
        on_author(done, len(authors))


def _task(helper: Helper, occasion: Occasion) -> HelperTask:
    if helper == "keywords":
        label = ", ".join(occasion.keyword_label[:_LABEL_WORDS])
        return HelperTask("words", occasion.query, occasion.entries, label)
    snippets = snippets_of(occasion.entries)
    label = " ".join(snippets[place].text.strip() for place in occasion.summary_label)
    return HelperTask("summary", occasion.query, occasion.entries, label)
