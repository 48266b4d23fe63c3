"""Numbers as bits: what is written comes back, faults hit the bits they say, at their rate, the same for everyone."""

import math
import struct

import cupy_standin
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from strategies import SEED, filled
from test_campaign import a_network, some_images

from aftt_np import campaign, memory
from aftt_np.errors import UsageError
from aftt_np.layers import Dense
from aftt_np.memory import CEILING, FORMATS, KINDS, Memory, check, parse
from aftt_np.network import Network

FORMAT = st.sampled_from(list(FORMATS))
RATE = st.floats(0, CEILING)


def weights(seed, shape=(7, 5), scale=1.0):
    return (scale * np.random.default_rng(seed).standard_normal(shape)).clip(-3.9, 3.9).astype(np.float32)


def bits_of(form, w):
    """The codes of `w`, lowest bit first, by Python's struct and arithmetic: no NumPy views. One integer a number."""
    if form in ("float32", "float16"):
        there, back = ("<f", "<I") if form == "float32" else ("<e", "<H")
        return [struct.unpack(back, struct.pack(there, float(x)))[0] for x in w.ravel()]
    if form == "q2.5":
        return [max(-128, min(127, round(float(x) * 32))) % 256 for x in w.ravel()]
    low, high = float(w.min()), float(w.max())
    return [round((float(x) - low) / ((high - low) / 255)) for x in w.ravel()]


def number_of(form, code, w):
    """What one code is read as."""
    if form in ("float32", "float16"):
        there, back = ("<I", "<f") if form == "float32" else ("<H", "<e")
        return struct.unpack(back, struct.pack(there, code))[0]
    if form == "q2.5":
        return (code - 256 if code >= 128 else code) / 32
    low, high = float(w.min()), float(w.max())
    return low + code * (high - low) / 255


@pytest.mark.parametrize("form", FORMATS)
@given(seed=SEED)
def test_what_is_written_are_the_bits_of_the_format(form, seed):
    w = weights(seed)
    codes, known = FORMATS[form].write(w)
    assert codes.dtype == np.dtype(f"u{FORMATS[form].bits // 8}")
    assert codes.ravel().tolist() == bits_of(form, w)
    read = FORMATS[form].read(codes, known)
    assert (read.dtype, read.shape) == (np.float32, w.shape)
    expected = [number_of(form, code, w) for code in codes.ravel().tolist()]
    np.testing.assert_allclose(read.ravel(), expected, rtol=1e-5, atol=1e-6)


@pytest.mark.parametrize("form", FORMATS)
@given(seed=SEED)
def test_what_is_read_is_nearest_to_what_was_written(form, seed):
    w = weights(seed)
    half_a_step = {
        "float32": 0.0, "float16": 2.0**-11 * abs(w), "q2.5": 1 / 64, "int8": (w.max() - w.min()) / 510,
    }[form]  # fmt: skip
    there_and_back = FORMATS[form].read(*FORMATS[form].write(w))
    assert (abs(there_and_back - w) <= half_a_step + 1e-6).all()
    again = FORMATS[form].read(*FORMATS[form].write(there_and_back))
    np.testing.assert_allclose(again, there_and_back, rtol=1e-6, atol=1e-6)


def test_one_bit_by_hand():
    def flipped(form, value, bit, low_and_high=()):
        w = np.array([value, *low_and_high], np.float32)
        it = Memory(form, "bits", bit)
        codes, known = FORMATS[form].write(w)
        return float(FORMATS[form].read(it.strike(codes, np.array([0])), known)[0])

    assert flipped("float32", 0.5, 31) == -0.5
    assert flipped("float32", 0.5, 30) == 2.0**127  # the exponent 126, of 0.5, becomes 254
    assert flipped("float32", 1.0, 30) == math.inf  # 127 becomes 255, which is kept for infinity
    assert math.isnan(flipped("float32", 1.5, 30))  # and for what is not a number, if the fraction is not 0
    assert flipped("float32", 0.5, 22) == 0.75
    assert flipped("float16", 0.5, 14) == 2.0**15
    assert flipped("q2.5", 0.5, 7) == -3.5  # the sign bit is worth -4
    assert flipped("q2.5", 0.5, 6) == 2.5
    assert flipped("q2.5", 0.5, 0) == 0.5 + 1 / 32
    assert flipped("int8", 0.0, 7, (0.0, 255.0)) == 128.0


@pytest.mark.parametrize("fault", KINDS)
@pytest.mark.parametrize("form", FORMATS)
@given(seed=SEED, chosen=st.booleans(), data=st.data())
def test_faults_hit_the_bits_they_say(form, fault, seed, chosen, data):
    w, bits = weights(seed), FORMATS[form].bits
    bit = data.draw(st.integers(0, bits - 1)) if chosen else None
    n = w.size if chosen else w.size * bits
    places = np.array(sorted(data.draw(st.sets(st.integers(0, n - 1), min_size=1, max_size=60))))
    codes, _ = FORMATS[form].write(w)
    before = codes.copy()
    struck = Memory(form, fault, bit).strike(codes, places)
    expected = before.ravel().tolist()
    for place in places.tolist():
        element, here = (place, bit) if chosen else divmod(place, bits)
        one = 1 << here
        was = expected[element]
        expected[element] = {"bits": was ^ one, "bits-at-0": was & ~one, "bits-at-1": was | one}[fault]
    assert struck.ravel().tolist() == expected
    assert (struck.dtype, struck.shape) == (codes.dtype, codes.shape)
    np.testing.assert_array_equal(codes, before, "what was written has changed")


@given(seed=SEED, number=st.integers(0, 50), form=FORMAT)
def test_places_are_different_in_order_and_below_the_ceiling(seed, number, form):
    network = a_network()
    for name, (places, u) in Memory(form).pattern(network, seed, number).items():
        assert (np.diff(places) > 0).all(), "two faults in one place, or out of order"
        assert len(places) == len(u) and (u < CEILING).all() and (u >= 0).all()
        assert places.max(initial=0) < network.params[f"{name}.w"].size * FORMATS[form].bits


@pytest.mark.parametrize("rate", [CEILING, 0.01, 1e-3, 1e-4])
@pytest.mark.parametrize("form", FORMATS)
def test_bits_are_hit_at_their_rate_in_every_layer_and_every_position(form, rate):
    network, patterns = Network({"a": Dense(40, 50), "b": Dense(5, 4)}), 60
    it, bits = Memory(form), FORMATS[form].bits
    for name, size in {"a": 2000, "b": 20}.items():
        hit = np.zeros(bits)
        for number in range(patterns):
            places, u = it.pattern(network, 1, number)[name]
            hit += np.bincount(places[u < rate] % bits, minlength=bits)
        for what, here, n in [("all", hit.sum(), bits), *((f"bit {i}", h, 1) for i, h in enumerate(hit))]:
            n *= size * patterns
            sigma = math.sqrt(n * rate * (1 - rate))
            assert abs(here - n * rate) < 4.5 * sigma + 1, f"{name}, {what}: {here} of {n} at rate {rate}"


def test_the_first_and_the_last_bit_can_be_hit():
    places, _ = zip(*(memory.below(memory.CEILING, 100, memory.Stream("x", i)) for i in range(1000)), strict=True)
    seen = set(np.concatenate(places).tolist())
    assert seen == set(range(100))


def test_a_small_layer_has_its_share_of_rare_faults():
    """500 weights of 32 bits at 1e-5 are 0.16 faults on average: neither none, cut off, nor one, forced."""
    network, rate = Network({"a": Dense(20, 25)}), 1e-5
    hits = []
    for number in range(2000):
        _, u = Memory("float32").pattern(network, 0, number)["a"]
        hits.append((u < rate).sum())
    assert abs(sum(hits) - 320) < 4.5 * math.sqrt(320)


@given(seed=SEED, form=FORMAT, fault=st.sampled_from(KINDS), low=RATE, high=RATE)
def test_faults_nest_over_rates_and_do_not_depend_on_what_else_is_asked(seed, form, fault, low, high):
    low, high = sorted((low, high))
    network, it = a_network(), Memory(form, fault)
    pattern = it.pattern(network, seed, 3)
    alone = it.pattern(Network({"extractor/dense1": network.layers["extractor/dense1"]}), seed, 3)
    for name, (places, u) in pattern.items():
        assert set(places[u < low]) <= set(places[u < high])
        if name in alone:
            np.testing.assert_array_equal(alone[name], (places, u))
    np.testing.assert_array_equal(
        Memory(form, "bits").pattern(network, seed, 3)["classifier/dense2"], pattern["classifier/dense2"]
    )


def test_patterns_layers_formats_and_chosen_bits_have_faults_of_their_own():
    network = Network({"a": Dense(40, 50), "b": Dense(40, 50)})
    kinds = [(form, bit) for form in ("float32", "float16", "int8") for bit in (None, 0, 7)]
    drawn = {}
    for form, bit in kinds:
        for number in range(2):
            for name, (places, _) in Memory(form, "bits", bit).pattern(network, 0, number).items():
                drawn[form, bit, number, name] = places[:50].tobytes()
    assert len(set(drawn.values())) == len(drawn)


@pytest.mark.parametrize(
    "kind", ["bits:float32", "bits-at-1:float16", "bits:q2.5", "bits-at-0:int8", "bits:float32:30"]
)
def test_rows_are_those_of_the_plain_loop(kind):
    """Copy the network, rewrite one weight after the other with Python's own integers, classify."""
    network, (x, y) = a_network(conv=True), some_images()
    it, rates = parse(kind), [0.0, 0.003, 0.05]
    with np.errstate(all="ignore"):
        rows = list(campaign.run(network, x, y, kind, rates, range(3), fault_seed=4))
    sizes = {name: p.size for name, p in network.params.items() if name.endswith(".w")}
    each = 1 if it.bit is not None else FORMATS[it.format].bits
    assert [(row.pattern, row.rate) for row in rows] == [(p, r) for p in range(3) for r in rates]
    for row in rows:
        params, hit = {}, 0
        for name, (places, u) in it.pattern(network, 4, row.pattern).items():
            w = network.params[f"{name}.w"]
            codes = bits_of(it.format, w)
            for place in places[u < row.rate].tolist():
                element, bit = divmod(place, each) if it.bit is None else (place, it.bit)
                one, hit = 1 << bit, hit + 1
                was = codes[element]
                codes[element] = {"bits": was ^ one, "bits-at-0": was & ~one, "bits-at-1": was | one}[it.fault]
            read = np.array([number_of(it.format, code, w) for code in codes], np.float64)
            params[f"{name}.w"] = read.astype(np.float32).reshape(w.shape)
        with np.errstate(all="ignore"):
            score = campaign.score(network.with_params(params), x, y)
        assert (row.accuracy, row.non_finite) == (score.accuracy, score.non_finite)
        assert (row.fault, row.hit, row.population) == (kind, hit, each * sum(sizes.values()))
    assert any(row.mean_deviation > 0 for row in rows), "nothing was broken"


def test_a_chosen_layer_alone_is_hit():
    network, (x, y) = a_network(conv=True), some_images()
    only = ["classifier/dense2"]
    rows = list(campaign.run(network, x, y, "bits:int8", [0.0, 0.05], range(2), 4, only))
    assert {(row.layers, row.population) for row in rows} == {("classifier/dense2", 8 * 3 * 8)}
    it = parse("bits:int8")
    params, hit = it.struck(it.write(network), it.pattern(network, 4, 1, only), 0.05)
    assert list(params) == ["classifier/dense2.w"]
    whole = network.with_params(it.read(it.write(network)))
    assert rows[3].hit == hit and rows[3].accuracy == campaign.score(whole.with_params(params), x, y).accuracy


def test_what_is_not_finite_is_a_wrong_answer_and_counted():
    network = Network({"flatten": a_network().layers["extractor/flatten"], "dense": Dense(1, 2)})
    network = network.with_params({"dense.w": np.array([[1.5, 1.0]], np.float32)})
    x, y = np.full((4, 1, 1, 1), 255, np.uint8), np.zeros(4, int)
    with np.errstate(all="ignore"):
        rows = list(campaign.run(network, x, y, "bits:float32:30", [0.0, CEILING], range(200), 0))
    assert {(row.accuracy, row.non_finite) for row in rows if row.hit == 0} == {(100.0, 0)}
    assert {(row.accuracy, row.non_finite) for row in rows if row.hit} == {(0.0, 4)}, "1.5 is nan then, and 1 infinite"


def test_the_same_on_a_device():
    device = cupy_standin.module()
    for form in FORMATS:
        for bit in (None, 5):
            w, it = weights(1, (30, 20)), Memory(form, "bits", bit)
            network = Network({"a": Dense(30, 20)}).with_params({"a.w": w, "a.b": np.zeros(20, np.float32)})
            there = network.with_params({"a.w": device.asarray(w)})
            pattern = it.pattern(network, 0, 0)
            here, hit = it.struck(it.write(network), pattern, 0.02)
            with pytest.MonkeyPatch.context() as patch:
                patch.setitem(__import__("sys").modules, "cupy", device)
                stored = it.write(there)
                reads = cupy_standin.count_reads(lambda: it.struck(stored, pattern, 0.02))  # noqa: B023
                result, same = it.struck(stored, it.pattern(there, 0, 0), 0.02)
            assert (same, reads) == (hit, 0)
            np.testing.assert_array_equal(result["a.w"].get(), here["a.w"])


@pytest.mark.parametrize(
    ("kind", "said"),
    [("bits", "expected KIND:FORMAT"), ("bits:float64", "float16"), ("bit:float32", "bits-at-0"),
     ("bits:int8:8", "int8 has bits 0 to 7, got '8'"), ("bits:int8:-1", "bits 0 to 7"), ("bits:int8:1:2", "expected"),
     ("bits:float32:x", "bits 0 to 31")],
)  # fmt: skip
def test_a_wrong_name_is_answered_with_the_right_ones(kind, said):
    with pytest.raises(UsageError, match=said):
        parse(kind)


@given(form=FORMAT, fault=st.sampled_from(KINDS), bit=st.none() | st.integers(0, 7))
def test_names_are_read_back(form, fault, bit):
    assert parse(f"{fault}:{form}" + ("" if bit is None else f":{bit}")) == Memory(form, fault, bit)


def test_weights_that_a_memory_cannot_hold_are_named_with_their_share():
    network = Network({"a": Dense(2, 2), "b": Dense(2, 2)})
    w = np.array([[4.0, 1], [1, 1]], np.float32)
    network = network.with_params({"b.w": w})
    with pytest.raises(UsageError, match=r"q2.5 holds numbers from -4 to 3.96875, and 25% of b.w are beyond"):
        check(Memory("q2.5"), network)
    check(Memory("q2.5"), network.with_params({"b.w": -w}))  # -4 is the smallest
    large = Network({"c": Dense(700, 600)}).with_params({"c.w": 5 * np.eye(700, 600, 599, np.float32)})
    with pytest.raises(UsageError, match=r"0\.000238% of c.w are beyond"):  # one of 420,000
        check(Memory("q2.5"), large)
    with pytest.raises(UsageError, match=r"and 100% of b.w are beyond"):
        check(Memory("q2.5"), network.with_params({"b.w": 9 * w}))
    check(Memory("int8"), network)
    with pytest.raises(UsageError, match="float16 holds"):
        check(Memory("float16"), network.with_params({"b.w": 1e5 * w}))
    with pytest.raises(UsageError, match=r"int8 holds .* 25% of b.w are beyond"):  # 1.7e38 - -1.7e38 is infinite
        check(Memory("int8"), network.with_params({"b.w": np.float32(2.0**126) * (w - 1)}))
    check(Memory("int8"), network.with_params({"b.w": np.float32(2.0**124) * w}))
    x, y = np.zeros((1, 1, 2, 1), np.uint8), np.zeros(1, int)
    network = Network({"flatten": a_network().layers["extractor/flatten"], **network.layers})
    with pytest.raises(UsageError, match="beyond"):
        list(campaign.run(network, x, y, "bits:q2.5", [0.01], [0], 0))


def test_a_rate_above_the_ceiling_is_refused():
    network, (x, y) = a_network(), some_images()
    with pytest.raises(UsageError, match=r"expected rates per bit from 0 to 0.05, got 0.06"):
        list(campaign.run(network, x, y, "bits:int8", [0.01, 0.06], [0], 0))
    with pytest.raises(ValueError, match="not for bits:int8"):
        list(campaign.run(network, x, y, "bits:int8", [0.01], [0], 0, rescaled=True))


def test_the_network_itself_is_not_written():
    network = Network({"a": filled(Dense(9, 9), np.float32, np.random.default_rng(0))})
    before = {name: p.copy() for name, p in network.params.items()}
    for form in FORMATS:
        it = Memory(form)
        it.struck(it.write(network), it.pattern(network, 0, 0), CEILING)
    for name, p in network.params.items():
        np.testing.assert_array_equal(p, before[name])
