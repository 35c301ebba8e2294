"""Training a plug: nothing else learns, a killed run goes on, the control learns no writer, and the parts fit."""

import argparse
import json
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pytest
import torch
from torch import nn
from transformers import PreTrainedModel, T5Config, T5ForConditionalGeneration

from assistant.errors import TrainingError
from assistant.generation.loading import LanguageModel
from assistant.persona.plug import HistoryFields, PersonaPlug, PlugSettings, Pooling, embedding_norm
from assistant.persona.saving import DESCRIPTION_FILE, PLUG_FILE, Side, Sides, load_plug, model_side
from assistant.prompts import PAPER_TEMPLATE, PromptTemplate
from assistant.training.attention import attends_by_blocks
from assistant.training.checkpoints import current_model
from assistant.training.curve import read_curve
from assistant.training.persona_commands import add_persona_command
from assistant.training.persona_examples import Example, ExampleSet, ExamplesFor, Ids, Passage
from assistant.training.persona_objective import PersonaObjective, passage_nats, persona_batch
from assistant.training.persona_run import PersonaRun, PersonaSettings
from assistant.training.tokenizer import vocabulary_fingerprint
from tests.hashing_encoder import HashingEncoder
from tests.small_models import VOCABULARY, small_model, small_tokenizer, write_small_checkpoint
from tests.training.corpora import documents, names, write_corpus

WIDTH = 16
ENCODER = Side("tiny", "e" * 64, WIDTH)
SETTINGS = PersonaSettings(passes=3, batch=8, rows=4, rate=0.02, matrix_rate=0.005)


def language_model(model: PreTrainedModel | None = None) -> LanguageModel:
    made = (model or small_model()).float()
    template = PAPER_TEMPLATE if made.config.is_encoder_decoder else PromptTemplate()
    signature: dict[str, object] = {"model": "small", "weights_sha256": "a" * 64}
    return LanguageModel(made.eval(), small_tokenizer(), template, VOCABULARY, (0,), signature)


def encoder_decoder() -> T5ForConditionalGeneration:
    torch.manual_seed(0)
    config = T5Config(vocab_size=VOCABULARY, d_model=32, d_kv=8, d_ff=32, num_layers=1, num_heads=2)
    config.decoder_start_token_id = config.pad_token_id = 0
    return T5ForConditionalGeneration(config).eval()


def ids(values: npt.ArrayLike) -> Ids:
    return np.array(values, dtype=np.int32)


def example_set(*, writers: int = 4, per_writer: int = 8, is_encoder_decoder: bool = False) -> ExampleSet:
    """Writers who each have a direction of their own, and go on with a token of their own whatever the prompt."""
    chance = np.random.default_rng(0)
    documents_, examples = [], []
    for writer in range(writers):
        vectors = np.zeros((4, WIDTH), np.float32)
        vectors[:, writer] = 1
        for _ in range(per_writer):
            passage = Passage(
                ids(chance.integers(20, VOCABULARY, size=int(chance.integers(4, 9)))),
                ids([25, 26] if is_encoder_decoder else []),
                ids([100 + writer] * 3),
            )
            query = np.eye(WIDTH, dtype=np.float32)[WIDTH - 1]
            examples.append(Example(passage, query, 4 * writer, earlier=int(chance.integers(2, 5))))
        documents_.append(vectors)
    fits = ExamplesFor(ENCODER, vocabulary_fingerprint(small_tokenizer()), is_encoder_decoder, HistoryFields())
    return ExampleSet(fits, {"writers": writers}, np.concatenate(documents_), tuple(examples))


def plug_for(loaded: LanguageModel, pooling: Pooling = "attention", **more: int) -> PersonaPlug:
    settings = PlugSettings(WIDTH, 32, pooling, **more)  # type: ignore[arg-type]
    return PersonaPlug(settings, embedding_norm=embedding_norm(loaded.model))


def trained(folder: Path, pooling: Pooling = "attention", settings: PersonaSettings = SETTINGS) -> PersonaRun:
    loaded = language_model()
    run = PersonaRun(loaded, plug_for(loaded, pooling), example_set(), settings, folder=folder)
    list(run.run())
    return run


def nats(loaded: LanguageModel, plug: PersonaPlug, made: ExampleSet, *, whose: int = 0) -> float:
    """Nats per written token, with the histories of the writer so many places on."""
    chosen = made.examples
    others = chosen[whose * 8 :] + chosen[: whose * 8]
    batch = persona_batch(
        [each.passage for each in chosen], [each.query for each in chosen], [made.history(each) for each in others]
    )
    with torch.no_grad():
        return float(PersonaObjective(loaded.model, plug)(batch)) / batch.written


# The objective


def test_the_loss_is_that_of_the_model_reading_the_vectors_first() -> None:
    loaded, made = language_model(), example_set()
    plug = plug_for(loaded, persona_vectors=2)
    example = made.examples[0]
    items = torch.tensor(made.history(example))
    prefix = plug(torch.tensor(example.query)[None], items[None], torch.ones(1, len(items), dtype=torch.bool))
    read = [*example.passage.read, *example.passage.written]
    embedded = torch.cat([prefix, loaded.model.get_input_embeddings()(torch.tensor([read]))], 1)
    logits = loaded.model(inputs_embeds=embedded).logits[0, -4:-1]
    expected = nn.functional.cross_entropy(logits, torch.tensor(example.passage.written).long(), reduction="sum")
    batch = persona_batch([example.passage], [example.query], [made.history(example)])
    assert float(PersonaObjective(loaded.model, plug)(batch).detach()) == pytest.approx(
        float(expected.detach()), rel=1e-4
    )


@pytest.mark.parametrize("is_encoder_decoder", [False, True])
def test_a_batch_costs_what_its_passages_cost_alone(is_encoder_decoder: bool) -> None:
    loaded = language_model(encoder_decoder() if is_encoder_decoder else None)
    made, plug = example_set(is_encoder_decoder=is_encoder_decoder), plug_for(loaded)
    objective = PersonaObjective(loaded.model, plug)

    def cost(chosen: Sequence[Example]) -> float:
        batch = persona_batch(
            [each.passage for each in chosen], [each.query for each in chosen], [made.history(each) for each in chosen]
        )
        with torch.no_grad():
            return float(objective(batch))

    chosen = made.examples[:12]
    assert cost(chosen) == pytest.approx(sum(cost([each]) for each in chosen), rel=1e-4)


def test_without_vectors_it_is_the_model_alone() -> None:
    loaded, passage = language_model(), example_set().examples[0].passage
    alone = passage_nats(loaded.model, [passage], torch.zeros(1, 0, 32))
    read = torch.tensor([[*passage.read, *passage.written]]).long()
    logits = loaded.model(input_ids=read).logits[0, -4:-1]
    expected = nn.functional.cross_entropy(logits, read[0, -3:], reduction="sum")
    assert float(alone.detach()) == pytest.approx(float(expected.detach()), rel=1e-4)


# Runs


def test_a_plug_learns_its_writers_and_another_writers_past_misleads(tmp_path: Path) -> None:
    run, made = trained(tmp_path, settings=replace(SETTINGS, passes=12)), example_set()
    loaded = language_model()
    before = nats(loaded, plug_for(loaded), made)
    own, other = nats(loaded, run.plug, made), nats(loaded, run.plug, made, whose=1)
    assert own < before - 1
    assert own < other - 1
    control = trained(tmp_path / "control", "none", replace(SETTINGS, passes=12)).plug
    assert own < nats(loaded, control, made) - 0.3  # which cannot tell them apart


def test_the_language_model_stays_as_it_was(tmp_path: Path) -> None:
    loaded = language_model()
    before = {name: tensor.clone() for name, tensor in loaded.model.state_dict().items()}
    plug = plug_for(loaded)
    begun = {name: tensor.clone() for name, tensor in plug.state_dict().items()}
    list(PersonaRun(loaded, plug, example_set(), SETTINGS, folder=tmp_path).run())
    assert all(torch.equal(tensor, before[name]) for name, tensor in loaded.model.state_dict().items())
    assert not any(torch.equal(tensor, begun[name]) for name, tensor in plug.state_dict().items() if "bias" not in name)
    assert all(parameter.grad is None for parameter in loaded.model.parameters())


def test_a_killed_run_goes_on_to_the_very_same_plug(tmp_path: Path) -> None:
    whole = trained(tmp_path / "whole")
    loaded = language_model()
    killed = PersonaRun(loaded, plug_for(loaded), example_set(), SETTINGS, folder=tmp_path / "killed")
    for progress in killed.run(save_minutes=0):
        if progress.step == 5:
            break
    resumed = trained(tmp_path / "killed")
    assert resumed.state == whole.state
    assert all(torch.equal(t, resumed.plug.state_dict()[name]) for name, t in whole.plug.state_dict().items())
    curves = [(tmp_path / name / "loss.jsonl").read_text() for name in ("whole", "killed")]
    assert curves[0] == curves[1]


def test_a_run_ends_with_a_plug_for_its_model_and_what_it_was_made_of(tmp_path: Path) -> None:
    run = trained(tmp_path)
    loaded = language_model()
    sides = Sides(ENCODER, model_side(loaded.model, loaded.signature))
    read = load_plug(tmp_path, sides, embedding_norm=embedding_norm(loaded.model))
    assert all(torch.equal(t.half(), read.state_dict()[name].half()) for name, t in run.plug.state_dict().items())
    signature = json.loads((tmp_path / DESCRIPTION_FILE).read_text())["signature"]
    assert signature["settings"]["passes"] == 3
    assert signature["examples"] == {"writers": 4}
    assert (current_model(tmp_path) / PLUG_FILE).is_file()
    points = read_curve(tmp_path)
    assert [point.step for point in points] == list(range(1, 13))
    assert points[-1].tokens == run.tokens
    losses = [point.loss for point in points]  # every pass has four updates, of other examples each
    assert sum(losses[-4:]) < sum(losses[:4]), losses


def test_the_average_writer_is_the_mean_of_the_writers_trained_on(tmp_path: Path) -> None:
    run, made = trained(tmp_path), example_set()
    means = [
        run.plug.project(torch.tensor(made.documents[first : first + count])).detach().mean(0)
        for first, count in made.authors().items()
    ]
    assert torch.allclose(run.plug.average_writer, torch.stack(means).mean(0), atol=1e-5)


def test_a_history_loses_another_part_in_every_pass_but_never_all(tmp_path: Path) -> None:
    loaded, made = language_model(), example_set()
    run = PersonaRun(loaded, plug_for(loaded), made, replace(SETTINGS, history_dropout=0.9), folder=tmp_path)
    lengths = [len(run._history(index, example)) for index, example in enumerate(made.examples)]
    assert min(lengths) >= 1
    assert lengths != [example.earlier for example in made.examples]
    run._state = run.state.next_round()
    assert lengths != [len(run._history(index, example)) for index, example in enumerate(made.examples)]


def test_an_encoder_decoder_learns_too(tmp_path: Path) -> None:
    loaded, made = language_model(encoder_decoder()), example_set(is_encoder_decoder=True)
    run = PersonaRun(loaded, plug_for(loaded), made, replace(SETTINGS, passes=8), folder=tmp_path)
    losses = [progress.loss for progress in run.run()]
    assert losses[-1] < losses[0] - 0.1


def test_what_does_not_belong_together_is_refused(tmp_path: Path) -> None:
    loaded, made = language_model(), example_set()
    with pytest.raises(TrainingError, match="another language model than small"):
        PersonaRun(loaded, plug_for(loaded), example_set(is_encoder_decoder=True), SETTINGS, folder=tmp_path)
    wide = PersonaPlug(PlugSettings(WIDTH + 1, 32), embedding_norm=1.0)
    with pytest.raises(TrainingError, match="vectors of width 16"):
        PersonaRun(loaded, wide, made, SETTINGS, folder=tmp_path)
    trained(tmp_path)
    with pytest.raises(TrainingError, match="differs in settings"):
        trained(tmp_path, settings=replace(SETTINGS, rate=0.5))
    with pytest.raises(TrainingError, match="expected whole numbers from 1"):
        PersonaSettings(history_dropout=1.0)


def test_more_vectors_than_examples_leave_room_for_are_refused(tmp_path: Path) -> None:
    loaded, made = language_model(), example_set()
    PersonaRun(loaded, plug_for(loaded, persona_vectors=15), made, SETTINGS, folder=tmp_path / "most")
    with pytest.raises(TrainingError, match=r"17 vectors to be read before a prompt.*room for 16"):
        PersonaRun(loaded, plug_for(loaded, persona_vectors=16), made, SETTINGS, folder=tmp_path / "more")


def test_one_of_several_processes_is_refused_before_it_writes(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    loaded = language_model()
    monkeypatch.setenv("WORLD_SIZE", "1")
    PersonaRun(loaded, plug_for(loaded), example_set(), SETTINGS, folder=tmp_path / "one")
    monkeypatch.setenv("WORLD_SIZE", "2")
    with pytest.raises(TrainingError, match="by one process, and 2 were started"):
        PersonaRun(loaded, plug_for(loaded), example_set(), SETTINGS, folder=tmp_path / "two")
    assert not (tmp_path / "two").exists()


def test_attention_by_blocks_changes_nothing_but_the_time(tmp_path: Path) -> None:
    loaded, made = language_model(), example_set()
    plug = plug_for(loaded)
    plug.measure_items(torch.from_numpy(np.stack([made.documents[4 * writer] for writer in range(4)])))
    before = nats(loaded, plug, made)
    PersonaRun(loaded, plug, made, SETTINGS, folder=tmp_path)
    assert attends_by_blocks(loaded.model)
    assert nats(loaded, plug, made) == pytest.approx(before, rel=1e-5)


# The command


def test_the_command_makes_examples_once_and_a_plug_of_each_kind(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("assistant.retrieval.encoder.load_encoder", HashingEncoder)
    checkpoint = write_small_checkpoint(tmp_path / "small")
    rows = [row for subject, author in enumerate(names("train", 3)) for row in documents(author, subject)]
    corpus = write_corpus(tmp_path / "corpus.jsonl", rows)
    parser = argparse.ArgumentParser()
    add_persona_command(parser.add_subparsers())

    def train(*given: str) -> None:
        arguments = parser.parse_args(
            ["persona", *given, "--model", str(checkpoint), "--passes", "1", "--per-author", "3"]
        )
        arguments.run(arguments)

    examples = tmp_path / "examples"
    train(str(corpus), "--examples", str(examples), "--out", str(tmp_path / "run"), "--prepare-only")
    assert not (tmp_path / "run").exists()
    made = (examples / "examples.safetensors").stat().st_mtime_ns
    for pooling in ("attention", "mean", "none"):
        out = tmp_path / pooling
        train("--examples", str(examples), "--out", str(out), "--pooling", pooling, "--persona-vectors", "2")
        assert json.loads((out / DESCRIPTION_FILE).read_text())["settings"]["pooling"] == pooling
    assert (examples / "examples.safetensors").stat().st_mtime_ns == made
