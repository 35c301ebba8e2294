"""A tokenizer whose tokens are words, closed by one end token as T5's, so that tests can count by hand."""

from tokenizers import Tokenizer, models, pre_tokenizers, processors
from transformers import PreTrainedTokenizerFast

_SPECIAL = ("</s>", "<unk>", "<pad>")


def word_tokenizer(*texts: str) -> PreTrainedTokenizerFast:
    """Knows the words of these texts; what it does not know counts, but is not spelled."""
    known = dict.fromkeys(word for text in texts for word in text.split())
    tokenizer = Tokenizer(models.WordLevel({word: i for i, word in enumerate((*_SPECIAL, *known))}, unk_token="<unk>"))
    tokenizer.pre_tokenizer = pre_tokenizers.WhitespaceSplit()
    tokenizer.post_processor = processors.TemplateProcessing(single="$A </s>", special_tokens=[("</s>", 0)])
    return PreTrainedTokenizerFast(
        tokenizer_object=tokenizer, eos_token="</s>", unk_token="<unk>", pad_token="<pad>", model_max_length=10_000
    )
