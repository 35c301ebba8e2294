"""The input formats of the framework's table, for one model that is to serve all of its rows.

The paper fine-tunes a model for every row (arXiv 2308.07968, section 4.4). One model that met every format in training,
each as often, stands for all of them at a fraction of the cost; rows for which that is too little get their own.
"""

from dataclasses import replace
from itertools import product
from typing import get_args

from assistant.settings import HelperSettings, RankingName, Settings, SummaryName, SynthesisName


def table_formats(helpers: HelperSettings) -> tuple[Settings, ...]:
    """Evidence as the table has it: every ranking alone; the served ranking with every summary, and with words besides.

    What language models write is among it where the helpers name one.
    """
    served = Settings(helpers=helpers)
    summaries = [name for name in get_args(SummaryName) if name != "none" and served.can_write(name)]
    syntheses = [name for name in get_args(SynthesisName) if name != "none" and served.can_write(name)]
    for_draft = [name for name in summaries if not name.startswith("SumCtxInd")]
    return (
        *(_format(served, ranking, "none", "none") for ranking in get_args(RankingName)),
        *(_format(served, served.ranking.method, summary, "none") for summary in summaries),
        *(_format(served, served.ranking.method, *pair) for pair in product(for_draft, syntheses)),
    )


def _format(served: Settings, ranking: RankingName, summary: SummaryName, keywords: SynthesisName) -> Settings:
    return replace(
        served,
        ranking=replace(served.ranking, method=ranking),
        summary=replace(served.summary, method=summary),
        keywords=replace(served.keywords, method=keywords),
    )
