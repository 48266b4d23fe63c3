"""python tests/planted_bugs.py [NAME ...]: plant one bug at a time in a copy of the library; the suite must catch each.

A test proves something only if it fails when the line it guards is broken. Not part of the test line: takes minutes.
"""

import os
import re
import shutil
import subprocess
import sys
import tempfile
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
FINDS_ITS_LINE = "test_every_planted_bug_still_finds_its_line"

BUGS = {  # name: (module, the line as it is, the line as it must never be)
    "dense-bias-mean": ("layers", "ones(len(dy), dy.dtype) @ dy", "ones(len(dy), dy.dtype) @ dy / len(dy)"),
    "dense-dx-untransposed-sign": ("layers", 'return dy @ self.params["w"].T', 'return -dy @ self.params["w"].T'),
    "relu-in-place": ("layers", "y = xp.maximum(x, xp.zeros(x.shape[1:], x.dtype))", "y = xp.maximum(x, 0, out=x)"),
    "relu-derivative-at-0": ("layers", "return dy * (y > 0)", "return dy * (y >= 0)"),
    "pool-all-maxima": ("layers", "first = (x_here == y) & open_", "first = x_here == y"),
    "pool-last-maximum": (
        "layers",
        "return [x[:, i :: self.K, j :: self.K] for i in range(self.K) for j in range(self.K)]",
        "return [x[:, i :: self.K, j :: self.K] for i in range(self.K) for j in range(self.K)][::-1]",
    ),
    "dropout-not-inverted": ("layers", "x.dtype.type(1 / (1 - self.rate))", "x.dtype.type(1)"),
    "dropout-keeps-the-wrong-share": ("layers", "dtype=np.float32) >= self.rate", "dtype=np.float32) < self.rate"),
    "upsample-not-transposed": ("layers", "U.T if transpose else U", "U.T[::-1] if transpose else U"),
    "conv-drops-a-piece": ("parallel", "for start in range(0, N, size)]", "for start in range(0, max(N - 1, 1), size)]"),
    "sigmoid-derivative": ("layers", "return dy * y * (1 - y)", "return dy * y"),
    "col2im-overwrites": ("im2col", "i] += cols", "i] = cols"),
    "col2im-overlaps": ("im2col", "apart = -(-K // S)", "apart = max(1, K // S)"),
    "im2col-float32": ("im2col", "cols = cols.reshape(view.shape)", "cols = cols.reshape(view.shape).astype('float32')"),
    "squared-error-without-2": ("losses", "difference * (2 / len(y))", "difference * (1 / len(y))"),
    "squared-error-mean-over-features": ("losses", "flat @ flat / len(y)", "flat @ flat / flat.size"),
    "cross-entropy-forgotten-minus": ("losses", "(exp / total - onehot)", "(onehot - exp / total)"),
    "bce-targets-swapped": ("losses", "sign = 1 - 2 * target", "sign = 2 * target - 1"),
    "lasso-on-biases": (
        "losses", "weights = only_weights(params)\n    penalty = strength * sum(abs",
        "weights = params\n    penalty = strength * sum(abs"),
    "tikhonov-without-2": ("losses", "name: 2 * strength * w", "name: strength * w"),
    "adam-no-bias-correction": ("optim", "((1 - self.beta2) / (1 - self.beta2**self.t))", "(1 - self.beta2)"),
    "adam-ascends": ("optim", "p -= scratch", "p += scratch"),
    "adam-forgets-to-count": ("optim", "self.t += 1", "self.t = 1"),
    "network-shares-noise": ("network", "rng[name][shard].generator()", 'rng["noise"][shard].generator()'),
    "network-writes-params": (
        "network", "layer.with_params({key: params.get(f\"{name}.{key}\", p) for key, p in layer.params.items()})",
        "layer if layer.params.update({key: params.get(f\"{name}.{key}\", p) for key, p in layer.params.items()}) "
        "is None else layer",
    ),
    "init-glorot": ("models", "(2 / fan_in) ** 0.5", "(1 / fan_in) ** 0.5"),
    "init-one-stream": ("models", 'Stream("weights", seed, name)', 'Stream("weights", seed)'),
    "order-ignores-epoch": ("train", 'Stream("order", self.settings.seed, phase, epoch)', 'Stream("order", self.settings.seed)'),
    "order-by-method": ("train", 'Stream("order", self.settings.seed, phase, epoch)',
                        'Stream("order", self.settings.seed, phase, epoch, self.settings.method)'),
    "unit-not-scaled": ("data", "unit /= 255", "unit /= 256"),
    "faults-forget-bias": ("faults", 'if kind not in OF_WEIGHTS:', 'if kind == "filters":'),
    "faults-hit-the-output": ("faults", "list(layers.items())[:-1]", "list(layers.items())"),
    "faults-inverted": ("faults", "mask = to_device(value >= rate, xp)", "mask = to_device(value < rate, xp)"),
    "faults-one-stream-for-all-layers": ("faults", 'stream[kind][f"{name}.w"].generator()', "stream[kind].generator()"),
    "faults-ignore-the-pattern": ("faults", 'Stream("evaluate", fault_seed, number)', 'Stream("evaluate", fault_seed)'),
    "faults-in-place": (
        "faults", 'return (p.view(f"u{p.itemsize}") * mask).view(p.dtype)', "return p.__imul__(mask)"),
    "faults-by-product": ("faults", 'return (p.view(f"u{p.itemsize}") * mask).view(p.dtype)', "return p * mask"),
    "no-pullback": ("faults", "name: g * self.masks[name] for name, g", "name: g for name, g"),
    "dead-features-not-tiled": ("faults", ".tile(units, D // len(units))", ".repeat(units, D // len(units))"),
    "prior-lives-on": ("games", 'rng["prior"][move]) * alive', 'rng["prior"][move])'),
    "prior-used-twice": ("games", 'rng["prior"][move]', 'rng["prior"]'),
    "decoder-never-moves": (
        "games", "adam.step(extractor.learned | decoder.learned, faults.pullback(extractor_grads) | decoder_grads)",
        "adam.step({n: p.copy() if n in decoder.params else p for n, p in (extractor.params | decoder.learned).items()},"
        " faults.pullback(extractor_grads) | decoder_grads)",
    ),
    "discriminator-forgets-features": ("games", "add(prior_grads, z_grads)", "prior_grads"),
    "discriminator-labels-swapped": (
        "games", "binary_cross_entropy(prior_logits, 1)", "binary_cross_entropy(prior_logits, 0)"),
    "confuse-moves-the-wrong-way": ("games", "binary_cross_entropy(logits, 1)  # line 17", "binary_cross_entropy(logits, 0)  #"),
    "confuse-through-the-clean-extractor": (
        "games", "_, grads = faulty(extractor, faults).backward(", "_, grads = extractor.backward("),
    "finetune-freezes-the-extractor": (
        "finetune", "return value, extractor_grads | classifier_grads",
        "return value, {n: 0 * g for n, g in extractor_grads.items()} | classifier_grads"),
    "finetune-penalty-on-broken": ("finetune", "grads = penalty(params)", "grads = penalty(faulty(extractor, faults).params | faulty(classifier, faults).params)"),
    "finetune-clean-forward": ("finetune", "faulty(network, faults) for network in networks", "network for network in networks"),
    "interval-with-n": ("statistics", "float(values.std(ddof=1)) / math.sqrt(n)", "float(values.std()) / math.sqrt(n)"),
    "interval-as-if-normal": ("statistics", "(1 + level) / 2, n - 1)", "(1 + level) / 2, 10_000)"),
    "area-without-its-range": ("campaign", "axis=-1) / (x[-1] - x[0])", "axis=-1)"),
    "area-without-its-widths": ("campaign", "np.trapezoid(accuracy, x, axis=-1) / (x[-1] - x[0])", "accuracy.mean(axis=-1)"),
    "falls-at-the-next-rate": ("campaign", "rates[i - 1] + share *", "rates[i] + 0 * share *"),
    "layers-draw-by-turn": ("faults", 'np.float64, only)', 'np.float64)'),
    "campaign-forgets-the-layers": ("campaign", "fault_seed, number, only)", "fault_seed, number)"),
    "blocks-made-again": ("campaign", "range(done, patterns)", "range(0, patterns)"),
    "inject-with-other-weights": (
        "inject", "folded(network.with_params({name: p for name, p in params.items() if name in network.params}))",
        "folded(network)",
    ),
    "inject-with-other-images": ("inject", ', saved.settings["images"])', ")"),
    "rows-of-other-rates": ("inject", "places, options.rates, options.fault_seed]", "places, options.fault_seed]"),
    "pairs-taken-for-independent": (
        "statistics", "of_seeds = (a - b).mean(axis=1)", "of_seeds = (a - b).ravel()"),
    "method-over-patterns": ("statistics", "interval(table.mean(axis=1))", "interval(table.mean(axis=0))"),
    "one-tail": ("statistics", "return 2 * (1 - float", "return 1 * (1 - float"),
    "holm-is-bonferroni": ("statistics", "(len(p_values) - rank) * p", "len(p_values) * p"),
    "holm-not-monotone": ("statistics", "highest = max(highest, min(", "highest = max(0, min("),
    "rows-by-who-is-done-first": ("campaign", "executor.map(partial(alone, task, os.getpid()), patterns)", "reversed(list(executor.map(partial(alone, task, os.getpid()), patterns)))"),
    "outputs-dropped": ("campaign", "if name != last else None", "if True else None"),
    "output-layer-shared": ("campaign", "if of_units and end != learning[-1]:", "if of_units:"),
    "layers-mixed": ("campaign", "if places.setdefault(row.fault, row.layers) != row.layers:", "if False:"),
    "std-with-n": ("campaign", "ddof=1", "ddof=0"),
    "non-finite-counts-as-right": ("campaign", "& finite).sum()", ").sum()"),
    "campaign-always-pattern-0": ("campaign", "pattern(network, kind, fault_seed, number, only)", "pattern(network, kind, fault_seed, 0, only)"),
    "checkpoint-unchecked": ("checkpoint", "if _passport(arrays[name]) != passport:", "if False:"),
    "learning-rate-does-not-fall": ("train", "settings.lr_finetune * (1 - number / total)", "settings.lr_finetune"),
    "no-dropout-in-step-3": ("games", 'adams.confuse, faults, rng["confuse"])', "adams.confuse, faults)"),
    "rates-of-two-games-swapped": (
        "train", "settings.lr_discriminate, settings.lr_confuse)", "settings.lr_confuse, settings.lr_discriminate)"),
    "the-same-training-faults-in-every-step": (
        "train", 'Stream("train", self.settings.seed, phase, number, xp=self.xp)',
        'Stream("train", self.settings.seed, phase, 0, xp=self.xp)'),
    "the-same-noise-in-every-step": (
        "train", 'Stream("noise", settings.seed, "finetune", number, xp=self.xp)',
        'Stream("noise", settings.seed, "finetune", 0, xp=self.xp)'),
    "ruined-weights-are-saved": (
        "train", "if ruined := self._first_ruined():\n            raise", "if False:\n            raise"),
    "health-of-one-forward": ("games", "((logits < 0).mean() + (prior_logits > 0).mean()) / 2", "(logits < 0).mean()"),
    "leaky-slope-lost": ("layers", "dx += dy.dtype.type(self.slope)", "dx += 0"),
    "channels-not-tiled": ("layers", "+= array_module(y).tile(b, W)", "+= array_module(y).repeat(b, W)"),
    "windows-trust-any-stride": ("im2col", "per_channel = x.itemsize", "per_channel = x.strides[-1]"),
    "shards-share-noise": ("network", "rng[name][shard].generator()", "rng[name][0].generator()"),
    "shards-forget-gradients": ("network", "first[name] += g", "first[name] += 0 * g"),
    "shards-lost-by-sums": ("network", "max(self.shards, other.shards)", "1"),
    "jobs-in-another-order": ("parallel", "results[place] = work(job)", "results[-1 - place] = work(job)"),
    "errors-of-threads-lost": ("parallel", "        raise error\n", "        pass\n"),
    "products-split-in-threads": ("parallel", "_blas().limit(limits=1)", "_blas().limit(limits=None)"),
    "threads-forget-errstate": ("parallel", "contextvars.copy_context().run, take_jobs", "take_jobs"),
    "slim-reads-dead-rows": ("campaign", "[:, places], read[places][:, None])", "[:, places], read[places][:, None] | True)"),
    "slim-keeps-the-wrong-channels": ("campaign", "w.reshape(-1, len(read), M)[:, places]", "w.reshape(-1, len(read), M)[:, ::-1][:, places]"),
    "whole-network-for-every-pattern": ("campaign", "result = next(results) if changed else of_all", "result = of_all"),
    "shared-part-too-long": ("campaign", "if i > end and (layer.params or isinstance(layer, Flatten)))", "if i > end and layer.params)"),
    "formula-without-stride": ("bench", "((M - w) // S + 1)", "(M - w + 1)"),
    "game-without-line-11": ("bench", "discriminate = sum(extractor) + ", "discriminate = "),
    "moments-not-saved": (
        "checkpoint", "arrays = params | {MOMENTS + name: moment for name, moment in (moments or {}).items()}",
        "arrays = dict(params)"),
    "seal-unchecked": ("checkpoint", 'if hashlib.sha256(content).hexdigest() != seal["sha256"]:', "if False:"),
    "unsealed-rows-kept": ("checkpoint", "                file.truncate()\n", ""),
    "rows-sealed-before-they-are-written": (
        "checkpoint", "                file.write(block)\n", "                file.write(block[:-1])\n"),
    "drafts-stay": ("checkpoint", "            draft.unlink()\n", "            pass\n"),
    "sizes-unchecked": ("checkpoint", "if size > room:", "if False:"),
    "format-unchecked": ("checkpoint", 'if manifest["format"] != FORMAT:', "if False:"),
    "not-flushed-to-disk": ("files", "            os.fsync(file.fileno())\n", ""),
    "written-in-place": ("files", 'draft = path.with_name(f"{path.name}.aftt-{os.getpid()}.part")', "draft = path"),
    "headers-unchecked": ("files", "if size != held:", "if False:"),
    "two-of-one-name": ("files", "if name in headers:", "if False:"),
    "go-on-from-step-0": ("optim", "        self.t = t\n", ""),
    "moments-mixed-up": (
        "optim", '{f"v/{name}": v for name, v in self.v.items()}', '{f"v/{name}": v for name, v in self.m.items()}'),
    "resume-forgets-the-sums": (
        "train", "sums = [self.sums.get(name, 0) for name in names]", "sums = [0 for name in names]"),
    "resume-repeats-a-step": ("train", "if epoch * steps + i < self.step:", "if epoch * steps + i < self.step - 1:"),
    "resume-without-moments": ("train", "                adams[name].go_on(t, mine)\n", "                pass\n"),
    "ctrl-c-ignored": ("train", "        asked.append(number)\n", ""),
    "late-ctrl-c-lost": ("train", "    if asked:\n        raise KeyboardInterrupt\n", ""),
    "manifest-unsealed": ("checkpoint", 'if hashlib.sha256(text).digest() != file["seal"].tobytes():', "if False:"),
    "rows-of-anybody": ("checkpoint", 'if seal["owner"] != self.owner:', "if False:"),
    "theirs-taken-for-drafts": ("checkpoint", "if DRAFTS.fullmatch(draft.name) and", "if"),
    "a-header-of-any-length": ("files", "file.read(MOST_HEADER)", "file.read()"),
    "parameters-unseen": ("train", "        if self.params_at == self.step:\n            return\n", "        return\n"),
    "resume-with-other-images": ("train", "if sha256 and dataset.sha256 != sha256:", "if False:"),
    "divergence-unseen": ("train", "if not math.isfinite(value):", "if False:"),
    "other-settings-accepted": ("config", "        if value != saved[name]:", "        if False:"),
    "finite-if-any-logit-is": ("campaign", ".isfinite(logits).all(axis=1)", ".isfinite(logits).any(axis=1)"),
    "sha256-of-the-first-array": (
        "data", "for array in (self.x_train, self.y_train, self.x_test, self.y_test):", "for array in (self.x_train,):"),
    "mini-set-unchecked": ("data", "if dataset.sha256 != MINI_SHA256:", "if False:"),
    "spread-over-the-wrong-axis": ("games", "z.std(axis=0)", "z.std(axis=1)"),
    "scale-forgotten": ("faults", "if faults.scale != 1:", "if False:"),
    "scale-not-pulled-back": ("faults", "hit if self.scale == 1 else", "hit if True else"),
    "in-turn-unchecked": ("train", "        if not faults.sites(players", "        if settings.fault_steps == 'together' and not faults.sites(players"),
    "older-runs-refused": ("config", "saved = defaults | saved", "saved = dict(saved)"),
    "a-tie-is-certain": ("statistics", "if error > 1e-9 else None", "if error else 0.0"),
    "pixels-stay-whole": ("models", "if dropout_pixels else {}", "if False else {}"),
    "pixels-unasked": ("train", "settings.dropout_pixels, settings.weights,", "0.0, settings.weights,"),
    "weights-unasked": ("train", "settings.dropout_pixels, settings.weights,", "settings.dropout_pixels,"),
    "dropconnect-not-rescaled": ("faults", "._replace(scale=1 / (1 - rate))", ""),
    "never-a-clean-step": ("faults", "    if turn.random() < clean:\n        return faults\n", ""),
    "always-the-first-in-turn": ("faults", "wanted[turn.integers(len(wanted))]", "wanted[0]"),
    "rates-from-0": ("faults", "rate = low + (high - low) *", "rate = high *"),
    "features-not-rescaled": ("campaign", "places, scale = alive(first), faults.scale", "places, scale = alive(first), 1"),
    "rescaled-by-the-rate": ("campaign", "1 / (1 - rate) if rescaled", "1 / rate if rescaled and rate"),
    "rate-0-not-rescaled": ("campaign", "if not (hit or rescaled):", "if not hit:"),
    "deviation-squared": ("campaign", ".sum(axis=1) ** 0.5, float", ".sum(axis=1), float"),
    "largest-of-the-last-part": ("campaign", "max(map(float, largest))", "float(largest[-1])"),
    "non-finite-deviates-by-nothing": ("campaign", 'float("inf"))  # (N,)', "0.0)"),
    "largest-is-a-mean": (
        "campaign", "number(max(row.largest_deviation for row in group))",
        "number(np.mean([row.largest_deviation for row in group]))"),
    "bootstrap-of-pairs": ("statistics", '_shares("patterns", P)', '_shares("patterns", P) * 0 + 1 / P'),
    "bootstrap-too-narrow": ("statistics", "mean - wider * (mean - float(low))", "float(low)"),
    "ties-share-no-rank": ("statistics", "smaller + (equal + 1) / 2", "smaller + equal"),
    "unpaired-difference": ("statistics", "of_seeds = (a - b).mean(axis=1)", "of_seeds = (a - b.mean()).mean(axis=1)"),
    "both-games-anyway": ("train", 'if settings.games == "reconstruction":', "if False:"),
    "adversary-is-both": ("train", 'games.play if settings.games == "both" else games.compete', "games.play"),
    "activation-twice": ("models", "        classifier = dict(rest)\n", "        pass\n"),
    "seeds-share-an-identity": ("plans", '{"seed": seed, "fault_seed"', '{"seed": 0, "fault_seed"'),
    "rows-of-an-older-plan": ("study", ' or made["plan"] != identity:', ":"),
    "result-taken-unsealed": ("study", 'if seal != digest(made) or made["plan"]', 'if made.get("plan")'),
    "rows-taken-unsealed": (
        "study", "if not path.is_file() or hashlib.sha256(path.read_bytes()).hexdigest() != sha256:",
        "if not path.is_file():"),
    "network-of-other-images": ("study", '(plans.of_training(saved.settings["settings"]), saved.settings["images"])',
                                '(plans.of_training(saved.settings["settings"]), dataset.sha256)'),
    "rows-without-their-images": ("study", "[run.sha256, run.dataset.sha256, asked,", "[asked,"),
    "foreign-rows-dropped": ("study", "for key in order | tables[name]", "for key in order"),
    "lost-rows-unnoticed": ("study", ' and str(len(tables["rows"][key])) == run["rows"]', ""),
    "results-of-another-title": ("study", "(title := plans.read(there).title) != plan.title", "False"),
    "plan-read-anew": ("study", "running[job] = start(path, job, folder)", "running[job] = start(plan.text, job, folder)"),
    "threads-in-the-identity": ("plans", 'NOT_TRAINING = ("threads", "backend",', 'NOT_TRAINING = ("backend",'),
    "strengths-of-other-losses": ("plans", "elif method in PENALTIES and rest == plain:", "elif method in PENALTIES:"),
    "campaigns-twice": ("plans", "            if place in seen:", "            if False:"),
    "names-that-collide": ("plans", "fit_name(name).casefold() for name in plan.methods", "name for name in plan.methods"),
    "won-back-turned-round": ("tables", "100 * (1 - still / at_first)", "100 * (still / at_first)"),
    "won-back-from-its-own-accuracy": ("tables", "found.test[first][seed] for seed in seeds])", "found.test[method][seed] for seed in seeds])"),
    "spread-of-sums": ("tables", "c.table(a, seeds) - c.table(b, seeds)", "c.table(a, seeds) + c.table(b, seeds)"),
    "spread-without-the-games": ("paper", "for method in others] + asked))", "for method in others]))"),
    "bands-of-two-seeds": ("findings", "if len(found.seeds[method]) > 2", "if len(found.seeds[method]) > 1"),
    "rows-of-a-changed-plan-go": ("study", "if others and not replace:", "if False:"),
    "estimates-write": ("study", "plans.check(plan), write=False)", "plans.check(plan))"),
    "labels-in-columns": ("campaign", 'getattr(labels, "shape", None) != (len(x),)', "False"),
    "patterns-twice": ("campaign", "if len(set(patterns)) < len(patterns) or not all(", "if not all("),
    "shapes-of-nobody": ("network", "if mine.get(name) != p.shape]", "if name not in mine]"),
    "more-processes-than-patterns": ("inject", "min(options.workers, options.patterns)", "options.workers"),
    "complete-without-metrics": ("train", '("metrics.csv", "faults.csv", "faults.csv.seal")', '("faults.csv",)'),
    "stars-of-no-paper": ("paper", "return made if any(stars for *_, stars in made) else []", "return made"),
    "cells-twice": ("findings", "            if at in mine:", "            if False:"),
    "networks-with-other-rates": ("findings", "if any(sorted(mine) != wanted for mine in of.values()) or", "if"),
    "rows-of-any-plan-shown": ("findings", "    if identities is not None:", "    if False:"),
    "text-eaten-to-the-next-end": ("report", "(?:(?!<!--).)*?", ".*?"),
    "results-of-an-older-plan": ("study", 'right = run.get("plan") == identity and', 'right = "plan" in run and'),
    "trained-again": ("study", "saved = checkpoint.load(path) if os.path.lexists(path) else None", "saved = None"),
    "rescaled-ignored": ("study", "*what, rescaled=view is True)", "*what, rescaled=False)"),
    "failure-unnoticed": ("study", "    if failures:\n        raise failures[0]\n", ""),
    "estimate-of-one-pattern": ("study", "(plan.patterns * len(views)", "(len(views)"),
    "saturates-with-the-slope-of-what-is-used": ("defences", "self.map.slope(self.params", "self.map.slope(plain.params"),
    "stored-weights-not-mapped-back": ("defences", ' | {"w": grads["w"] * self.map.slope(self.params["w"])}', ""),
    "nan-stays": ("defences", "where(xp.isfinite(w), w, w.dtype.type(0))", "where(w != xp.inf, w, w.dtype.type(0))"),
    "infinity-stays": ("defences", "where(xp.isfinite(w), w, w.dtype.type(0))", "where(w == w, w, w.dtype.type(0))"),
    "softsign-of-infinity": ("defences", "size = array_module(v).minimum(abs(v), v.dtype.type(np.finfo(v.dtype).max))", "size = abs(v)"),
    "divides-by-nothing": ("defences", "return v / v.dtype.type(self.by)", "return v"),
    "squash-clamps": ("defences", "where(inside, x, x.dtype.type(0))", "where(inside, x, x.dtype.type(self.limit))"),
    "squash-one-side": ("defences", "inside = abs(x) <= self.limit", "inside = x <= self.limit"),
    "squash-by-product": ("defences", "return array_module(x).where(inside, x, x.dtype.type(0)), inside", "return x * inside, inside"),
    "clamp-one-side": ("defences", "x.clip(self.low, self.high), x", "x.clip(None, self.high), x"),
    "soft-limit-by-product": ("defences", "y = xp.where(s < 1, x * (1 - s), x.dtype.type(0))", "y = x * (1 - s)"),
    "soft-limit-gradient-of-a-mean": ("defences", "(1 - s)).sum(axis=0)}", "(1 - s)).mean(axis=0)}"),
    "saturated-classifier-forgotten": ("models", "saturated(extractor, weights), saturated(classifier, weights)", "saturated(extractor, weights), classifier"),
    "scaled-for-another-memory": ("study", "name = defend.named_for(view, kind)", "name = view"),
    "parameters-shared-by-networks": ("models", "value = p.copy()", "value = p"),
    "order-against-another-reading": ("paper", "met = [b for b in of[other] if reading(b) == reading(a)]", "met = []"),
    "order-of-several-strengths": ("paper", "if readings.count(reading(method)) == 1]", "]"),
    "paper-within-every-interval": ("paper", 'one["low"] <= papers[key] <= one["high"]', 'papers[key] <= one["high"]'),
    "table-i-in-test-twice": ("paper", "paper = {value: (train, test, train - test)", "paper = {value: (train, test, test)"),
    "bars-of-another-place": ("plots", "axes.plot([x, x], [low, high], color=style", "axes.plot([x, x], [low, low], color=style"),
    "success-undone-by-ctrl-c": ("errors", "    if code == 0:\n        signal", "    if False:\n        signal"),
    "workers-left-behind": ("inject", "    threading.Thread(target=end_with_parent, daemon=True).start()\n", ""),
    "drafts-of-some-names": ("checkpoint", 'DRAFTS = re.compile(r"[^/]+', 'DRAFTS = re.compile(r"[a-z]+'),
    "ctrl-c-within-an-executor": ("inject", "ctrl_c_waits(end_them) as interrupted", "born_deaf() as interrupted"),
    "second-ctrl-c-within-an-executor": ("inject", "ctrl_c_waits(end_them)", "ctrl_c_waits()"),
    "patterns-worked-off-after-ctrl-c": ("inject", "                process.terminate()", "                pass"),
    "mistyped-and-required": ("config", '("unrecognized", "the following arguments are required")', '"unrecognized"'),
    "palette-of-four": ("plots", ".quantize(256)", ".quantize(4)"),
    "note-of-every-memory": ("inject", "if made_for not in (None, options.memory):", "if made_for is not None:"),
    "way-from-0-to-scale": ("plots", "axes.plot(at[without:], mean[without:]", "axes.plot(at, mean"),
    "seeds-of-who-is-not-there": ("report", "number_of_seeds(found, found.methods)", "number_of_seeds(found, found.seeds)"),
    "strengths-evenly-spaced": ("plots", "powers = [np.log10(value) for", "powers = [value for"),
    "one-page-of-two": ("study", "    for page in pages:", "    for page in pages[-1:]:"),
    "accuracy-of-the-undefended": ("study", 'own = made["own"].get(method, {})', "own = {}"),
    "rows-of-the-undefended": ("study", "model_for = seen_as(view, run, folder)", "model_for = seen_as(False, run, folder)"),
    "slope-of-a-folded-map": ("defences", "return self.map.slope(v) * self.factor", "return self.map.slope(v)"),
    "affine-beyond-its-range": ("memory", "return -float(np.finfo(np.float32).max) / 2, float(np.finfo(np.float32).max) / 2", "return -np.inf, np.inf"),
    "options-of-other-methods": ("config", 'if of not in ("", settings.method):', "if False:"),
    "clean-steps-of-nothing": ("config", "and not settings.train_faults:", "and False:"),
    "unused-and-not-told": ("train", "if why := config.unused(settings):", "if why := None:"),
    "a-typo-begins-a-run": ("train", "        if not given:\n            remedy", "        if False:\n            remedy"),
    "data-elsewhere-without-a-word": ("train", "if settings.data_dir and not os.path.isdir(", "if False and not os.path.isdir("),
    "any-name-is-near": ("data", "n=1, cutoff=0.4)", "n=1, cutoff=0)"),
    "option-of-another-defence": ("defend", "elif options.defence not in of:", "elif False:"),
    "non-finite-at-the-first-rate": ("tables", "curves.non_finite[method][seed][:, at].mean()", "curves.non_finite[method][seed][:, 0].mean()"),
    "defence-chosen-for-another": ("study", 'if kept.settings.get("chosen_for") == chosen_for:', "if True:"),
    "defence-chosen-again": ("study", "if defence[0] not in LONG:", "if True:"),
    "defence-chosen-for-another-defence": ("study", 'chosen_for = {"defence": defence, ', "chosen_for = {"),
    "defence-kept-without-parameters": ("study", "checkpoint.save(path, changed, {", "checkpoint.save(path, {}, {"),
    "search-on-all-images": ("defend", "last = slice(-(len(x) // 6), None)", "last = slice(None)"),
    "search-of-the-outer-interval": ("defend", "low, high = ends[max(best - 1, 0)], ends[min(best + 1, 3)]", "low, high = ends[0], ends[3]"),
    "search-of-the-least-area": ("defend", "return max(known, key=known.get)", "return min(known, key=known.get)"),
    "ranges-of-the-last-part": ("defend", "xp.minimum(low, found[name][0]), xp.maximum(high, found[name][1])", "low, high"),
    "search-on-evaluation-patterns": ("defend", "range(PATTERNS), SEARCH_SEED)", "range(PATTERNS), 0)"),
    "scaled-by-infinity": ("defend", "min(2.0 ** np.floor(np.log2(TOP[form] / largest)), MOST)", "2.0 ** np.floor(np.log2(TOP[form] / largest))"),
    "saturation-lost": ("defend", 'if defence == "scaling" and through:', "if False:"),
    "fitact-moves-weights": ("defend", "adam.step(limits, {name: grads[name] for name in limits})", "adam.step(limits, {name: grads[name] for name in limits})\n            network.layers['dense1'].params['w'][...] *= 0.9"),
    "scaled-by-any-number": ("defend", "min(2.0 ** np.floor(np.log2(TOP[form] / largest)), MOST)", "min(TOP[form] / largest, MOST)"),
    "defended-twice": ("defend", 'if "defence" in saved.settings:', "if False:"),
    "defended-run-resumed": ("train", 'if "defence" in saved.settings:', "if False:"),
    "defended-run-read-plain": ("inject", 'if how := saved.settings.get("defence"):', 'if how := None:'),
    "limits-stay-with-the-dead": ("campaign", "[:, alive(read)].reshape(*limit.shape[:-1], -1)", "[:, ::-1][:, alive(read)].reshape(*limit.shape[:-1], -1)"),
    "bit-of-the-wrong-end": ("memory", "np.left_shift(1, bit)", "np.left_shift(1, self._format.bits - 1 - bit)"),
    "one-bit-a-weight": ("memory", "np.bitwise_or.reduceat(masks, first)", "masks[first]"),
    "stuck-at-1-flips": ("memory", '"bits-at-1": old | masks', '"bits-at-1": old ^ masks'),
    "stuck-at-0-keeps-the-others-out": ("memory", "old & ~masks", "old & masks"),
    "memory-written": ("memory", "codes.copy().reshape(-1)", "codes.reshape(-1)"),
    "bits-forget-their-layer": ("memory", 'Stream(*stream.name, f"{name}.w"))', "Stream(*stream.name))"),
    "never-the-first-bit": ("memory", "[np.empty(0, np.int64)], -1", "[np.empty(0, np.int64)], 0"),
    "never-the-last-bit": ("memory", "places = places[places < bits]", "places = places[places < bits - 1]"),
    "two-faults-in-one-place": ("memory", "rng.geometric(ceiling, 10_000)", "(rng.geometric(ceiling, 10_000) - 1)"),
    "half-as-many-bits": ("memory", "return places, ceiling * rng.random", "return places, 2 * ceiling * rng.random"),
    "fixed-point-cut-not-rounded": ("memory", "(w * 2**self.fraction).round()", "(w * 2**self.fraction)"),
    "fixed-point-unsigned": ("memory", 'codes.view("i1")', "codes"),
    "affine-cut-not-rounded": ("memory", "((w - low) / step).round()", "((w - low) / step)"),
    "beyond-the-memory-in-silence": ("memory", "if any(beyond.values()) else None", "if False else None"),
    "rate-above-the-ceiling": ("memory", "if max(rates, default=0) > CEILING:", "if False:"),
    "area-of-bits-linear": ("campaign", "np.log10(x[x > 0]), accuracy", "x[x > 0], accuracy"),
    "falls-of-bits-linear": (
        "campaign", "if by_decades(kind):\n                return", "if False:\n                return"),
    "transient-the-same-for-all-images": ("campaign", "u[name][part] >= rate", "u[name][:1] >= rate"),
    "transient-shared-by-layers": ("campaign", 'stream[f"{name}.w"].generator().random((', "stream.generator().random(("),
    "stuck-at-max-of-one-sign": ("faults", "xp.sign(p) * abs(p).max()", "abs(p).max()"),
    "stuck-at-max-as-at-0": ("faults", "broken = at_max if faults.at_max else masked", "broken = masked"),
    "norm-gradient-as-if-fixed": ("deep", "dx = (rows - sum_rows(rows) / len(rows) - x_hats * along)", "dx = rows"),
    "moments-never-follow": ("network", "            if layer.followers:", "            if False:"),
    "moments-of-broken-weights": ("randbet", "follow(whole, tapes, x, rng)", "follow(broken, None, x, rng)"),
    "moments-of-the-broken": ("finetune", "None if faults.masks else tapes", "tapes"),
    "rows-of-another-default": ("plans", "what += [defend.made_with(view)", "what += [0"),
    "rows-kept-of-another-default": ("study", "made_with = [defend.made_with(view)] if", "made_with = [] if"),
    "unfolded-in-a-campaign": ("campaign", "    if network.follows:", "    if False:"),
    "moments-moved-by-adam": ("network", "if name not in followers}", "}"),
    "folded-without-the-mean": ("deep", '(b - p["mean"]) * factor', "b * factor"),
    "folded-with-another-epsilon": ("deep", 'p["scale"] * (p["var"] + EPSILON) ** -0.5', 'p["scale"] * p["var"] ** -0.5'),
    "folded-into-what-is-stored": ("deep", "product = mapped(product, Times(product.map, factor))", "w = w * factor"),
    "dead-channels-keep-their-shift": ("faults", 'dict.fromkeys((f"{name}.scale", f"{name}.shift"),', 'dict.fromkeys((f"{name}.scale",),'),
    "a-normalised-batch-in-shards": ("models", " and BatchNorm not in of", ""),
    "scale-begins-at-0": ("models", "        value = p.copy()", "        value = np.zeros_like(p)"),
    "mapped-when-slim-twice": ("campaign", 'layer.read() if isinstance(layer, Mapped) else layer.params["w"]', 'layer.params["w"]'),
    "evaluated-before-folding": ("train", "return folded(self.model)", "return self.model"),
    "defended-from-other-weights": ("inject", "        network = network.with_params(changed)\n", ""),
    "width-ignored": ("models", '(512, 512), width)', '(512, 512), 1.0)'),
    "errors-from-the-start": ("randbet", "(value < START) * value", "value / value * value"),
    "errors-alone": ("randbet", "value.dtype.type(0.5)", "value.dtype.type(1)"),
    "read-unrounded": ("randbet", "whole.append(network.with_params(memory.read(stored)))", "whole.append(network)"),
    "the-same-errors-in-every-step": ("train", '"train", settings.seed, "bits", number)', '"train", settings.seed, "bits")'),
    "clipped-from-above": ("randbet", "w.clip(-limit, limit, out=w)", "w.clip(None, limit, out=w)"),
    "never-clipped": ("train", "if settings.clip_weights:", "if False:"),
    "a-gap-that-overflows": ("memory", ".clip(max=bits + 1).cumsum()", ".cumsum()"),
    "interval-over-pairs": (
        "tables", "cells.append(text(interval(curves.means(method, seeds, what))))",
        "cells.append(text(interval(curves.table(method, seeds, what).ravel())))"),
    "p-not-corrected": ("tables", "    adjusted = holm(", "    adjusted = dict("),
    "difference-the-other-way": ("tables", "said[pair, what] = difference(a, b)", "said[pair, what] = difference(b, a)"),
    "gap-from-the-test": (
        "findings", "[found.train[method][seed] - found.test[method][seed] for",
        "[found.test[method][seed] - found.train[method][seed] for"),
    "seeds-mixed-up": ("findings", "values = np.array([self.accuracy[method][seed] for seed in seeds])",
                       "values = np.array([self.accuracy[method][seeds[0]] for seed in seeds])"),
    "pairs-the-other-way": ("paper", "pairs = [(better, other) for better, other, *_ in", "pairs = [(other, better) for better, other, *_ in"),
    "table-of-another-heading": ("report", "{parts[found[2]]}<!-- end", "{next(iter(parts.values()))}<!-- end"),
    "compressed-with-the-time": ("files", "gzip.compress(text, mtime=0)", "gzip.compress(text)"),
    "short-lines-accepted": ("files", "if any(None in row or None in row.values() for row in rows):", "if False:"),
    "games-without-their-faults": ("train", 'broken_by = self._faults("games", number)', "broken_by = faults.NO_FAULTS"),
}  # fmt: skip


OWN = {  # where a module's own tests are, if not in the file of its name alone
    "campaign": ["campaign", "memory", "deep"], "finetune": ["games", "deep"], "defences": ["defences", "layers"], "train": ["train", "resume", "deep", "randbet"], "network": ["network", "deep"], "models": ["models", "deep"],
    "deep": ["deep", "layers"], "inject": ["inject", "deep"], "faults": ["faults", "deep"], "randbet": ["randbet", "deep"], "files": ["files", "data", "checkpoint"],
    "checkpoint": ["checkpoint", "resume"], "config": ["config", "resume", "inject"],
    "findings": ["report", "study"], "tables": ["report", "study"], "paper": ["report"], "report": ["report", "study"],
    "plans": ["study"], "defend": ["defend", "study"],
}  # fmt: skip
LONGEST = 900  # seconds; some bugs are endless loops


def caught_by(module: str, line: str, bug: str) -> str:
    """The first failing test and its message with the bug planted; empty if the whole suite passes."""
    with tempfile.TemporaryDirectory() as folder:
        copy = Path(folder) / "copy"
        shutil.copytree(ROOT, copy, ignore=shutil.ignore_patterns(".git", "runs", "__pycache__", ".hypothesis"))
        path = copy / "aftt_np" / f"{module}.py"
        text = path.read_text(encoding="utf-8")
        if line not in text:
            raise SystemExit(f"{module}.py no longer has the line: {line}")
        path.write_text(text.replace(line, bug, 1), encoding="utf-8")
        environment = os.environ | {"PYTHONPATH": str(copy)}  # for the programs that tests start, too
        own = [f"tests/test_{name}.py" for name in OWN.get(module, [module])]
        for tests in (own, ["tests"]):  # the module's own tests first: they should be the ones to see it
            call = [sys.executable, "-m", "pytest", *tests, "-x", "-q", "--no-header", "--tb=short", "-p", "no:cacheprovider",
                    "--deselect", f"tests/test_architecture.py::{FINDS_ITS_LINE}"]  # which a planted bug no longer does
            try:
                out = subprocess.run(call, cwd=copy, env=environment, capture_output=True, text=True, timeout=LONGEST)
            except subprocess.TimeoutExpired:
                return f"{' '.join(tests)}: HANGS, not done after {LONGEST} s"
            if out.returncode:
                name = re.search(r"^(?:FAILED|ERROR) (.*?)(?: - .*)?$", out.stdout, re.MULTILINE)
                message = re.search(r"^E +(?:\| )*(.*)$", out.stdout, re.MULTILINE)
                return f"{name[1] if name else '?'}: {message[1] if message else out.stdout[-300:]}"
    return ""


def main(names):
    """Plant the bugs; print a line for each, and exit with 1 if one was not caught."""
    if unknown := [name for name in names if name not in BUGS]:
        sys.exit(f"error: no planted bug is called {unknown[0]}; the names are in BUGS in {__file__}")
    missed = []
    for name in names or BUGS:
        started = time.perf_counter()
        how = caught_by(*BUGS[name])
        missed += [] if how else [name]
        print(f"{'caught' if how else 'MISSED'} {time.perf_counter() - started:5.1f} s  {name}\n         {how}", flush=True)
    print(f"{len(missed)} of {len(names or BUGS)} not caught {' '.join(missed)}")
    return bool(missed)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
