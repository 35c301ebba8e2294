"""Turns of phrase that are nobody's own: "at the end of the", "on the other hand", "I don't know what to".

Two texts that share one have not copied from each other. What makes a phrase somebody's is a word that says something;
a phrase of function words, and of the few words that English builds its set phrases with, has none. The lists are of
English alone: in another language every run of words counts as somebody's.
"""

from collections.abc import Sequence

LONGEST = 7
"""Words of a commonplace, at most: so many more in a row are no accident, whatever they are."""

_FUNCTION_WORDS = frozenset(
    """
    a an the this that these those some any no every each either neither both all another such what which whose
    i me my mine myself you your yours yourself he him his himself she her hers herself it its itself we us our ours
    ourselves they them their theirs themselves one ones who whom
    of to in on at by for with from into onto upon about above across after against along among around as before behind
    below beneath beside besides between beyond despite down during except inside like near off out outside over past
    since than through throughout till toward towards under until up via within without
    and or but nor so yet if because although though unless while whereas when where why how whether
    be am is are was were been being have has had having do does did doing done will would shall should can could may
    might must ought cannot not
    there here then now just only also too very more most much many few less least again ever never always still
    already even quite rather almost perhaps well
    """.split()  # noqa: SIM905 - as in keyword_candidates
)
_SET_PHRASE_WORDS = frozenset(
    """
    end beginning middle rest top bottom side front back kind sort part lot bit number way ways case point fact time
    times moment day hand place thing things first second last next same other others own whole long far soon able
    going go goes went get gets got come came know knew think thought want wanted need like seem seems make sure let
    """.split()  # noqa: SIM905 - as above
)
_CONTRACTED = frozenset(("s", "re", "ve", "d", "ll", "m"))


def is_commonplace(words: Sequence[str]) -> bool:
    """Whether a run of words, in lower case and with straight apostrophes, is anybody's."""
    return len(words) <= LONGEST and all(_says_nothing(word) for word in words)


def _says_nothing(word: str) -> bool:
    if word in _FUNCTION_WORDS or word in _SET_PHRASE_WORDS or word.endswith("n't"):
        return True
    first, _, rest = word.partition("'")
    return rest in _CONTRACTED and _says_nothing(first)
