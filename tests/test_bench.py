"""The benchmark: its arithmetic, its two sides, its table. What it measures is never asserted."""

import itertools
import json
import sys
import time
import tracemalloc
from pathlib import Path

import numpy as np
import pytest

from aftt_np import bench, layers, models, network, optim, parallel
from aftt_np.errors import exit_code_of
from aftt_np.layers import ConvTranspose2d, Dense, ReLU
from aftt_np.network import Network

NETS = [("fashion", "A1"), ("fashion", "A2"), ("cifar", "A1"), ("cifar", "A2")]
nets = pytest.mark.parametrize(("data", "arch"), NETS)


@nets
def test_the_paper_s_formulas_count_what_the_layers_do(data, arch):
    """The layers' own count: every output (or input, if transposed) number takes a column of the weights."""
    players = models.build(arch, bench.IMAGES[data], 10, seed=0)
    z = players.extractor.forward(np.zeros((1, *bench.IMAGES[data]), np.float32))[0]
    for player in players:
        shape = bench.IMAGES[data] if player is players.extractor else z.shape[1:]
        x, counted = np.zeros((1, *shape), np.float32), []
        for layer in player.layers.values():
            y, _ = layer.forward(x)
            if layer.params:
                w = layer.params["w"]
                pixels, column = (x, w[0].size) if isinstance(layer, ConvTranspose2d) else (y, w[..., 0].size)
                counted.append(2 * pixels.size * column)
            x = y
        assert bench.forward_operations(player, shape) == counted


def test_operations_of_a_step_by_hand():
    """A1: 784-512-1024-512-512-10; forward, dw and dx are a product each, but nobody needs the first dx."""
    first, rest = 784 * 512, 512 * 1024 + 1024 * 512 + 512 * 512 + 512 * 10
    work = bench.Work("supervised", "fashion", "A1", 128)
    assert bench.step_operations(work, bench.players_of(work, np, 1)) == 2 * 128 * (2 * first + 3 * rest)
    work = work._replace(work="campaign", batch=1000, fault="nodes")
    plain = bench.PATTERNS * len(bench.RATES) * 1000 * 2 * (first + rest)
    assert bench.step_operations(work, bench.players_of(work, np, 1)) == plain


def test_operations_of_a_game_are_those_of_its_products(monkeypatch):
    """Counted where they are multiplied, in the dense layers."""
    work, done = bench.Work("games", "fashion", "A1", 4), []

    def counting(method, products):
        plain = getattr(Dense, method)

        def call(layer, *args, **kwargs):
            done.append(products * 2 * 4 * layer.D * layer.M)
            return plain(layer, *args, **kwargs)

        monkeypatch.setattr(Dense, method, call)

    step = bench.our_step(work, np, 1)
    expected = bench.step_operations(work, bench.players_of(work, np, 1))
    for method in ("forward", "backward", "gradients"):
        counting(method, 1)
    step()
    assert sum(done) == expected


def held_now():
    """Bytes held in arrays and objects; in a moment, when other threads have let go of what they have worked on."""
    time.sleep(0.02)
    return tracemalloc.get_traced_memory()[0]


def memory_after(step, rounds: int, often: int):
    """Bytes held in arrays and objects, and by the process, after each of `rounds` of so many steps."""
    status = Path("/proc/self/statm")
    held, resident = [], []
    tracemalloc.start()
    try:
        for _ in range(rounds):
            for _ in range(often):
                step()
            held.append(min(held_now() for _ in range(10)))
            resident.append(int(status.read_text().split()[1]) * 4096 if status.exists() else 0)
    finally:
        tracemalloc.stop()
    return held, resident


@pytest.mark.parametrize(("data", "arch"), [("fashion", "A1"), ("fashion", "A2"), ("cifar", "A2")])
@pytest.mark.parametrize("work", ["supervised", "games"])
def test_no_step_needs_more_memory_the_longer_it_runs(data, arch, work):
    held, _ = memory_after(bench.our_step(bench.Work(work, data, arch, 4), np, 2), rounds=3, often=4)
    assert held[-1] - held[0] < 20_000, f"bytes held after 4, 8 and 12 steps: {held}"


@pytest.mark.slow
def test_five_hundred_iterations_of_a2_show_no_growth_in_memory():
    play = bench.our_step(bench.Work("games", "fashion", "A2", 32), np, 2)
    held, resident = memory_after(play, rounds=5, often=100)
    # 100 bytes an iteration would be seen; the first 200 fill some small caches
    assert held[-1] - held[1] < 20_000, f"bytes held after 100, 200, .. iterations: {held}"
    assert resident[-1] - resident[0] < 20e6, f"bytes of the process after 100, 200, .. iterations: {resident}"


@pytest.fixture
def small(monkeypatch):
    """Little work, little repeated."""
    works = [bench.Work("supervised", "fashion", "A1", 4), bench.Work("campaign", "fashion", "A1", 20, "nodes")]
    monkeypatch.setattr(bench, "all_work", lambda backend, quick: works)
    monkeypatch.setattr(bench, "PATTERNS", 2)
    monkeypatch.setattr(bench, "PEAK_SIDE", 64)
    monkeypatch.setattr(bench, "time_steps", lambda steps, wait, *_: [[1e3 * bench.timed(s, 1, wait)] for s in steps])


def test_the_table_and_its_file(small, tmp_path, capsys):
    bench.bench(["--threads", "1", "--json", str(tmp_path / "table.json")])
    said = capsys.readouterr().out
    assert all(len(line) <= 80 for line in said.splitlines())
    table = json.loads((tmp_path / "table.json").read_text())
    assert [(row["work"], row["arch"], row["batch"], row["fault"]) for row in table] == [
        ("supervised", "A1", 4, None), ("campaign", "A1", 20, "nodes"),
    ]  # fmt: skip
    for row in table:
        assert row["ours_ms"] > 0
        assert {"torch_ms", "ratio", "ours_peak_mb", "torch_peak_mb"} <= row.keys()
        assert row["torch_ms"] is row["ratio"] is None
        if sys.platform == "linux":
            assert 5 < row["ours_peak_mb"] < 500
    assert f"{table[0]['ours_ms']:.1f}" in said


def test_only_what_is_asked_for(small, capsys):
    bench.bench(["--threads", "1", "--only", "campaign"])
    said = capsys.readouterr().out
    assert "campaign" in said
    assert "supervised" not in said


def test_without_a_lever_it_is_not_used(monkeypatch):
    """Each lever is pulled out here, in this process, and what it does is gone."""
    monkeypatch.setattr(layers, "PIECE", 16)
    monkeypatch.setattr(network, "PIECE", 16)
    monkeypatch.setattr(optim, "side_by_side", optim.side_by_side)
    monkeypatch.setattr(parallel, "keep_memory", parallel.keep_memory)
    net, x = Network({"relu": ReLU()}, shards=2), np.ones((32, 1))
    assert len(net.forward(x)[1][1]) == 2
    for pull_out in bench.LEVERS.values():
        pull_out()
    assert len(net.forward(x)[1][1]) == 1, "batches in shards"
    assert len(parallel.cached_pieces(x, layers.PIECE)) == 1, "convolutions in pieces"
    assert optim.side_by_side is not parallel.side_by_side, "Adam on all cores"


def test_levers_take_turns_in_processes_of_their_own(monkeypatch, capsys):
    asked = []

    def child(options, threads, environment):
        asked.append((options[1], environment.get("OPENBLAS_THREAD_TIMEOUT")))
        return [2.0, 3.0] if options[1] else [1.0, 2.0]

    monkeypatch.setattr(bench, "in_new_process", child)
    monkeypatch.setattr(bench, "LEVER_ROUNDS", 2)
    bench.bench(["--levers"])
    said = capsys.readouterr().out
    assert said.count("2.00") >= len(bench.LEVERS)
    assert all(lever in said for lever in bench.LEVERS)
    assert len(asked) == 2 * (1 + len(bench.LEVERS))
    assert [lever for lever, timeout in asked if timeout] == 2 * ["BLAS threads go to sleep"]


@pytest.mark.parametrize(("options", "said"), [
    (["--only", "game"], "did you mean games"), (["--against", "jax"], "not one of torch"),
    (["--levers", "--quick"], "--threads alone"),
    (["--threads", "0"], "from 1 to 1024"), (["more"], "unrecognized"),
])  # fmt: skip
def test_mistakes_are_one_sentence(options, said, capsys):
    assert exit_code_of(bench.bench, options) == 2
    shown = capsys.readouterr().err
    assert said in shown
    assert shown.count("\n") == 1


def test_without_pytorch_it_says_what_to_install(monkeypatch, capsys):
    monkeypatch.setitem(sys.modules, "torch", None)
    assert exit_code_of(bench.bench, ["--against", "torch"]) == 2
    assert "pip install torch" in capsys.readouterr().err


def test_rounds_take_turns_and_campaigns_go_pattern_by_pattern(monkeypatch):
    monkeypatch.setattr(bench, "PATTERNS", 3)
    order = []

    def rows(name):
        for number in itertools.count():
            order.append((name, number // len(bench.RATES)))
            yield number

    found = bench.time_campaigns([rows("ours"), rows("theirs")], lambda: None)
    assert [len(times) for times in found] == [3, 3]
    assert order[:: len(bench.RATES)] == [(name, number) for number in range(3) for name in ("ours", "theirs")]
    order.clear()
    bench.time_steps([lambda: order.append("A"), lambda: order.append("B")], lambda: None, rounds=2, seconds=0)
    assert "".join(order) == "AABB" + "AABBAABB", "two to see how long it takes, then one apart and one timed"
