"""How the rows of the framework's table are named: a method, and after ``@`` a checkpoint of its own."""

NO_PAST = "ImmedCtx"
"""The row without any of the writer's past: what others are compared with."""
ZERO_SHOT = "LLMZeroShot"
AUTHOR_PRED = "author-pred"
"""The name of the checkpoint that stands for the paper's "+ AuthorPred"."""

_AT = "@"


def method_of(row: str) -> str:
    """A row's name without that of its checkpoint."""
    return row.partition(_AT)[0]


def checkpoint_of(row: str) -> str:
    """The name of a row's own checkpoint; empty for the one that rows share."""
    return row.partition(_AT)[2]


def is_unfinished(row: str) -> bool:
    """Whether a name ends where that of a checkpoint should follow."""
    return row.endswith(_AT)
