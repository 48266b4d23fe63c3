"""Adversarial fault tolerant training, from scratch in NumPy, to be read.

The modules in reading order; each imports only modules above it.

    errors.py       what can go wrong, as exceptions with their exit codes
    files.py        files written whole or not at all, and judged before they are read
    backend.py      which array library owns an array; moving arrays between host and device
    parallel.py     all of the processor's cores at work
    rng.py          a generator for every purpose, found by its name, never by its turn
    im2col.py       image patches to matrix rows, and rows added back into images
    layers.py       one class a layer: parameters, forward, backward, gradients
    defences.py     layers that bound what a fault can do
    losses.py       a loss and its gradient; the Lasso and Tikhonov penalties
    optim.py        Adam, as in its paper
    network.py      named layers in a row that behave like one layer
    deep.py         batch normalisation, and the deeper networks that need it
    models.py       the paper's networks, as tables of layers
    data.py         read a data set, deal it out in batches
    faults.py       draw faults; a broken copy of a network; the gradient through it
    memory.py       numbers as bits, faults on the bits, bits as numbers
    games.py        algorithm 1, steps (1) to (3)
    finetune.py     algorithm 1, step (4), and the plain supervised baselines
    randbet.py      the same step with bit errors in the weights
    statistics.py   intervals, tests and variances, from their definitions
    campaign.py     accuracy against fault rate
    checkpoint.py   a run on disk: its folder, its checkpoint, its rows; read back or refused
    plots.py        every figure
    findings.py     what a study found, read from its rows
    tables.py       tables of it
    paper.py        the paper's numbers, and ours beside them
    report.py       all tables and figures of a study, into its folder and into pages
    config.py       the settings of a run, the presets, the command line
    train.py        the command: python -m aftt_np.train
    inject.py       the command that breaks a trained network: python -m aftt_np.inject
    defend.py       the command that defends one: python -m aftt_np.defend
    plans.py        the plan of a study: methods, seeds, faults
    study.py        a plan run to its end: python -m aftt_np.study
    bench.py        what a step costs: python -m aftt_np.bench
"""

import os as _os

# OpenBLAS reads this when NumPy is first imported: its threads wait 0.1 ms (2^18 ticks) for a product, then sleep.
# With its own 2^26 they keep the other cores busy with waiting while our threads want to work.
_os.environ.setdefault("OPENBLAS_THREAD_TIMEOUT", "18")
