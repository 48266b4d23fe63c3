"""python -m aftt_np.bench: how long a step, a game and a fault campaign take, beside the same work in PyTorch.

Both sides run in one process, in turns (A B A B), with the same number of threads, in float32, TF32 off, warm-up apart.
Times are medians over the rounds, and so is the ratio, PyTorch's time over ours in each round: above 1 we are faster.
(Of a campaign both are of the sums over the patterns.) Peak memory is measured in a process for each side, less what
the process holds after importing. PyTorch is optional and lives in this module alone; there it is the same network
written plainly with torch.nn, with fused Adam, eager. Freed memory is kept for both sides where times are measured.
"""

import argparse
import copy
import itertools
import json
import os
import statistics
import struct
import subprocess
import sys
import time
from pathlib import Path
from typing import NamedTuple

import numpy as np
from tqdm import tqdm

from . import campaign, config, files, games, layers, models, network, optim, parallel
from .backend import choose, describe, to_device
from .errors import AfttError, BackendError, UsageError, end_with
from .finetune import finetune
from .layers import Conv2d, ConvTranspose2d, Dense
from .losses import softmax_cross_entropy
from .optim import Adam
from .rng import Stream

IMAGES = {"fashion": (28, 28, 1), "cifar": (32, 32, 3)}
RATES = (0.0, 0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.68, 0.7, 0.8, 0.9)  # of a campaign
BIT_RATES = (0.0, 1e-7, 3e-7, 1e-6, 3e-6, 1e-5, 3e-5, 1e-4, 3e-4, 1e-3, 3e-3)  # as many, per bit
PATTERNS, TEST_IMAGES = 10, 10_000
WORKS = ("supervised", "games", "campaign", "bits")
AGAINST = ("torch", "torch-channels-last")  # memory formats: (N, C, H, W), and (N, H, W, C), which is ours
PEAK_SIDE = 2048  # the matrices whose product shows what the machine can do


class Work(NamedTuple):
    """One line of the table."""

    work: str  # one of WORKS
    data: str  # "fashion" or "cifar"
    arch: str
    batch: int  # images a step; of a campaign: images classified
    fault: str = ""  # kind, of a campaign


def all_work(backend: str, quick: bool) -> list[Work]:
    """What is timed: the processor with the batches of the lessons, a GPU with a small and a large one."""
    nets = [("fashion", "A1"), ("fashion", "A2"), ("cifar", "A2"), ("cifar", "A1")]
    batches = {"fashion": (128, 256), "cifar": (128,)} if backend == "numpy" else dict.fromkeys(IMAGES, (128, 1024))
    if quick:
        nets, batches = nets[:2], dict.fromkeys(IMAGES, (128,))
    steps = [Work(work, *net, B) for net in nets for B in batches[net[0]] for work in ("supervised", "games")]
    images = TEST_IMAGES // 10 if quick else TEST_IMAGES
    kinds = {"A1": ("weights", "nodes"), "A2": ("weights", "filters", "nodes")}
    campaigns = [Work("campaign", "fashion", arch, images, kind) for arch in kinds for kind in kinds[arch]]
    return [*steps, *campaigns, Work("bits", "fashion", "A1", images, "float32")]


# ---- the arithmetic


def operations(layer, shape) -> int:
    """Floating point operations of one image's products, forward: section VI-E of the paper, below eq. 20 and eq. 23.

    2 n k for a dense layer with n inputs and k outputs; 2 c w h (positions of the kernel) k for k kernels of c x w x h,
    where there are (M - w + 1)(N - h + 1) positions in an image of M x N, fewer with stride, more with padding. `shape`
    is (N, H, W, C) of what goes in; a transposed convolution has a position for each pixel that goes in.
    """
    match layer:
        case Dense(D=n, M=k):
            return 2 * n * k
        case Conv2d(C=c, F=k, K=w, S=S, P=P):
            M, N = shape[1] + 2 * P, shape[2] + 2 * P
            return 2 * c * w * w * ((M - w) // S + 1) * ((N - w) // S + 1) * k
        case ConvTranspose2d(C=c, F=k, K=w):
            return 2 * c * w * w * shape[1] * shape[2] * k
    return 0


def forward_operations(network, image_shape) -> list[int]:
    """Of every layer that learns, for one image of `image_shape`."""
    x, found = np.zeros((1, *image_shape), np.float32), []
    for layer in network.layers.values():
        if layer.params:
            found.append(operations(layer, x.shape))
        x, _ = layer.forward(x)
    return found


def step_operations(work: Work, players: models.Players) -> int:
    """Of a whole step: each product forward, again for dw, again for dx; no dx that nobody needs."""
    shape = IMAGES[work.data]
    z = players.extractor.forward(np.zeros((1, *shape), np.float32))[0].shape[1:]
    extractor, decoder, discriminator, classifier = (
        forward_operations(player, shape if player is players.extractor else z) for player in players
    )
    if work.work in ("campaign", "bits"):  # the plain loop: every product of every broken network
        return PATTERNS * len(RATES) * (sum(extractor) + sum(classifier)) * work.batch
    if work.work == "supervised":
        each = 3 * sum(extractor) - extractor[0] + 3 * sum(classifier)
    else:
        reconstruct = 3 * sum(extractor) - extractor[0] + 3 * sum(decoder)
        discriminate = sum(extractor) + 2 * (3 * sum(discriminator) - discriminator[0])
        confuse = 2 * sum(discriminator) + 2 * sum(extractor) - extractor[0]
        each = reconstruct + discriminate + confuse
    return each * work.batch


def product_peak(xp) -> float:
    """GFLOP/s of a product of two large float32 matrices: what the machine can do; the best of ten."""
    a = xp.ones((PEAK_SIDE, PEAK_SIDE), np.float32)
    return 2 * PEAK_SIDE**3 / min(timed(lambda: a @ a, 1, waiting(xp)) for _ in range(10)) / 1e9


# ---- our side


def images_of(work: Work):
    """Random images, uint8, and labels; the same for both sides."""
    rng = np.random.default_rng(0)
    return rng.integers(0, 256, (work.batch, *IMAGES[work.data]), np.uint8), rng.integers(0, 10, work.batch)


def players_of(work: Work, xp, shards: int) -> models.Players:
    """The four networks, with weights as in a run with seed 0."""
    return models.build(work.arch, IMAGES[work.data], 10, seed=0, xp=xp, shards=shards)


def our_step(work: Work, xp, shards: int):
    """A function that takes one training step."""
    players = players_of(work, xp, shards)
    x, labels = (to_device(array, xp) for array in images_of(work))
    x = x.astype(np.float32) / 255
    if work.work == "supervised":
        adam = Adam(players.extractor.params | players.classifier.params, 1e-3)
        return lambda: finetune(players.extractor, players.classifier, x, labels, softmax_cross_entropy, adam)
    adams = games.Adams.make(players, (1e-3, 5e-5, 1e-4))
    noise = (Stream("noise", number, xp=xp) for number in itertools.count())
    return lambda: games.play(players, x, adams, 1, next(noise))


def our_campaign(work: Work, xp, shards: int):
    """A generator that classifies all images with one broken network after the other, pattern by pattern."""
    players = players_of(work, xp, shards)
    x, labels = (to_device(array, xp) for array in images_of(work))
    asked = (f"bits:{work.fault}", BIT_RATES) if work.work == "bits" else (work.fault, RATES)
    return campaign.run(players.extractor + players.classifier, x, labels, *asked, range(PATTERNS), 0)


def waiting(xp):
    """A function that waits until the device has done all it was told to."""
    return (lambda: None) if xp is np else xp.cuda.Device().synchronize


# ---- PyTorch's side: the same networks, written the way one would


def torch_networks(work: Work):
    """Extractor, decoder, discriminator and classifier of models.py; images are (N, C, H, W) here."""
    from torch import nn

    def conv(C, F, S=1):
        return nn.Conv2d(C, F, 3, stride=S, padding=1)

    def leaky():
        return nn.LeakyReLU(0.1)

    def up():
        return nn.Upsample(scale_factor=2, mode="bilinear")

    linear, relu = nn.Linear, nn.ReLU
    if work.data == "fashion":
        if work.arch == "A1":
            D, layers = 512, [nn.Flatten(), linear(784, 512), relu(), linear(512, 1024), relu(), linear(1024, 512)]
        else:
            D, layers = 800, [nn.Conv2d(1, 20, 5), nn.MaxPool2d(2), relu(), nn.Conv2d(20, 50, 5), nn.MaxPool2d(2)]
        classifier = [relu(), linear(D, 512), relu(), linear(512, 10)]
        decoder = [linear(D, 512), relu(), linear(512, 512), relu(), linear(512, 784), nn.Sigmoid()]
        decoder += [nn.Unflatten(1, (1, 28, 28))]
    else:
        D, layers = 2048, [conv(3, 64, 2), leaky(), conv(64, 128, 2), leaky(), conv(128, 128, 2)]
        if work.arch == "A1":
            layers = [conv(3, 64), leaky(), conv(64, 128, 2), leaky(), conv(128, 256), leaky(), conv(256, 512, 2)]
            layers += [leaky(), conv(512, 256), leaky(), conv(256, 128, 2), leaky(), conv(128, 128)]
        classifier = [leaky(), linear(D, 1024), leaky(), linear(1024, 10)]
        decoder = [nn.Unflatten(1, (128, 4, 4)), conv(128, 128), leaky(), up(), conv(128, 64), leaky(), up()]
        decoder += [conv(64, 32), leaky(), up(), conv(32, 3), nn.Sigmoid()]
    discriminator = [linear(D, 512), nn.LeakyReLU(0.2), nn.Dropout(0.2), linear(512, 512), nn.LeakyReLU(0.2)]
    discriminator += [nn.Dropout(0.2), linear(512, 1)]
    return [nn.Sequential(*table) for table in ([*layers, nn.Flatten()], decoder, discriminator, classifier)]


def torch_images(work: Work, device, against):
    """The images of `images_of` as float32 (N, C, H, W) in [0, 1], and the labels."""
    import torch

    x, labels = images_of(work)
    x = torch.from_numpy(x).permute(0, 3, 1, 2).to(device).float().div_(255)
    channels_last = against == "torch-channels-last"
    # not `contiguous`, which leaves the strides of images of one channel as they are
    x = x.clone(memory_format=torch.channels_last if channels_last else torch.contiguous_format)
    return x, torch.from_numpy(labels).to(device)


def torch_step(work: Work, device, against):
    """The step of `our_step`."""
    import torch
    from torch.nn.functional import binary_cross_entropy_with_logits, cross_entropy

    networks = [network.to(device) for network in torch_networks(work)]
    extractor, decoder, discriminator, classifier = networks
    x, labels = torch_images(work, device, against)

    def adam(rate, *players):
        return torch.optim.Adam([p for player in players for p in player.parameters()], rate, fused=True)

    if work.work == "supervised":
        optimizer = adam(1e-3, extractor, classifier)

        def step():
            optimizer.zero_grad()
            cross_entropy(classifier(extractor(x)), labels).backward()
            optimizer.step()

        return step
    reconstruct, discriminate = adam(1e-3, extractor, decoder), adam(5e-5, discriminator)
    confuse = adam(1e-4, extractor)
    ones, zeros = torch.ones(len(x), 1, device=device), torch.zeros(len(x), 1, device=device)

    def play():
        reconstruct.zero_grad()
        (decoder(extractor(x)) - x).square().sum().div(len(x)).backward()
        reconstruct.step()
        z = extractor(x)
        discriminate.zero_grad()
        prior_loss = binary_cross_entropy_with_logits(discriminator(torch.randn_like(z)), ones)
        (prior_loss + binary_cross_entropy_with_logits(discriminator(z.detach()), zeros)).backward()
        discriminate.step()
        confuse.zero_grad()
        discriminator.requires_grad_(False)
        binary_cross_entropy_with_logits(discriminator(z), ones).backward()
        discriminator.requires_grad_(True)
        confuse.step()

    return play


def torch_campaign(work: Work, device, against):
    """The campaign of `our_campaign`, as a plain loop."""
    import torch
    from torch import nn

    extractor, _, _, classifier = torch_networks(work)
    network = nn.Sequential(extractor, classifier).to(device).eval()
    x, labels = torch_images(work, device, against)
    every = [layer for layer in network.modules() if isinstance(layer, nn.Linear | nn.Conv2d)]
    filters = [layer for layer in every if isinstance(layer, nn.Conv2d)]
    hit = {"weights": every, "nodes": every[:-1], "filters": filters}[work.fault]
    stored = [(layer.weight.detach().clone(), layer.bias.detach().clone()) for layer in hit]
    for _ in range(PATTERNS):
        fields = [torch.rand_like(w if work.fault == "weights" else b) for w, b in stored]
        for rate in RATES:
            with torch.inference_mode():
                for layer, (w, b), u in zip(hit, stored, fields, strict=True):
                    mask = u >= rate
                    layer.weight.copy_(w * (mask if w.shape == mask.shape else mask.view(-1, *[1] * (w.dim() - 1))))
                    if work.fault != "weights":
                        layer.bias.copy_(b * mask)
                answers = [network(part).argmax(1) for part in x.split(1000)]
                yield 100 * (torch.cat(answers) == labels).sum().item() / len(x)


def torch_bits(work: Work, device, against):
    """Flipped bits as a plain loop: for every rate a copy of the model, whose hit weights are rewritten one by one."""
    import torch
    from torch import nn

    extractor, _, _, classifier = torch_networks(work)
    network = nn.Sequential(extractor, classifier).to(device).eval()
    x, labels = torch_images(work, device, against)
    rng = np.random.default_rng(0)

    def flipped(value: float, bit: int) -> float:
        [code] = struct.unpack("<I", struct.pack("<f", value))
        return struct.unpack("<f", struct.pack("<I", code ^ (1 << bit)))[0]

    for rate in itertools.cycle(BIT_RATES):
        with torch.inference_mode():
            broken = copy.deepcopy(network)
            for layer in broken.modules():
                if isinstance(layer, nn.Linear | nn.Conv2d):
                    w, bits = layer.weight.view(-1), 32 * layer.weight.numel()
                    for place in rng.choice(bits, rng.binomial(bits, rate), replace=False, shuffle=False).tolist():
                        w[place // 32] = flipped(w[place // 32].item(), place % 32)
            answers = [broken(part).argmax(1) for part in x.split(1000)]
            yield 100 * (torch.cat(answers) == labels).sum().item() / len(x)


OURS = {"supervised": our_step, "games": our_step, "campaign": our_campaign, "bits": our_campaign}
PYTORCHS = {"supervised": torch_step, "games": torch_step, "campaign": torch_campaign, "bits": torch_bits}


# ---- measuring


def timed(step, times: int, wait) -> float:
    """Seconds for one of `times` calls of `step`."""
    wait()
    start = time.perf_counter()
    for _ in range(times):
        step()
    wait()
    return (time.perf_counter() - start) / times


def time_steps(steps, wait, rounds: int, seconds: float) -> list[list[float]]:
    """Milliseconds of each of `steps` in each round, in turns; before each a pause, for threads that still spin."""
    often = [max(1, round(seconds / min(timed(step, 1, wait) for _ in range(2)))) for step in steps]
    found = [[] for _ in steps]
    for _ in range(rounds):
        for step, times, of_step in zip(steps, often, found, strict=True):
            time.sleep(0.05)
            step()
            of_step.append(1e3 * timed(step, times, wait))
    return found


def time_campaigns(campaigns, wait) -> list[list[float]]:
    """Milliseconds of each of `campaigns` for each pattern, in turns; the first has what all patterns share."""
    found = [[] for _ in campaigns]
    for _ in range(PATTERNS):
        for rows, of_campaign in zip(campaigns, found, strict=True):
            time.sleep(0.05)
            of_campaign.append(1e3 * timed(lambda rows=rows: list(itertools.islice(rows, len(RATES))), 1, wait))
    return found


def sides(work: Work, xp, shards: int, against: str | None):
    """Our function (or generator) for this work, then PyTorch's if that is wanted."""
    ours = OURS[work.work](work, xp, shards)
    if not against:
        return [ours]
    device = "cpu" if xp is np else "cuda"
    return [ours, PYTORCHS[work.work](work, device, against)]


def peak_memory() -> float | None:
    """The most memory this process has held, in MB; None where the system does not say (only Linux does)."""
    status = Path("/proc/self/status")
    lines = status.read_text().splitlines() if status.exists() else []
    return next((int(line.split()[1]) / 1024 for line in lines if line.startswith("VmHWM")), None)


def measure_peak(side: str, work: Work, threads: int) -> float | None:
    """MB that `side` needs for `work` above what its process holds after importing; run in a process of its own."""
    if side == "torch":
        import torch

        torch.set_num_threads(threads)
        torch.ones(2, requires_grad=True).sum().backward()  # what PyTorch loads at its first use
        torch.optim.Adam([torch.ones(2)], fused=True)
    before = peak_memory()
    if side == "ours":
        parallel.keep_memory()
        step = OURS[work.work](work, np, threads)
    else:
        step = PYTORCHS[work.work](work, "cpu", "torch")
    if work.work in ("campaign", "bits"):
        list(itertools.islice(step, len(RATES)))
    else:
        for _ in range(5):
            step()
    return None if before is None else peak_memory() - before


def in_new_process(options: list[str], threads: int, environment: dict | None = None):
    """What this command prints with these options, read as JSON."""
    command = [sys.executable, "-m", "aftt_np.bench", "--threads", str(threads), *options]
    environment = os.environ | (environment or {})
    done = subprocess.run(command, capture_output=True, text=True, check=False, env=environment)
    if done.returncode:
        said = done.stderr.strip() or f"exit code {done.returncode}"
        raise AfttError(f"a process that measures failed: {said.splitlines()[-1]}")
    return json.loads(done.stdout)


def measure(work: Work, xp, options) -> dict:
    """One line of the table; times in ms (of a campaign: all of it), None for what was not measured."""
    made = sides(work, xp, options.shards, options.against)
    wait = waiting(xp)
    if work.work in ("campaign", "bits"):
        found = time_campaigns(made, wait)
        totals = [sum(times) for times in found]
        ratio = totals[1] / totals[0] if options.against else None
    else:
        found = time_steps(made, wait, *((3, 0.2) if options.quick else (7, 0.5)))
        totals = [statistics.median(times) for times in found]
        ratio = statistics.median(b / a for a, b in zip(*found, strict=True)) if options.against else None
    ratios = sorted(b / a for a, b in zip(*found, strict=True)) if options.against else []
    memory = dict.fromkeys(("ours", "torch"))
    if xp is np:
        memory |= {
            side: in_new_process(["--peak", json.dumps([side, *work])], options.threads)
            for side in ("ours", "torch")[: len(made)]
        }
    done = step_operations(work, players_of(work, np, 1))
    return {
        "work": work.work, "data": work.data, "arch": work.arch, "batch": work.batch, "fault": work.fault or None,
        "ours_ms": totals[0], "torch_ms": totals[1] if options.against else None, "ratio": ratio,
        "ratio_low": ratios[0] if ratios else None, "ratio_high": ratios[-1] if ratios else None,
        "ours_peak_mb": memory["ours"], "torch_peak_mb": memory["torch"],
        "gflop": done / 1e9, "gflop_per_s": done / totals[0] / 1e6,
    }  # fmt: skip


def line_of(row: dict, peak: float) -> str:
    """A line of the table, 80 columns; GFLOP/s also as a share of `peak`, memory as ours/PyTorch's, the ratio last."""
    name = f"{row['work']:<11}{row['data']:<8}{row['arch']}{row['batch']:>7} {row['fault'] or '':<8}"
    times = "".join(f"{'':>9}" if ms is None else f"{ms:>9.1f}"[:9] for ms in (row["ours_ms"], row["torch_ms"]))
    share = f"{row['gflop_per_s']:>5.0f} {row['gflop_per_s'] / peak:>4.0%}"  # of a campaign: of the plain loop's work
    memory = "/".join(f"{row[side]:.0f}" for side in ("ours_peak_mb", "torch_peak_mb") if row[side] is not None)
    ratio = "" if row["ratio"] is None else f"{row['ratio']:>7.2f}"
    return f"{name}{times}{share}{memory:>10}{ratio}"


# ---- what each lever brings


def swap(module, name: str, value):
    """A function that puts `value` in the place of a module's `name`."""
    return lambda: setattr(module, name, value)


LEVERS = {  # what makes it fast, and how to do without
    "batches in shards": swap(network, "PIECE", 10**9),  # a shard has a piece of images at least
    "convolutions in pieces": swap(layers, "PIECE", 10**9),
    "Adam on all cores": swap(optim, "side_by_side", lambda work, jobs: [work(job) for job in jobs]),
    "freed memory is kept": swap(parallel, "keep_memory", lambda: None),
    "BLAS threads go to sleep": lambda: None,  # OpenBLAS reads an environment variable when it is loaded
}
LEVER_ROUNDS = 9


def lever_work() -> list[Work]:
    """The supervised steps at batch 128 of the two networks for Fashion-MNIST."""
    return [work for work in all_work("numpy", quick=True) if work.work == "supervised"]


def time_without(lever: str, threads: int) -> list[float]:
    """Milliseconds of each `lever_work`, without one lever (or with all, for ""); run in a process of its own."""
    LEVERS.get(lever, lambda: None)()
    parallel.keep_memory()
    steps = [our_step(work, np, threads) for work in lever_work()]
    return [statistics.median(times) for times in time_steps(steps, waiting(np), rounds=5, seconds=0.1)]


def compare_levers(threads: int):
    """Print how much longer a step takes without each lever: the median over rounds in which all take their turn."""
    found = {lever: [] for lever in ("", *LEVERS)}
    for _ in tqdm(range(LEVER_ROUNDS), disable=None):
        for lever, of_lever in found.items():
            timeout = {"OPENBLAS_THREAD_TIMEOUT": "26"} if lever == "BLAS threads go to sleep" else {}  # its own value
            of_lever.append(in_new_process(["--lever", lever], threads, timeout))
    print(f"{'a step takes so long without:':<30}" + "".join(f"{w.data} {w.arch:<16}" for w in lever_work()))
    for lever in LEVERS:
        ratios = np.array(found[lever]) / np.array(found[""])  # (rounds, works)
        low, middle, high = np.quantile(ratios, (0.25, 0.5, 0.75), axis=0)
        columns = (f"{m:.2f} ({a:.2f} to {b:.2f})" for m, a, b in zip(middle, low, high, strict=True))
        print(f"{lever:<30}" + "".join(f"{column:<24}" for column in columns))


def parse(argv):
    """The command line."""
    parser = config.Parser(prog="python -m aftt_np.bench", description=__doc__.partition("\n\n")[0])
    add = parser.add_argument
    add("--backend", type=config.choice(("numpy", "cupy")), default="numpy", metavar="NAME", help="numpy or cupy")
    add("--against", type=config.choice(AGAINST), metavar="NAME", help=f"{' or '.join(AGAINST)}, in turns with ours")
    add("--only", type=config.choice(WORKS), metavar="WORK", help=f"one of {', '.join(WORKS)}")
    add("--levers", action="store_true", help="instead: how much longer a step takes without each of our levers")
    add("--quick", action="store_true", help="fewer rounds, images and networks")
    add("--threads", type=config.number(int, 1, config.MOST_THREADS), metavar="N", default=parallel.usable_processors(),
        help="processor threads of both sides (default: all there are)")  # fmt: skip
    add("--json", metavar="FILE", help="write the table there, too")
    add("--peak", help=argparse.SUPPRESS)  # this one and the next are for the processes that it starts itself
    add("--lever", help=argparse.SUPPRESS)
    return parser.parse_args(argv)


def bench(argv=None):
    """The command. Raises the errors of errors.py."""
    options = parse(argv)
    if options.peak:
        side, *work = json.loads(options.peak)
        with parallel.use(options.threads):
            print(json.dumps(measure_peak(side, Work(*work), options.threads)))
        return
    if options.lever is not None:
        with parallel.use(options.threads):
            print(json.dumps(time_without(options.lever, options.threads)))
        return
    if options.levers:
        if options.against or options.only or options.quick or options.json or options.backend != "numpy":
            raise UsageError("--levers goes with --threads alone; leave the other options out")
        compare_levers(options.threads)
        return
    if options.json:
        files.check_writable(Path(options.json))  # now, not after the first measurement
    xp = choose(options.backend)
    options.shards = options.threads if xp is np else 1
    about = [describe(xp), f"{options.threads} threads"]
    if options.against:
        about.append(f"PyTorch {torch_ready(options)}")
    parallel.keep_memory()
    table = []
    with parallel.use(options.threads if xp is np else 1), np.errstate(all="ignore"):
        peak = product_peak(xp)
        print(", ".join(about))
        print(f"{peak:.0f} GFLOP/s in a product of two large matrices; ratio: PyTorch's time / ours\n")
        print("work       data    net batch fault      our ms torch ms GFLOP/s       MB   ratio")
        for work in all_work(options.backend, options.quick):
            if options.only in (None, work.work):
                table.append(measure(work, xp, options))
                print(line_of(table[-1], peak), flush=True)
                if options.json:
                    files.write_json(Path(options.json), table)


def torch_ready(options) -> str:
    """PyTorch's version, once it is set up like our side. Raises UsageError where it is not installed."""
    try:
        import torch
    except ImportError:
        raise UsageError("--against torch needs PyTorch: pip install torch") from None
    if options.backend == "cupy" and not torch.cuda.is_available():
        raise BackendError("--backend cupy --against torch needs a PyTorch that sees the GPU; pip install torch")
    torch.set_num_threads(options.threads)
    torch.backends.cuda.matmul.allow_tf32 = torch.backends.cudnn.allow_tf32 = False
    return torch.__version__


if __name__ == "__main__":
    end_with(bench)
