"""What is said beside the numbers, and several results in one table."""

from typing import Any

from assistant.evaluation.benchmarks.report import as_markdown, remarks


def result(task: str, metrics: dict[str, float], **about: Any) -> dict[str, Any]:
    better = {name: "lower" if name == "mae" else "higher" for name in metrics}
    signature = {"split": "dev", "model": "small", "settings": {"retriever": "bm25", "k": about.pop("k", 4)}}
    counts = {"questions": 5, "empty_answers": 0, "malformed_inputs": [], "inputs_without_room_for_items": 0}
    return {"task": task, "metrics": metrics, "better": better, **counts, **about, "signature": signature}


def test_tasks_with_different_metrics_share_a_table() -> None:
    lines = as_markdown(
        [result("LaMP-1", {"accuracy": 0.5}), result("LaMP-3", {"mae": 1.25}, k=0, empty_answers=2)]
    ).splitlines()
    assert lines == [
        "| task | split | model | items | questions | accuracy ↑ | mae ↓ | empty |",
        "|---|---|---|---|---|---|---|---|",
        "| LaMP-1 | dev | small | bm25, 4 | 5 | 0.500 |  | 0 |",
        "| LaMP-3 | dev | small | none | 5 |  | 1.250 | 2 |",
    ]


def test_a_clean_result_needs_no_remark() -> None:
    assert not list(remarks(result("LaMP-1", {"accuracy": 0.5})))


def test_what_went_wrong_is_said_with_numbers_and_ids() -> None:
    found = list(
        remarks(
            result(
                "LaMP-2",
                {},
                malformed_inputs=["110", "1", "2", "3", "4", "5"],
                inputs_without_room_for_items=3,
                empty_answers=2,
            )
        )
    )
    assert found[0].startswith("6 inputs lack the task's words (110, 1, 2, 3, 4, ...)")
    assert found[1].startswith("3 inputs left no room")
    assert found[2].startswith("2 answers are empty")
    assert found[3].startswith("no metrics")
