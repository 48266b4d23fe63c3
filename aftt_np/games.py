"""Algorithm 1, steps (1) to (3): the extractor's two games, one function for each block of the paper's box.

    reconstruct    game 1: extractor and decoder together
    discriminate   game 2, the discriminator's move
    confuse        game 2, the extractor's move
    compete        the second game, lines 8 to 17
    play           both games on one minibatch, lines 2 to 17

In each: forward lines, the loss, backward lines in reverse, then the step of those who learn. The derivative goes from
player to player in plain sight, and who does not learn declines its gradients.

Faults, where there are any, break the extractor only; one set is held through all three steps.
"""

from typing import NamedTuple

from .faults import NO_FAULTS, Faults, faulty, living_features
from .losses import binary_cross_entropy, squared_error
from .models import Players
from .network import Network, add
from .optim import Adam
from .rng import Stream


def reconstruct(extractor: Network, decoder: Network, x, adam: Adam, faults: Faults = NO_FAULTS):
    """Step (1), lines 2 to 7: extractor and decoder learn to give x (N, H, W, C) back. Returns L_R of eq. 11."""
    broken = faulty(extractor, faults)
    z, extractor_tape = broken.forward(x)  # line 4: z = q(x)
    x_hat, decoder_tape = decoder.forward(z)  # line 5: x' = p(x | z)
    loss, dx_hat = squared_error(x_hat, x)  # line 7: |x - x'|^2
    dz, decoder_grads = decoder.backward(dx_hat, decoder_tape)
    _, extractor_grads = broken.backward(dz, extractor_tape, need_dx=False)
    adam.step(extractor.learned | decoder.learned, faults.pullback(extractor_grads) | decoder_grads)  # line 6
    return loss


def discriminate(discriminator: Network, z, z_prior, adam: Adam, rng: Stream | None = None):
    """Step (2), lines 10 to 13: the discriminator learns to tell samples z_prior of the prior from features z, (N, D).

    Descends L_D = -mean log D(z') - mean log(1 - D(z)), which is the paper's ascent of eq. 12 without its minus.
    """
    rng_prior, rng_z = (rng["prior"], rng["features"]) if rng else (None, None)
    prior_logits, prior_tape = discriminator.forward(z_prior, rng_prior)
    z_logits, z_tape = discriminator.forward(z, rng_z)
    prior_loss, dprior_logits = binary_cross_entropy(prior_logits, 1)  # line 13: log D(z')
    z_loss, dz_logits = binary_cross_entropy(z_logits, 0)  # line 13: log(1 - D(z))
    _, prior_grads = discriminator.backward(dprior_logits, prior_tape, need_dx=False)
    _, z_grads = discriminator.backward(dz_logits, z_tape, need_dx=False)
    adam.step(discriminator.learned, add(prior_grads, z_grads))  # line 12
    return prior_loss + z_loss


def confuse(extractor: Network, discriminator: Network, features, adam: Adam, faults: Faults = NO_FAULTS, rng=None):
    """Step (3), lines 15 to 17: the extractor learns to pass its features off as samples of the prior.

    `features` is what `faulty(extractor, faults).forward(x)` returned; the derivative reaches the extractor through the
    discriminator, which does not learn here. Returns L_G = -mean log D(z), eq. 13.
    """
    z, extractor_tape = features
    logits, discriminator_tape = discriminator.forward(z, rng)
    loss, dlogits = binary_cross_entropy(logits, 1)  # line 17: features labelled as prior
    dz, _ = discriminator.backward(dlogits, discriminator_tape, need_grads=False)
    _, grads = faulty(extractor, faults).backward(dz, extractor_tape, need_dx=False)
    adam.step(extractor.learned, faults.pullback(grads))  # line 16
    return loss


class Adams(NamedTuple):
    """One Adam a step: the extractor's moments of game 1 are not those of game 2."""

    reconstruct: Adam
    discriminate: Adam
    confuse: Adam

    @staticmethod
    def make(players: Players, rates) -> "Adams":
        """`rates`: the learning rates of the three steps."""
        movers = (
            players.extractor.learned | players.decoder.learned,
            players.discriminator.learned,
            players.extractor.learned,
        )
        return Adams(*(Adam(params, rate) for params, rate in zip(movers, rates, strict=True)))


def play(players: Players, x, adams: Adams, k: int, rng: Stream, faults: Faults = NO_FAULTS) -> tuple:
    """Lines 2 to 17 for one minibatch x (N, H, W, C). Returns L_R, L_D (of the last of the k moves) and L_G."""
    loss_reconstruct = reconstruct(players.extractor, players.decoder, x, adams.reconstruct, faults)
    return loss_reconstruct, *compete(players, x, adams, k, rng, faults)


def compete(players: Players, x, adams: Adams, k: int, rng: Stream, faults: Faults = NO_FAULTS) -> tuple:
    """Lines 8 to 17, the second game alone, for one minibatch x (N, H, W, C). Returns L_D and L_G."""
    extractor, _, discriminator, _ = players
    z, tape = faulty(extractor, faults).forward(x)  # line 11, once: the extractor does not move before line 16
    alive = living_features(extractor, faults, z.shape[1])
    for move in range(k):
        z_prior = sample_prior(z, rng["prior"][move]) * alive  # dead features would give themselves away
        loss_discriminate = discriminate(discriminator, z, z_prior, adams.discriminate, rng["discriminate"][move])
    loss_confuse = confuse(extractor, discriminator, (z, tape), adams.confuse, faults, rng["confuse"])
    return loss_discriminate, loss_confuse


def sample_prior(z, rng: Stream):
    """Line 10: samples of N(0, I), as many and as long as the features z (N, D)."""
    return rng.generator().standard_normal(z.shape, dtype=z.dtype)


class Health(NamedTuple):
    """How the second game stands on clean features (no faults, no dropout)."""

    discriminator_accuracy: float  # fraction: 1/2 is the equilibrium of eq. 17
    extractor_gradient: float  # norm of one image's d(L_G)/dz, root mean square over images
    feature_spread: float  # standard deviation of a feature between images, mean over features


def health(players: Players, x, rng: Stream) -> Health:
    """Look at the game on images x (N, H, W, C); nobody moves."""
    z, _ = players.extractor.forward(x)
    z_prior = sample_prior(z, rng["health"])
    logits, tape = players.discriminator.forward(z)
    prior_logits, _ = players.discriminator.forward(z_prior)
    accuracy = ((logits < 0).mean() + (prior_logits > 0).mean()) / 2
    _, dlogits = binary_cross_entropy(logits, 1)
    dz, _ = players.discriminator.backward(dlogits * len(z), tape, need_grads=False)
    return Health(float(accuracy), float((dz * dz).sum(axis=1).mean() ** 0.5), float(z.std(axis=0).mean()))


def warnings(history: list[Health], window: int = 3) -> dict[str, str]:
    """What has gone wrong with the game (section VI-F), judged on the last `window` looks: {what: a sentence}.

    A discriminator that is always right is warned of whether or not the extractor's gradient has vanished: on the
    loss of eq. 13, unlike that of eq. 3, it need not, since d(-log D)/d(logit) = D - 1 is largest where D is 0.
    """
    last, said = history[-window:], {}
    if len(last) < window:
        return said
    now = last[-1]
    left = now.extractor_gradient / (max(look.extractor_gradient for look in history) or 1)
    if all(look.discriminator_accuracy > 0.99 for look in last):
        said["won"] = (
            f"the discriminator wins: accuracy {now.discriminator_accuracy:.1%} after {window} epochs above 99%; the "
            f"gradient that reaches the extractor {'has vanished to' if left < 0.1 else 'is at'} {left:.0%} of its "
            "strongest; lower --lr-discriminate or raise --lr-confuse"
        )
    if all(look.feature_spread < 0.01 for look in last):
        said["collapsed"] = (
            f"the features have collapsed: they vary by {now.feature_spread:.1g} between images; lower --lr-confuse"
        )
    return said
