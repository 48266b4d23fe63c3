"""python -m aftt_np.defend: a trained network, defended against faults after its training, beside the one it was.

    python -m aftt_np.defend runs/mine --with clipact --memory float32
    python -m aftt_np.inject runs/mine-clipact-float32 --fault bits --memory float32

    ranger    clamps activations to the range that they have on training images
    clipact   sets activations above a limit to 0; the limits are searched layer after layer, for the largest area under
              the curve of accuracy against the rate of flipped bits (FT-ClipAct, arXiv:1912.00941)
    fitact    a limit for each neuron, learned from the labels (FitAct, arXiv:2112.13544; without its penalty)
    scaling   stores weights multiplied by a number a layer, and divides what is read (arXiv:2411.18993)

All that is chosen is chosen on training images, clipact's limits on the last of them (which a network that is tested
has been trained on). No test image is looked at. The way of the search and FitAct's formula are as other people's code
has them; what scaling multiplies by is derived here.
"""

from functools import partial
from pathlib import Path

import numpy as np

from . import campaign, checkpoint, config, data, files, inject, memory, parallel
from .backend import NAMES, array_module, choose, to_device, to_host
from .config import Parser, number
from .defences import Mapped, defended
from .errors import DivergedError, UsageError, end_with
from .layers import LeakyReLU, ReLU
from .losses import softmax_cross_entropy
from .network import Network
from .optim import Adam
from .rng import Stream

RATES, EPOCHS, LR = (1e-7, 3e-7, 1e-6, 3e-6, 1e-5, 3e-5), 3, 1e-3  # clipact's per bit; fitact's
DEFENCES = ("ranger", "clipact", "fitact", "scaling")
OPTIONS = {"memory": (("clipact", "scaling"), "float32"), "rates": (("clipact",), RATES),
           "epochs": (("fitact",), EPOCHS), "lr": (("fitact",), LR)}  # whose each is, and what it is if not given
IMAGES = 500  # that limits are searched on
PATTERNS = 5  # of faults, in the search
SEARCH_SEED = 1912_00941  # theirs: not a seed that anybody evaluates with
ROUNDS = 4  # of the search of one limit
BATCH = 128  # images a step of FitAct
MOST = 2.0**127  # that scaling multiplies by: finite itself
TOP = {form: memory.FORMATS[form].limits()[1] for form in ("float32", "float16", "q2.5")}  # what scaling scales up to


def parse(argv):
    """The command line."""
    parser = Parser(prog="python -m aftt_np.defend", description=__doc__.partition("\n\n")[0])
    add = parser.add_argument
    add("run", metavar="RUN", help="the folder of a run of python -m aftt_np.train that is complete")
    add("--with", dest="defence", type=config.choice(DEFENCES), required=True, metavar="NAME", help=", ".join(DEFENCES))
    add("--memory", type=config.choice(tuple(memory.FORMATS)), metavar="FORMAT",
        help="that clipact is searched for and scaling made for (default: float32)")  # fmt: skip
    add("--rates", type=inject.rates_of, metavar="LIST",
        help="per bit, that clipact is searched for (default: 1 and 3 of each power of ten from 1e-7 to 3e-5)")
    add("--epochs", type=number(int, 0), metavar="N", help=f"of fitact (default: {EPOCHS})")
    add("--lr", type=number(float, 0), metavar="X", help=f"learning rate of fitact (default: {LR})")
    add("--data", metavar="NAME", help="where the run's images are now, if not where they were")
    add("--data-dir", default="", metavar="DIR", help="where to look for data first")
    add("--out", metavar="DIR", help="folder of the defended run (default: RUN-NAME, with the memory if it matters)")
    add("--backend", type=config.choice(NAMES), default="auto", metavar="NAME", help="numpy, cupy or auto (default)")
    add("--threads", type=number(int, 1, config.MOST_THREADS), default=parallel.usable_processors(), metavar="N",
        help="processor threads (default: all there are)")  # fmt: skip
    options = parser.parse_args(argv)
    for name, (of, default) in OPTIONS.items():
        if getattr(options, name) is None:
            setattr(options, name, default)
        elif options.defence not in of:
            raise UsageError(f"--{name} is for {' and '.join(of)}, not for {options.defence}; leave it out")
    return options


def parse_name(name: str) -> tuple[str, str]:
    """("clipact", "float16") of "clipact:float16", and float32 where no memory is named. Raises UsageError."""
    defence, _, form = name.partition(":")
    if defence not in DEFENCES or (form or "float32") not in memory.FORMATS:
        raise UsageError(f"expected one of {', '.join(DEFENCES)}, or NAME:MEMORY, got {config.short(repr(name))}")
    return defence, form or "float32"


def made_with(name: str) -> list:
    """What the result of a defence depends on, besides the network, its images and the name."""
    return {
        "ranger": [],
        "clipact": [RATES, IMAGES, PATTERNS, SEARCH_SEED, ROUNDS],
        "fitact": [EPOCHS, LR, BATCH],
        "scaling": [TOP, MOST],
    }[parse_name(name)[0]]


def check(name: str, network: Network):
    """Raise UsageError for a defence that does not fit the network, or its memory."""
    defence, form = parse_name(name)
    others = [a for a in activations(network) if not isinstance(network.layers[a], ReLU)]
    if defence == "fitact" and others:
        raise UsageError(f"fitact is for networks of ReLU; {others[0]} is {network.layers[others[0]]}")
    if defence == "scaling" and form not in TOP:
        raise UsageError(f"scaling changes nothing in {form}: its range is that of the weights already")
    through = {name: layer.map for name, layer in network.layers.items() if isinstance(layer, Mapped)}
    if defence == "scaling" and through:
        first, its_map = next(iter(through.items()))
        raise UsageError(f"scaling is for plain weights; those of {first} go through {its_map}")


def chosen(name: str, network: Network, x, labels, rates=RATES, epochs=EPOCHS, lr=LR, say=print) -> tuple[dict, dict]:
    """What `defended` is to be told, and the parameters that are new; `name` is one that `parse_name` reads.

    x (N, H, W, C), uint8, and labels (N,) are the training images.
    """
    defence, form = parse_name(name)
    if defence == "ranger":
        return ranger(network, x)
    if defence == "fitact":
        return fitact(network, x, labels, epochs, lr)
    if defence == "scaling":
        return scaling(network, form)
    last = slice(-(len(x) // 6), None)
    return clipact(network, x[last][:IMAGES], labels[last][:IMAGES], f"bits:{form}", rates, say)


def named_for(name: str, kind: str) -> str:
    """`name`, with the memory whose bits are hit by faults of a kind, if scaling is not for a memory that it names."""
    return f"scaling:{memory.parse(kind).format}" if name == "scaling" and kind.startswith("bits") else name


def with_defence(network: Network, how: dict, changed: dict) -> Network:
    """The network, defended as `chosen` says."""
    return Network(defended(network.layers, how), network.shards).with_params(changed)


def activations(network: Network) -> list[str]:
    """The names of the layers that a limit can follow."""
    return [name for name, layer in network.layers.items() if isinstance(layer, ReLU | LeakyReLU)]


def ranges(network: Network, x) -> dict:
    """{activation: (the smallest, the largest) of its outputs, (smallest, largest) for each neuron} on images x."""
    found = {}
    for part in parallel.pieces(len(x), campaign.BATCH):
        z = data.to_unit(x[part])
        for name, layer in network.layers.items():
            z, _ = layer.forward(z)
            if isinstance(layer, ReLU | LeakyReLU):
                low, high = z.min(axis=0), z.max(axis=0)
                if name in found:
                    xp = array_module(z)
                    low, high = xp.minimum(low, found[name][0]), xp.maximum(high, found[name][1])
                found[name] = low, high
    return {name: (to_host(low), to_host(high)) for name, (low, high) in found.items()}


def ranger(network: Network, x) -> tuple[dict, dict]:
    """How to defend with Ranger, and the parameters."""
    ends = {name: (float(low.min()), float(high.max())) for name, (low, high) in ranges(network, x).items()}
    limits = {name: [min(low, 0.0), max(high, 0.0)] for name, (low, high) in ends.items()}
    return {"with": "ranger", "limits": limits}, {}


def clipact(network: Network, x, labels, kind: str, rates, say=print) -> tuple[dict, dict]:
    """How to defend with FT-ClipAct's limits for faults of a kind, at these rates; x, labels: what they are chosen on.

    Layer after layer, the others at the largest activations they have: the area under the curve at four limits that cut
    the interval [0, largest] in three; then the same in the interval around the best, ROUNDS times.
    """
    limits = {name: float(max(high.max(), -low.min())) for name, (low, high) in ranges(network, x).items()}

    def area_at(name, limit):
        layers = defended(network.layers, {"with": "clipact", "limits": limits | {name: limit}})
        rows = list(campaign.run(Network(layers), x, labels, kind, rates, range(PATTERNS), SEARCH_SEED))
        curves = np.array([row.accuracy for row in rows]).reshape(PATTERNS, -1)
        return float(campaign.area(kind, rates, curves.mean(axis=0)))

    for name in limits:
        largest = limits[name]
        limits[name] = search(partial(area_at, name), largest)
        say(f"{name:<32}{largest:>10.3f} at most; limit {limits[name]:.3f}")
    return {"with": "clipact", "limits": limits}, {}


def search(area_at, high: float) -> float:
    """The limit in [0, high] at which `area_at` is largest, as far as ROUNDS of four limits each can find it."""
    low, known = 0.0, {}
    for _ in range(ROUNDS):
        ends = np.linspace(low, high, 4).tolist()
        for limit in ends:
            if limit not in known:
                known[limit] = area_at(limit)
        best = max(range(4), key=lambda i: known[ends[i]])
        low, high = ends[max(best - 1, 0)], ends[min(best + 1, 3)]
    return max(known, key=known.get)


def images_searched(name: str, network: Network) -> int:
    """How many images broken networks classify, at most, until what is to be chosen is chosen."""
    limits = 2 * ROUNDS + 2  # that are tried behind one layer: in a round after the first, two are known already
    return limits * len(activations(network)) * PATTERNS * len(RATES) * IMAGES if "clipact" in name else 0


def fitact(network: Network, x, labels, epochs: int, rate: float) -> tuple[dict, dict]:
    """How to defend with FitAct, and the limits: first each neuron's largest output on images x, then learned.

    Nothing else learns. The loss is cross-entropy without faults, so a limit moves only where it costs accuracy; FitAct
    adds a penalty on large limits. Raises DivergedError for limits that are no longer finite.
    """
    highest = {name: high for name, (_, high) in ranges(network, x).items()}
    how = {"with": "fitact", "limits": {name: list(high.shape) for name, high in highest.items()}}
    limits = {f"{name}.limit": to_device(high.astype(np.float32), array_module(x)) for name, high in highest.items()}
    whole = Network(defended(network.layers, how)).with_params(limits)
    adam = Adam(limits, rate)
    for epoch in range(epochs):
        for images, y in data.epoch_batches(x, labels, min(BATCH, len(x)), Stream("defend", "order", epoch)):
            logits, tape = whole.forward(images)
            _, dlogits = softmax_cross_entropy(logits, y)
            _, grads = whole.backward(dlogits, tape, need_dx=False)
            adam.step(limits, {name: grads[name] for name in limits})
        if ruined := [name for name, limit in limits.items() if not np.isfinite(float(abs(limit).max()))]:
            raise DivergedError(f"{ruined[0]} is no longer finite in epoch {epoch + 1}; lower --lr")
    return how, limits


def scaling(network: Network, form: str) -> tuple[dict, dict]:
    """How to defend by scaling, and the weights as they are stored: a power of 2, so that nothing is rounded.

    It is the largest, up to MOST, for which the memory has room for all weights of the layer (derived here: we have not
    seen what the paper multiplies by). Of a float the upper bits of the exponent are 1 then, for weights of the usual
    size: flipped they make a weight small, or no number, which is read as 0, and whatever a flip of a lower one
    enlarges, there are no numbers above the top.
    Of int8, whose range is that of the weights already, nothing is changed.
    """
    by, params = {}, {}
    for name, layer in network.layers.items():
        if "w" in layer.params and form in TOP:
            largest = float(abs(layer.params["w"]).max()) or 1.0
            by[name] = min(2.0 ** np.floor(np.log2(TOP[form] / largest)), MOST)
            params[f"{name}.w"] = layer.params["w"] * layer.params["w"].dtype.type(by[name])
    return {"with": "scaling", "by": by}, params


def what_is_new(how: dict, changed: dict) -> list[str]:
    """A line for each layer: what was chosen for it, by the defences that do not say so while they search."""
    if how["with"] == "scaling":
        return [f"{name:<32}stored times 2^{np.log2(by):.0f}" for name, by in how["by"].items()]
    if how["with"] == "ranger":
        return [f"{name:<32}{low:>10.3f} to {high:.3f}" for name, (low, high) in how["limits"].items()]
    return [f"{name.removesuffix('.limit'):<32}limits from {limit.min():.3f} to {limit.max():.3f}"
            for name, limit in changed.items()]  # fmt: skip


def defend(argv=None):
    """The command. Raises the errors of errors.py."""
    options = parse(argv)
    run, xp = Path(options.run), choose(options.backend)
    network, dataset, _ = inject.trained(run, xp, options.data, options.data_dir)
    saved = checkpoint.load(run / "checkpoint.npz")
    if "defence" in saved.settings:
        raise UsageError(f"the run in {run} is defended already, with {saved.settings['defence']['with']}")
    memory.check_rates(options.rates)
    if options.rates[-2:-1] in ((), (0.0,)):
        raise UsageError("--rates: expected at least two rates above 0, since an area lies between them")
    held_out = slice(-(len(dataset.x_train) // 6), None)
    x, y = to_device(dataset.x_train, xp), to_device(dataset.y_train, xp)
    name = f"{options.defence}:{options.memory}"
    check(name, network)
    of_memory = f"-{options.memory}" if options.defence in ("clipact", "scaling") else ""
    folder = Path(options.out or f"{run.resolve() if run.name in ('', '..') else run}-{options.defence}{of_memory}")
    if (folder / "checkpoint.npz").exists():
        raise UsageError(f"{folder} already holds a run; name another folder with --out")
    checkpoint.new_folder(str(folder), "")
    parallel.keep_memory()
    with checkpoint.held(folder), parallel.use(options.threads if xp is np else 1), np.errstate(all="ignore"):
        how, changed = chosen(name, network, x, y, options.rates, options.epochs, options.lr)
        new = with_defence(network, how, changed)
        before, after = (campaign.score(one, x[held_out], y[held_out]).accuracy for one in (network, new))
        used = [key for key, (of, _) in OPTIONS.items() if options.defence in of]
        how["made with"] = {key: getattr(options, key) for key in (*used, "threads")}
        params = saved.params | {f"{inject.CHANGED}{key}": to_host(p) for key, p in changed.items()}
        checkpoint.save(folder / "checkpoint.npz", params, saved.settings | {"defence": how}, saved.progress)
        files.write_json(folder / "config.json", files.read_json(run / "config.json") | {"defence": how})
    for line in what_is_new(how, changed):
        print(line)
    print(f"without faults: {before:.2f} % before, {after:.2f} % now (last sixth of training images)")
    print(f"the defended run is in {folder}")


if __name__ == "__main__":
    end_with(defend)
