"""How likely a text is after several prompts: the numbers of a plain reading, at the price of what differs."""

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
import torch

from assistant.embedding import PersonaPrefix
from assistant.generation.local import LocalGenerator, load_generator
from assistant.prompts import DRAFT, PAST, Part, Prompt
from assistant.stages import Scorer
from tests.generation.architectures import ENCODER_DECODERS, FAMILIES
from tests.small_models import CONTEXT, as_loaded, small_model

TEXT = " and the sluice gate stood open."
PASSAGES = ("The harvest came late.", "He had written to the council about the gate.", "It holds, for now.")


def prompt(*passages: str, draft: str = "The keeper walked") -> Prompt:
    past = [part for passage in passages for part in (Part(PAST, is_marker=True), Part(passage))]
    return (*past, Part(DRAFT, is_marker=True), Part(draft))


def scores(generator: LocalGenerator, *prompts: Prompt, text: str = TEXT) -> list[float]:
    return [score for score in generator.scores(prompts, text) if score is not None]


def persona_for(generator: LocalGenerator) -> PersonaPrefix:
    """Two vectors that say nothing in particular."""
    width = int(generator.model.get_input_embeddings().embedding_dim)
    vectors = np.random.default_rng(0).standard_normal((2, width)).astype(np.float32)
    return PersonaPrefix(str(generator.signature["weights_sha256"]), vectors)


def plainly(generator: LocalGenerator, prompt: Prompt, text: str, persona: PersonaPrefix | None = None) -> float:
    """The same without a cache, for a draft whose last word is read as the model would have written it."""
    vocabulary = generator.vocabulary
    kept, typed = vocabulary.heal(prompt)
    head = [*vocabulary.opening, *vocabulary.encode(kept)]
    written = vocabulary.encode((Part(typed.decode() + text),))
    ids = torch.tensor([[*head, *written]])
    with torch.no_grad():
        read = generator.model.get_input_embeddings()(ids)
        if persona is not None:
            read = torch.cat([torch.from_numpy(persona.vectors)[None], read], dim=1)
        logits = generator.model(inputs_embeds=read).logits[0, -len(written) - 1 : -1]
        said = logits.float().log_softmax(1)
    taken = said.gather(1, torch.tensor(written)[:, None])[:, 0]
    spelled = len(vocabulary.encode((Part(typed.decode()),)))
    return float(taken[spelled:].sum())


def test_the_scores_are_those_of_reading_each_prompt_anew(generator: LocalGenerator) -> None:
    prompts = [prompt(*PASSAGES), prompt(*PASSAGES[:2]), prompt(PASSAGES[0], PASSAGES[2]), prompt()]
    together = scores(generator, *prompts)
    assert together == pytest.approx([scores(generator, one)[0] for one in prompts], abs=1e-3)
    assert together == pytest.approx([plainly(generator, one, TEXT) for one in prompts], abs=1e-3)
    assert len(set(together)) == len(prompts)


def test_a_persona_is_read_before_each_prompt(checkpoint: Path) -> None:
    generator, _ = load_generator(checkpoint)
    generator.model.float()
    persona = persona_for(generator)
    prompts = [prompt(*PASSAGES), prompt(*PASSAGES[:2]), (Part("A draft of another kind"),), prompt()]
    behind = [score for score in generator.scores(prompts, TEXT, persona) if score is not None]
    assert behind == pytest.approx([plainly(generator, one, TEXT, persona) for one in prompts], abs=1e-3)
    assert all(abs(one - other) > 1e-3 for one, other in zip(behind, scores(generator, *prompts), strict=True))


@pytest.mark.parametrize("family", ENCODER_DECODERS[:1])
def test_an_encoder_reads_a_persona_too(family: str, tmp_path: Path) -> None:
    generator, _ = load_generator(FAMILIES[family].write(tmp_path / "model"))
    generator.model.float()
    (behind,) = generator.scores([prompt(*PASSAGES)], TEXT, persona_for(generator))
    (alone,) = generator.scores([prompt(*PASSAGES)], TEXT)
    assert behind is not None
    assert -torch.inf < behind < 0
    assert behind != alone


def test_what_prompts_begin_with_alike_is_read_once() -> None:
    model = small_model().float().eval()
    read: list[int] = []
    model.register_forward_pre_hook(
        lambda _model, _args, given: read.append(given["input_ids"].shape[1]), with_kwargs=True
    )
    generator = LocalGenerator(as_loaded(model))
    scores(generator, prompt(*PASSAGES))
    alone = sum(read)
    read.clear()
    scores(generator, prompt(*PASSAGES), prompt(*PASSAGES))
    assert sum(read) < alone + len(TEXT)


def test_a_generator_is_a_scorer(generator: LocalGenerator) -> None:
    assert isinstance(generator, Scorer)


def test_a_prompt_longer_than_the_context_is_cut_at_its_beginning(generator: LocalGenerator) -> None:
    long = prompt(PASSAGES[0] * CONTEXT, PASSAGES[1])
    assert scores(generator, long) == scores(generator, prompt("x" + PASSAGES[0] * CONTEXT, PASSAGES[1]))


@pytest.mark.parametrize("draft", ["", "The kee", "The keeper ", "漢字とか"])
@pytest.mark.parametrize("text", ["per", " 🙂", "x", "…"])
def test_any_place_and_text_have_a_finite_score(generator: LocalGenerator, draft: str, text: str) -> None:
    (score,) = scores(generator, prompt(draft=draft), text=text)
    assert -torch.inf < score < 0


def test_a_reader_may_leave_while_a_big_model_reads(generator: LocalGenerator, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("assistant.generation.scoring.stretch_of", lambda _model: 8)
    long = prompt(*PASSAGES * 4)
    found: Iterator[float | None] = generator.scores([long], TEXT)
    assert next(found) is None
    rest = [score for score in found if score is not None]
    assert rest == pytest.approx([plainly(generator, long, TEXT)], abs=1e-3)


@pytest.mark.parametrize("family", FAMILIES)
def test_every_kind_of_model_scores_alike_with_others_before_it_or_alone(family: str, tmp_path: Path) -> None:
    generator, _ = load_generator(FAMILIES[family].write(tmp_path / "model"))
    generator.model.float()
    prompts = [(Part("Past: "), Part(passage), Part("\n\n"), Part("The keeper walked")) for passage in PASSAGES]
    together = scores(generator, *prompts)
    assert together == pytest.approx([scores(generator, one)[0] for one in prompts], abs=1e-3)
    assert all(-torch.inf < score < 0 for score in together)
