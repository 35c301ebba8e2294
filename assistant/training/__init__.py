"""Everything that makes a checkpoint: corpora, tokenizer, examples, shards, the loop, saved states."""
