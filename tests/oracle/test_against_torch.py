"""The library against PyTorch's automatic differentiation, in float64: layers, losses, Adam, whole steps of training.

The two differ in layout alone: images are (N, H, W, C) here and (N, C, H, W) there, dense weights (D, M) here and
(M, D) there, convolution weights (K, K, C, F) here and (F, C, K, K) there, and a flattened image has its channel
fastest here and slowest there. Two functions at the top translate, and all is compared in PyTorch's layout.
"""

import numpy as np
import pytest
from strategies import filled

from aftt_np import faults as aftt_faults
from aftt_np import games, losses, models
from aftt_np.finetune import finetune
from aftt_np.layers import (
    PIECE,
    Conv2d,
    ConvTranspose2d,
    Dense,
    Dropout,
    Flatten,
    LeakyReLU,
    MaxPool2d,
    ReLU,
    Reshape,
    Sigmoid,
    Upsample2d,
)
from aftt_np.network import Network
from aftt_np.optim import Adam
from aftt_np.rng import Stream

torch = pytest.importorskip("torch")
nn, F = torch.nn, torch.nn.functional

pytestmark = [pytest.mark.slow]

TOLERANCE = 1e-10
FASHION, CIFAR = (28, 28, 1), (32, 32, 3)


# ---- translation and comparison


def image_to_torch(x):
    """(N, H, W, C) -> (N, C, H, W); rows (N, D) stay rows."""
    return torch.from_numpy(np.array(x.transpose(0, 3, 1, 2) if x.ndim == 4 else x, order="C"))


def weight_to_torch(w, image=None):
    """(D, M) -> (M, D) and (K, K, C, F) -> (F, C, K, K); `image` is the (H, W, C) that was flattened to D features."""
    if image:
        w = w.reshape(*image, -1).transpose(2, 0, 1, 3).reshape(w.shape)  # rows in the order H, W, C -> C, H, W
    return torch.from_numpy(np.array(w.transpose(3, 2, 0, 1) if w.ndim == 4 else w.T, order="C"))


def close(ours, theirs, what):
    """Assert that a tensor and an array (or a tensor made of one) hold the same numbers."""
    assert tuple(ours.shape) == tuple(theirs.shape), f"{what}: shape {ours.shape}, PyTorch {tuple(theirs.shape)}"
    ours, theirs = np.asarray(ours), theirs.detach().numpy()
    np.testing.assert_allclose(ours, theirs, rtol=TOLERANCE, atol=TOLERANCE, err_msg=f"{what} differs from PyTorch")


def leaf(tensor):
    """A tensor that PyTorch collects a gradient for."""
    return tensor.clone().requires_grad_()


# ---- layers


def channels_last(x):
    return x.permute(0, 2, 3, 1)


def convolution(K, S, P):
    return lambda x, w, b: F.conv2d(x, w, b, stride=S, padding=P)


def turned_convolution(S, P):
    """Our w is (C, K, K, F); it comes here as (F, K, C, K), for it was taken for that of a convolution."""
    return lambda x, w, b: F.conv_transpose2d(x, w.permute(2, 0, 3, 1), b, stride=S, padding=P)


def bilinear(x):
    return F.interpolate(x, scale_factor=2, mode="bilinear", align_corners=False)


LAYERS = {  # name: our layer, the shape of its input, the same in PyTorch
    "Dense": (Dense(7, 5), (4, 7), F.linear),
    "Dense, one of everything": (Dense(1, 1), (1, 1), F.linear),
    **{
        f"Conv2d K={K} S={S} P={P} on {H}x{W}": (Conv2d(3, 4, K, S, P), (2, H, W, 3), convolution(K, S, P))
        for K, S, P, H, W in [
            (1, 1, 0, 4, 5),
            (1, 2, 0, 5, 4),  # a kernel smaller than the stride: pixels that nobody reads
            (2, 1, 0, 5, 5),
            (3, 1, 1, 6, 5),
            (3, 2, 1, 8, 8),
            (3, 2, 1, 7, 9),
            (3, 2, 0, 8, 6),  # the last row and column are left over
            (3, 3, 2, 7, 8),
            (5, 1, 0, 9, 7),
            (5, 2, 2, 7, 10),
            (4, 3, 1, 4, 11),
            (5, 1, 2, 1, 1),  # an image smaller than the kernel
        ]
    },
    "Conv2d, more images than a piece": (Conv2d(2, 3, 3, 1, 1), (2 * PIECE + 3, 4, 4, 2), convolution(3, 1, 1)),
    **{
        f"ConvTranspose2d K={K} S={S} P={P}": (ConvTranspose2d(4, 3, K, S, P), (2, 5, 4, 4), turned_convolution(S, P))
        for K, S, P in [(1, 1, 0), (3, 1, 1), (3, 1, 0), (3, 2, 1), (2, 3, 0), (4, 2, 2)]
    },
    "MaxPool2d 2": (MaxPool2d(2), (3, 6, 4, 5), lambda x: F.max_pool2d(x, 2)),
    "MaxPool2d 3": (MaxPool2d(3), (2, 3, 6, 4), lambda x: F.max_pool2d(x, 3)),
    "LeakyReLU 0.1": (LeakyReLU(0.1), (3, 4, 4, 2), lambda x: F.leaky_relu(x, 0.1)),
    "LeakyReLU 0.2": (LeakyReLU(0.2), (5, 6), lambda x: F.leaky_relu(x, 0.2)),
    "ReLU": (ReLU(), (5, 6), F.relu),
    "Sigmoid": (Sigmoid(), (5, 6), torch.sigmoid),
    "Flatten": (Flatten(), (3, 4, 5, 2), lambda x: channels_last(x).flatten(1)),
    "Reshape": (Reshape((4, 5, 2)), (3, 40), lambda x: x.reshape(3, 4, 5, 2).permute(0, 3, 1, 2)),
    "Upsample2d 4x4": (Upsample2d(), (2, 4, 4, 3), bilinear),
    "Upsample2d 1x5": (Upsample2d(), (2, 1, 5, 2), bilinear),
    "Upsample2d 3x1": (Upsample2d(), (1, 3, 1, 1), bilinear),
}


def compare_layer(layer, x, function, rng=None):
    """Forward, backward and gradients of `layer` at x against `function(x, *parameters)` in PyTorch."""
    random = np.random.default_rng(1)
    layer = filled(layer, np.float64, random)
    y, cache = layer.forward(x, rng)
    dy = random.standard_normal(y.shape)
    dx = layer.backward(dy, cache)
    gradients = layer.gradients(dy, cache) if layer.params else {}

    torch_x = leaf(image_to_torch(x))
    torch_params = {name: leaf(weight_to_torch(p)) for name, p in layer.params.items()}
    torch_y = function(torch_x, *torch_params.values())
    torch_y.backward(image_to_torch(dy))

    close(image_to_torch(y), torch_y, f"{layer}: y")
    close(image_to_torch(dx), torch_x.grad, f"{layer}: dx")
    for name, p in torch_params.items():
        close(weight_to_torch(gradients[name]), p.grad, f"{layer}: d{name}")


@pytest.mark.parametrize("name", LAYERS)
def test_layer(name):
    layer, shape, function = LAYERS[name]
    size = int(np.prod(shape))
    x = np.random.default_rng(0).permutation(np.linspace(-3, 3, size)).reshape(shape)  # no two numbers are the same
    compare_layer(layer, x, function)


@pytest.mark.parametrize("name", ["MaxPool2d 2", "MaxPool2d 3", "LeakyReLU 0.1", "LeakyReLU 0.2", "ReLU"])
def test_layer_at_its_kinks(name):
    """Small whole numbers: tied windows, all-zero windows and zeros, where the derivative is a convention."""
    layer, shape, function = LAYERS[name]
    x = np.random.default_rng(0).integers(-1, 2, shape).astype(float)
    x[0] = 0
    compare_layer(layer, x, function)


@pytest.mark.parametrize("rate", [0.2, 0.5, 0.9])
def test_dropout_with_the_same_mask(rate):
    x = np.random.default_rng(0).standard_normal((6, 50))
    kept = np.random.default_rng(7).random(x.shape, dtype=np.float32) >= rate
    compare_layer(Dropout(rate), x, lambda x: x * torch.from_numpy(kept) / (1 - rate), np.random.default_rng(7))


def test_sigmoid_far_out():
    x = np.array([[-800.0, -40.0, -1e-9, 0.0, 1e-9, 40.0, 800.0]])
    compare_layer(Sigmoid(), x, torch.sigmoid)


# ---- losses and penalties

LABELS = np.array([0, 4, 2, 2, 1])
TORCH_LABELS = torch.from_numpy(LABELS)
IMAGES = np.random.default_rng(3).random((5, 3, 4, 2))

LOSSES = {  # name: our loss of a prediction, the shape of the prediction, the same in PyTorch
    "squared error": (
        lambda y: losses.squared_error(y, IMAGES), IMAGES.shape,
        lambda y: F.mse_loss(y, torch.from_numpy(IMAGES), reduction="sum") / 5,
    ),
    "squared error to labels": (
        lambda y: losses.squared_error_to_labels(y, LABELS), (5, 6),
        lambda y: F.mse_loss(y, F.one_hot(TORCH_LABELS, 6).double(), reduction="sum") / 5,
    ),
    "softmax cross-entropy": (
        lambda y: losses.softmax_cross_entropy(y, LABELS), (5, 6),
        lambda y: F.cross_entropy(y, TORCH_LABELS),
    ),
    "binary cross-entropy, target 1": (
        lambda y: losses.binary_cross_entropy(y, 1), (5, 1),
        lambda y: F.binary_cross_entropy_with_logits(y, torch.ones_like(y)),
    ),
    "binary cross-entropy, target 0": (
        lambda y: losses.binary_cross_entropy(y, 0), (5, 1),
        lambda y: F.binary_cross_entropy_with_logits(y, torch.zeros_like(y)),
    ),
}  # fmt: skip


@pytest.mark.parametrize("size", [1, 30, 700], ids="logits of size {}".format)
@pytest.mark.parametrize("name", LOSSES)
def test_loss(name, size):
    ours, shape, theirs = LOSSES[name]
    prediction = size * np.random.default_rng(0).standard_normal(shape)
    loss, gradient = ours(prediction)
    torch_prediction = leaf(torch.from_numpy(prediction))
    torch_loss = theirs(torch_prediction)
    torch_loss.backward()
    close(loss, torch_loss, name)
    close(gradient, torch_prediction.grad, f"the derivative of {name}")


TORCH_PENALTIES = {"lasso": lambda w: w.abs().sum(), "tikhonov": lambda w: (w**2).sum()}


@pytest.mark.parametrize("name", TORCH_PENALTIES)
def test_penalty(name):
    rng = np.random.default_rng(0)
    shapes = {"a.w": (3, 3, 2, 4), "a.b": (4,), "b.w": (5, 2)}
    params = {key: rng.standard_normal(shape) for key, shape in shapes.items()}
    params["b.w"][0] = 0  # where |w| has its kink
    penalty, gradients = losses.PENALTIES[name](params, 0.03)
    weights = {key: leaf(torch.from_numpy(params[key])) for key in ("a.w", "b.w")}
    torch_penalty = 0.03 * sum(TORCH_PENALTIES[name](w) for w in weights.values())
    torch_penalty.backward()
    close(penalty, torch_penalty, name)
    assert gradients.keys() == weights.keys(), f"{name} has gradients for {sorted(gradients)}"
    for key, w in weights.items():
        close(gradients[key], w.grad, f"{name}: the derivative by {key}")


# ---- Adam


@pytest.mark.parametrize("betas", [(0.9, 0.999), (0.5, 0.9)], ids=str)
def test_adam_over_20_steps(betas):
    rng = np.random.default_rng(0)
    shapes = {"big.w": (211, 307), "big.b": (307,), "conv.w": (3, 3, 2, 4), "one.b": (1,)}
    params = {name: rng.standard_normal(shape) for name, shape in shapes.items()}
    torch_params = {name: leaf(torch.from_numpy(p)) for name, p in params.items()}
    adam = Adam(params, 0.01, *betas)
    torch_adam = torch.optim.Adam(torch_params.values(), lr=0.01, betas=betas)
    for step in range(20):
        size = 10.0 ** rng.integers(-9, 3)  # around epsilon, and far above it
        gradients = {name: size * rng.standard_normal(shape) for name, shape in shapes.items()}
        gradients["big.w"][step] = 0
        adam.rate = torch_adam.param_groups[0]["lr"] = 0.01 * (1 - step / 20)  # as in fine-tuning
        adam.step(params, gradients)
        for name, p in torch_params.items():
            p.grad = torch.from_numpy(gradients[name])
        torch_adam.step()
        for name, p in torch_params.items():
            close(params[name], p, f"{name} after step {step + 1} of Adam")
    for name, p in torch_params.items():
        m, v = adam.m[name] * (1 - adam.beta1), adam.v[name] * (1 - adam.beta2)  # ours are kept without these factors
        close(m, torch_adam.state[p]["exp_avg"], f"Adam's m of {name}")
        close(v, torch_adam.state[p]["exp_avg_sq"], f"Adam's v of {name}")


# ---- whole steps of training: the paper's networks, as one would write them in PyTorch

NETWORKS = {  # name: arch, shape of an image, {weight that reads a flattened image: its shape}, extractor + classifier
    "Fashion A1": ("A1", FASHION, {}, lambda: nn.Sequential(
        nn.Flatten(),
        nn.Linear(784, 512), nn.ReLU(),
        nn.Linear(512, 1024), nn.ReLU(),
        nn.Linear(1024, 512), nn.ReLU(),
        nn.Linear(512, 512), nn.ReLU(),
        nn.Linear(512, 10),
    )),
    "Fashion A2": ("A2", FASHION, {"classifier/dense1.w": (4, 4, 50)}, lambda: nn.Sequential(
        nn.Conv2d(1, 20, 5), nn.ReLU(), nn.MaxPool2d(2),
        nn.Conv2d(20, 50, 5), nn.ReLU(), nn.MaxPool2d(2),
        nn.Flatten(),
        nn.Linear(800, 512), nn.ReLU(),
        nn.Linear(512, 10),
    )),
    "CIFAR A2": ("A2", CIFAR, {"classifier/dense1.w": (4, 4, 128)}, lambda: nn.Sequential(
        nn.Conv2d(3, 64, 3, stride=2, padding=1), nn.LeakyReLU(0.1),
        nn.Conv2d(64, 128, 3, stride=2, padding=1), nn.LeakyReLU(0.1),
        nn.Conv2d(128, 128, 3, stride=2, padding=1), nn.LeakyReLU(0.1),
        nn.Flatten(),
        nn.Linear(2048, 1024), nn.LeakyReLU(0.1),
        nn.Linear(1024, 10),
    )),
}  # fmt: skip
TORCH_LOSSES = {
    "cross-entropy": F.cross_entropy,
    "mse": lambda logits, labels: ((logits - F.one_hot(labels, 10)) ** 2).sum(dim=1).mean(),
}
STEPS = 2  # the second one reads the moments of the first


def in_float64(network: Network) -> Network:
    """The network with float64 weights, and biases that are not all 0."""
    rng = np.random.default_rng(5)
    return network.with_params({
        name: p.astype(np.float64) if name.endswith(".w") else 0.1 * rng.standard_normal(p.shape)
        for name, p in network.params.items()
    })


def as_torch(params, flattened):
    """Our parameters (or gradients, or moments) in PyTorch's layout; `flattened`: {name: (H, W, C)}, see NETWORKS."""
    return {name: weight_to_torch(p, flattened.get(name)) for name, p in params.items()}


def with_weights(module, params, flattened=()):
    """The PyTorch module with a copy of our weights; both list a layer's weight before its bias, first layer first."""
    module = module.double()
    translated = as_torch(params, dict(flattened))
    with torch.no_grad():
        for (name, value), p in zip(translated.items(), module.parameters(), strict=True):
            assert value.shape == p.shape, f"{name} is {tuple(value.shape)}, PyTorch's {tuple(p.shape)}"
            p.copy_(value)
    return module


def assert_same_parameters(params, module, flattened, when):
    for (name, ours), theirs in zip(as_torch(params, flattened).items(), module.parameters(), strict=True):
        close(ours, theirs, f"{name} {when}")


def assert_same_moments(adam, torch_adam, flattened, when):
    """The first moment is the gradient before Adam levels out its size."""
    torch_params = [p for group in torch_adam.param_groups for p in group["params"]]
    for (name, ours), p in zip(as_torch(adam.m, flattened).items(), torch_params, strict=True):
        close(ours * (1 - adam.beta1), torch_adam.state[p]["exp_avg"], f"the mean gradient of {name} {when}")


def supervised(name, batch_size=8):
    """Our extractor and classifier, the same network in PyTorch, images, labels, and what was flattened."""
    arch, image_shape, flattened, module = NETWORKS[name]
    players = models.build(arch, image_shape, 10, seed=0)
    extractor, classifier = in_float64(players.extractor), in_float64(players.classifier)
    module = with_weights(module(), extractor.params | classifier.params, flattened)
    rng = np.random.default_rng(1)
    x, labels = rng.random((batch_size, *image_shape)), rng.integers(0, 10, batch_size)
    return extractor, classifier, module, x, labels, flattened


@pytest.mark.parametrize(
    ("loss", "penalty"), [("cross-entropy", None), ("mse", None), ("cross-entropy", "lasso"), ("mse", "tikhonov")]
)
@pytest.mark.parametrize("name", NETWORKS)
def test_supervised_steps(name, loss, penalty):
    extractor, classifier, module, x, labels, flattened = supervised(name)
    params = extractor.params | classifier.params
    adam, torch_adam = Adam(params, 1e-3), torch.optim.Adam(module.parameters(), lr=1e-3)
    our_penalty = (lambda params: losses.PENALTIES[penalty](params, 1e-4)) if penalty else None
    for step in range(STEPS):
        value = finetune(extractor, classifier, x, labels, losses.LOSSES[loss], adam, our_penalty)

        torch_value = TORCH_LOSSES[loss](module(image_to_torch(x)), torch.from_numpy(labels))
        if penalty:
            weights = [p for p in module.parameters() if p.ndim > 1]
            torch_value = torch_value + 1e-4 * sum(TORCH_PENALTIES[penalty](w) for w in weights)
        torch_adam.zero_grad()
        torch_value.backward()
        torch_adam.step()

        close(value, torch_value, f"the loss of step {step + 1}")
        assert_same_moments(adam, torch_adam, flattened, f"after step {step + 1}")
        assert_same_parameters(params, module, flattened, f"after step {step + 1}")


@pytest.mark.parametrize("kind", ["weights", "filters", "nodes"])
def test_supervised_step_through_a_broken_network(kind):
    """The gradient of the stored weights, where forward and backward see masked ones."""
    extractor, classifier, module, x, labels, flattened = supervised("Fashion A2")
    model, params = extractor + classifier, extractor.params | classifier.params
    faults = aftt_faults.stuck(kind, aftt_faults.pattern(model, kind, 0, 0), rate=0.4)
    adam, torch_adam = Adam(params, 1e-3), torch.optim.Adam(module.parameters(), lr=1e-3)
    value = finetune(extractor, classifier, x, labels, losses.softmax_cross_entropy, adam, faults=faults)

    masks = {name: np.broadcast_to(faults.masks.get(name, 1.0), p.shape) for name, p in params.items()}
    broken = {
        name: p * mask
        for (name, p), mask in zip(module.named_parameters(), as_torch(masks, flattened).values(), strict=True)
    }
    torch_logits = torch.func.functional_call(module, broken, image_to_torch(x))
    torch_value = F.cross_entropy(torch_logits, torch.from_numpy(labels))
    torch_value.backward()
    torch_adam.step()

    close(value, torch_value, "the loss of the broken network")
    assert_same_moments(adam, torch_adam, flattened, f"through {kind} faults")
    assert_same_parameters(params, module, flattened, f"after a step through {kind} faults")


# ---- the games


def torch_players(players):
    """Extractor, decoder and discriminator of Fashion A1 in PyTorch; the discriminator without dropout."""
    extractor = nn.Sequential(
        nn.Flatten(), nn.Linear(784, 512), nn.ReLU(), nn.Linear(512, 1024), nn.ReLU(), nn.Linear(1024, 512)
    )
    decoder = nn.Sequential(
        nn.Linear(512, 512), nn.ReLU(), nn.Linear(512, 512), nn.ReLU(), nn.Linear(512, 784), nn.Sigmoid(),
        nn.Unflatten(1, (1, 28, 28)),
    )  # fmt: skip
    discriminator = nn.Sequential(
        nn.Linear(512, 512), nn.LeakyReLU(0.2), nn.Linear(512, 512), nn.LeakyReLU(0.2), nn.Linear(512, 1)
    )
    modules = extractor, decoder, discriminator
    return [with_weights(module, network.params) for module, network in zip(modules, players, strict=False)]


def torch_games(modules, optimisers, x, priors):
    """Algorithm 1, lines 2 to 17, from the paper's equations; one of `priors` a move of the discriminator."""
    extractor, decoder, discriminator = modules
    optimiser_reconstruct, optimiser_discriminate, optimiser_confuse = optimisers

    def descend(loss, optimiser):
        for module in modules:
            module.zero_grad()
        loss.backward()
        optimiser.step()

    loss_reconstruct = ((x - decoder(extractor(x))) ** 2).sum(dim=(1, 2, 3)).mean()  # eq. 11
    descend(loss_reconstruct, optimiser_reconstruct)
    for z_prior in priors:
        taken_for_prior = torch.sigmoid(discriminator(extractor(x).detach()))
        prior_taken_for_prior = torch.sigmoid(discriminator(z_prior))
        loss_discriminate = -(torch.log(prior_taken_for_prior) + torch.log(1 - taken_for_prior)).mean()  # eq. 12
        descend(loss_discriminate, optimiser_discriminate)
    loss_confuse = -torch.log(torch.sigmoid(discriminator(extractor(x)))).mean()  # eq. 13
    descend(loss_confuse, optimiser_confuse)
    return loss_reconstruct, loss_discriminate, loss_confuse


def our_steps(players, x, adams, priors):
    """The same with the three functions of games.py, the discriminator's dropout resting (rng=None)."""
    extractor, decoder, discriminator, _ = players
    loss_reconstruct = games.reconstruct(extractor, decoder, x, adams.reconstruct)
    z, tape = extractor.forward(x)
    for z_prior in priors:
        loss_discriminate = games.discriminate(discriminator, z, z_prior, adams.discriminate)
    loss_confuse = games.confuse(extractor, discriminator, (z, tape), adams.confuse)
    return loss_reconstruct, loss_discriminate, loss_confuse


def without_dropout(network):
    return Network({name: layer for name, layer in network.layers.items() if not isinstance(layer, Dropout)})


@pytest.mark.parametrize("through", ["play", "the three steps"])
@pytest.mark.parametrize("k", [1, 3])
def test_games_of_fashion_a1(through, k):
    """STEPS iterations; through `play` the discriminator has no dropout layers, else it has them and they rest."""
    players = models.Players(*map(in_float64, models.build("A1", FASHION, 10, seed=0)))
    if through == "play":
        players = players._replace(discriminator=without_dropout(players.discriminator))
    modules = torch_players(players)
    extractor, decoder, discriminator = modules
    rates = 1e-3, 5e-5, 1e-4
    adams = games.Adams.make(players, rates)
    movers = [*extractor.parameters(), *decoder.parameters()], discriminator.parameters(), extractor.parameters()
    optimisers = [torch.optim.Adam(params, lr=rate) for params, rate in zip(movers, rates, strict=True)]
    for step in range(STEPS):
        x = np.random.default_rng(step).random((8, *FASHION))
        noise = Stream("oracle", step)
        priors = [noise["prior"][move].generator().standard_normal((8, 512)) for move in range(k)]
        if through == "play":
            ours = games.play(players, x, adams, k, noise)
        else:
            ours = our_steps(players, x, adams, priors)
        theirs = torch_games(modules, optimisers, image_to_torch(x), map(torch.from_numpy, priors))
        when = f"after iteration {step + 1}"
        for name, loss, torch_loss in zip(("L_R", "L_D", "L_G"), ours, theirs, strict=True):
            close(loss, torch_loss, f"{name} of iteration {step + 1}")
        for adam, optimiser in zip(adams, optimisers, strict=True):
            assert_same_moments(adam, optimiser, {}, when)
        for network, module in zip(players, modules, strict=False):
            assert_same_parameters(network.params, module, {}, when)
