"""The three steps of the games and fine-tuning: who moved, and the gradient of each whole update."""

import numpy as np
import pytest
from gradcheck import check_gradient
from hypothesis import given
from strategies import SEED, away_from_kinks, filled

from aftt_np import faults, games
from aftt_np.faults import NO_FAULTS, faulty, pattern, stuck
from aftt_np.finetune import finetune
from aftt_np.layers import Conv2d, Dense, Dropout, Flatten, LeakyReLU, MaxPool2d, ReLU, Reshape, Sigmoid
from aftt_np.losses import binary_cross_entropy, lasso, softmax_cross_entropy, squared_error, tikhonov
from aftt_np.models import Players, build
from aftt_np.network import Network
from aftt_np.optim import Adam
from aftt_np.rng import Stream


class Recorder:
    """An Adam that does not move, but keeps what it was given."""

    def step(self, params, grads):
        self.params, self.grads = params, grads


def small_players(seed=0) -> Players:
    """Four small networks in float64: x (N, 4, 4, 1), features (N, 12) from 3 channels, 2 classes."""
    rng = np.random.default_rng(seed)
    tables = {
        "extractor": {
            "conv1": Conv2d(1, 2, K=3, P=1), "leaky": LeakyReLU(), "pool": MaxPool2d(2),
            "conv2": Conv2d(2, 3, K=3, P=1), "flatten": Flatten(),  # two: the derivative must pass through weights
        },
        "decoder": {"dense": Dense(12, 16), "sigmoid": Sigmoid(), "reshape": Reshape((4, 4, 1))},
        "discriminator": {"dense1": Dense(12, 5), "leaky": LeakyReLU(), "dropout": Dropout(0.3), "dense2": Dense(5, 1)},
        "classifier": {"relu": ReLU(), "dense1": Dense(12, 6), "relu1": ReLU(), "dense2": Dense(6, 2)},
    }
    return Players(*(
        Network({f"{role}/{name}": filled(layer, np.float64, rng, 0.5) for name, layer in table.items()})
        for role, table in tables.items()
    ))  # fmt: skip


def some_faults(players, seed=0):
    """Half of the nodes, and a fifth of the weights."""
    model = players.extractor + players.classifier
    nodes, weights = (pattern(model, kind, seed, 0) for kind in ("nodes", "weights"))
    return stuck("nodes", nodes, 0.5) | stuck("weights", weights, 0.2)


def images(rng):
    return away_from_kinks((5, 4, 4, 1), rng)


# ---- who moved


def moved(players: Players, before: dict) -> set:
    """The roles of which at least one array changed; each must have changed as a whole or not at all."""
    changed = {name for name, p in players.params.items() if (p != before[name]).any()}
    roles = {name.split("/")[0] for name in changed}
    for name in players.params:
        assert (name in changed) == (name.split("/")[0] in roles), f"of one network only a part moved, but not {name}"
    return roles


STEPS = {  # step: (what it does, who must have moved)
    "reconstruct": (
        lambda p, x, y, adam: games.reconstruct(p.extractor, p.decoder, x, adam(p.extractor, p.decoder)),
        {"extractor", "decoder"},
    ),
    "discriminate": (
        lambda p, x, y, adam: games.discriminate(
            p.discriminator, p.extractor.forward(x)[0], np.random.default_rng(0).standard_normal((len(x), 12)),
            adam(p.discriminator), Stream("noise", 1)
        ),
        {"discriminator"},
    ),
    "confuse": (
        lambda p, x, y, adam: games.confuse(p.extractor, p.discriminator, p.extractor.forward(x), adam(p.extractor)),
        {"extractor"},
    ),
    "finetune": (
        lambda p, x, y, adam: finetune(
            p.extractor, p.classifier, x, y, softmax_cross_entropy, adam(p.extractor, p.classifier)
        ),
        {"extractor", "classifier"},
    ),
}  # fmt: skip


@pytest.mark.parametrize("step", STEPS)
def test_who_moved(step):
    players, rng = small_players(), np.random.default_rng(0)
    before = {name: p.copy() for name, p in players.params.items()}
    act, movers = STEPS[step]
    act(players, images(rng), np.array([0, 1, 0, 1, 1]), lambda *networks: Adam(
        {name: p for network in networks for name, p in network.params.items()}, 1e-3
    ))  # fmt: skip
    assert moved(players, before) == movers, f"{step} moved the wrong networks"


def test_play_moves_three_networks_and_k_counts_the_discriminators_moves():
    players = small_players()
    before = {name: p.copy() for name, p in players.params.items()}
    adams = games.Adams.make(players, (1e-3, 1e-3, 1e-3))
    losses = games.play(players, images(np.random.default_rng(0)), adams, 3, Stream("noise", 0))
    assert moved(players, before) == {"extractor", "decoder", "discriminator"}
    assert [adam.t for adam in adams] == [1, 3, 1]
    assert len(losses) == 3 and all(np.isfinite(losses))


def test_the_three_games_keep_moments_of_their_own():
    adams = games.Adams.make(small_players(), (1e-3, 2e-3, 3e-3))
    assert [adam.rate for adam in adams] == [1e-3, 2e-3, 3e-3]
    assert adams.reconstruct.m["extractor/conv2.w"] is not adams.confuse.m["extractor/conv2.w"]


# ---- the gradient of each whole update, with and without faults, against finite differences


@pytest.mark.parametrize("broken", [False, True])
@given(seed=SEED)
def test_gradient_of_reconstruct(broken, seed):
    rng, players = np.random.default_rng(seed), small_players(seed)
    hit, x, adam = some_faults(players, seed) if broken else NO_FAULTS, images(rng), Recorder()
    loss = games.reconstruct(players.extractor, players.decoder, x, adam, hit)

    def f(params):
        z = faulty(players.extractor.with_params(only(params, "extractor")), hit).forward(x)[0]
        return squared_error(players.decoder.with_params(only(params, "decoder")).forward(z)[0], x)[0]

    assert loss == f(adam.params)
    check_gradient(f, adam.params, adam.grads, rng, "reconstruct")


@given(seed=SEED)
def test_gradient_of_discriminate(seed):
    rng, players, adam = np.random.default_rng(seed), small_players(seed), Recorder()
    z, z_prior, noise = rng.standard_normal((5, 12)), rng.standard_normal((5, 12)), Stream("noise", seed)
    loss = games.discriminate(players.discriminator, z, z_prior, adam, noise)

    def f(params):
        """Line 13 spelled out: -mean(log D(z') + log(1 - D(z)))."""
        network = players.discriminator.with_params(params)
        prior_logits, logits = network.forward(z_prior, noise["prior"])[0], network.forward(z, noise["features"])[0]
        return -np.mean(np.log(1 / (1 + np.exp(-prior_logits))) + np.log(1 - 1 / (1 + np.exp(-logits))))

    assert loss == pytest.approx(f(adam.params), rel=1e-9)
    check_gradient(f, adam.params, adam.grads, rng, "discriminate")


@pytest.mark.parametrize("broken", [False, True])
@given(seed=SEED)
def test_gradient_of_confuse_reaches_the_extractor_through_the_discriminator(broken, seed):
    rng, players = np.random.default_rng(seed), small_players(seed)
    hit, x, adam = some_faults(players, seed) if broken else NO_FAULTS, images(rng), Recorder()
    noise = Stream("noise", seed)
    features = faulty(players.extractor, hit).forward(x)
    loss = games.confuse(players.extractor, players.discriminator, features, adam, hit, noise)

    def f(params):
        z = faulty(players.extractor.with_params(params), hit).forward(x)[0]
        return binary_cross_entropy(players.discriminator.forward(z, noise)[0], 1)[0]

    assert loss == f(adam.params)
    check_gradient(f, adam.params, adam.grads, rng, "confuse")


@pytest.mark.parametrize("broken", [False, True])
@pytest.mark.parametrize("penalty", [None, lambda params: lasso(params, 0.1), lambda params: tikhonov(params, 0.1)])
@given(seed=SEED)
def test_gradient_of_finetune(broken, penalty, seed):
    """The penalty reads the stored weights, also where they are stuck."""
    rng, players = np.random.default_rng(seed), small_players(seed)
    hit, x, adam = some_faults(players, seed) if broken else NO_FAULTS, images(rng), Recorder()
    labels = rng.integers(0, 2, 5)
    loss = finetune(players.extractor, players.classifier, x, labels, softmax_cross_entropy, adam, penalty, hit)
    model = players.extractor + players.classifier

    def f(params):
        value = softmax_cross_entropy(faulty(model.with_params(params), hit).forward(x)[0], labels)[0]
        return value + (penalty(params)[0] if penalty else 0)

    assert loss == pytest.approx(f(adam.params), rel=1e-12)
    check_gradient(f, adam.params, adam.grads, rng, "finetune")


def only(params, role):
    return {name: p for name, p in params.items() if name.startswith(f"{role}/")}


# ---- the game as a whole


def test_faults_break_the_extractor_and_are_held_through_all_three_steps(monkeypatch):
    players = small_players()
    hit = some_faults(players)
    seen = []
    monkeypatch.setattr(games, "faulty", lambda network, given: seen.append((network, given)) or faulty(network, given))
    games.play(players, images(np.random.default_rng(0)), games.Adams.make(players, (1e-3,) * 3), 2, Stream("n"), hit)
    assert {id(network) for network, _ in seen} == {id(players.extractor)}, "not the extractor alone is broken"
    assert all(given is hit for _, given in seen)


def test_prior_samples_die_with_the_features(monkeypatch):
    """A discriminator could otherwise tell features from samples by the zeros alone."""
    players = small_players()
    mask = np.array([True, False, True])
    hit = faults.Faults({"extractor/conv2.w": mask, "extractor/conv2.b": mask})
    seen = []
    monkeypatch.setattr(games, "discriminate", lambda d, z, z_prior, adam, rng: seen.append((z, z_prior)) or 0.0)
    games.play(players, images(np.random.default_rng(0)), games.Adams.make(players, (1e-3,) * 3), 2, Stream("n"), hit)
    for z, z_prior in seen:
        np.testing.assert_array_equal(z == 0, z_prior == 0)
        assert (z_prior == 0).mean() == pytest.approx(1 / 3)
    assert (seen[0][1] != seen[1][1]).any(), "the k moves see the same samples"


def test_same_names_same_bytes():
    def trained(seed):
        players = small_players()
        adams = games.Adams.make(players, (1e-3,) * 3)
        for step in range(3):
            games.play(players, images(np.random.default_rng(0)), adams, 1, Stream("noise", seed, step))
        return b"".join(p.tobytes() for p in players.params.values())

    assert trained(1) == trained(1)
    assert trained(1) != trained(2)


def test_a_discriminator_learns_and_an_extractor_fools_it():
    """Each move lowers its own loss on the batch it was made on: no sign is lost between the players."""
    players = build("A1", (28, 28, 1), 10, 0)
    x = np.random.default_rng(0).random((32, 28, 28, 1), np.float32)
    z_prior = np.random.default_rng(1).standard_normal((32, 512), np.float32)
    adams = games.Adams.make(players, (1e-3, 1e-3, 1e-4))
    moves = {
        "reconstruct": lambda: games.reconstruct(players.extractor, players.decoder, x, adams.reconstruct),
        "discriminate": lambda: games.discriminate(
            players.discriminator, players.extractor.forward(x)[0], z_prior, adams.discriminate
        ),
        "confuse": lambda: games.confuse(
            players.extractor, players.discriminator, players.extractor.forward(x), adams.confuse
        ),
    }
    for name, move in moves.items():
        losses = [float(move()) for _ in range(5)]
        assert losses[-1] < losses[0], f"{name}: its own moves took its loss from {losses[0]:.4f} to {losses[-1]:.4f}"


def look(accuracy, gradient=1.0, spread=1.0):
    return games.Health(accuracy, gradient, spread)


def test_warnings_name_what_has_gone_wrong_and_not_before():
    fine = [look(0.6)] * 5
    assert games.warnings(fine) == {}
    assert games.warnings([look(1.0, 0.001, 0.0)] * 2) == {}  # too early to say
    won = games.warnings(fine + [look(1.0)] * 3)
    assert list(won) == ["won"] and "is at 100%" in won["won"] and "--lr-discriminate" in won["won"]
    assert "has vanished to 1%" in games.warnings(fine + [look(1.0, 0.01)] * 3)["won"]
    assert list(games.warnings(fine + [look(0.5, spread=1e-4)] * 3)) == ["collapsed"]


def test_a_discriminator_that_wins_is_warned_of():
    """A real game: the extractor rests while the discriminator learns."""
    players = small_players()
    x = images(np.random.default_rng(0))
    features = players.extractor.forward(x)[0] + 3.0  # far from the prior
    shifted = {"extractor/conv2.b": players.extractor.params["extractor/conv2.b"] + 3.0}
    players = players._replace(extractor=players.extractor.with_params(shifted))
    adam, history = Adam(players.discriminator.params, 0.02), []
    for step in range(300):
        z_prior = games.sample_prior(features, Stream("prior", step))
        games.discriminate(players.discriminator, features, z_prior, adam)
        if step % 60 == 59:
            history.append(games.health(players, x, Stream("h", step)))
    assert "won" in games.warnings(history), history


def test_every_draw_of_a_step_has_a_name_of_its_own(monkeypatch):
    """Dropout is on in steps (2) and (3), with other masks in each; each of the k moves has samples of its own."""
    players, used = small_players(), []
    original = Stream.generator
    monkeypatch.setattr(Stream, "generator", lambda self: used.append(self.name) or original(self))
    adams = games.Adams.make(players, (1e-3,) * 3)
    games.play(players, images(np.random.default_rng(0)), adams, 2, Stream("noise", 0, "games", 5))
    assert len(set(used)) == len(used), "two draws share a stream"
    drawn = {name[4] for name in used}
    assert drawn == {"prior", "discriminate", "confuse"}, f"nothing is drawn for {drawn}"
    assert len(used) == 2 + 2 * 2 + 1  # k samples of the prior, dropout in both forwards of k moves, dropout in (3)


def test_health_of_games_that_are_known():
    """A discriminator that always says 'prior' is right half the time; one that reads a mark is always right."""
    players = small_players()
    x = images(np.random.default_rng(0))
    constant = {name: np.zeros_like(p) for name, p in players.discriminator.params.items()}
    constant["discriminator/dense2.b"] = np.array([2.0])
    seen = games.health(players._replace(discriminator=players.discriminator.with_params(constant)), x, Stream("h"))
    assert seen.discriminator_accuracy == 0.5 and seen.extractor_gradient == 0.0
    assert seen.feature_spread == pytest.approx(players.extractor.forward(x)[0].std(axis=0).mean())
    marked = {"extractor/conv2.w": np.zeros((3, 3, 2, 3)), "extractor/conv2.b": np.full(3, 9.0)}
    reader = {
        "discriminator/dense1.w": np.ones((12, 5)), "discriminator/dense1.b": np.full(5, -60.0),
        "discriminator/dense2.w": -np.ones((5, 1)), "discriminator/dense2.b": np.zeros(1),
    }  # fmt: skip
    marked = players._replace(
        extractor=players.extractor.with_params(marked), discriminator=players.discriminator.with_params(reader)
    )
    seen = games.health(marked, x, Stream("h"))
    assert seen.discriminator_accuracy == 1.0 and seen.feature_spread == 0.0
