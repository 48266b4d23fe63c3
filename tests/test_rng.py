"""Streams of random numbers are found by their names: not by their turn, not by the process."""

import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

import aftt_np.rng
from aftt_np.rng import Stream

PART = st.one_of(st.integers(-(2**70), 2**70), st.text("ab1/,.\"' é", max_size=6))
NAME = st.lists(PART, min_size=1, max_size=4).map(tuple)


def numbers(stream, n=4):
    return stream.generator().random(n).tolist()


@given(NAME)
def test_a_stream_begins_anew_whenever_it_is_asked_for(name):
    stream = Stream(*name)
    generator = stream.generator()
    first = generator.random(4).tolist()
    assert generator.random(4).tolist() != first  # one generator goes on
    assert numbers(stream) == first, "a second generator of one stream starts elsewhere"
    assert numbers(Stream(*name)) == first, "two streams of one name differ"


@given(st.lists(NAME, min_size=2, max_size=6, unique=True), st.randoms(use_true_random=False))
def test_the_order_of_drawing_does_not_matter(names, random):
    expected = {name: numbers(Stream(*name)) for name in names}
    random.shuffle(names)
    np.random.default_rng(0).random(3)
    assert {name: numbers(Stream(*name)) for name in names} == expected


@given(NAME, NAME)
def test_other_names_give_other_streams(name, other):
    assume(name != other)
    assert Stream(*name).key() != Stream(*other).key(), f"{name} and {other} have one key"
    assert numbers(Stream(*name)) != numbers(Stream(*other))


@given(NAME, NAME)
def test_a_part_of_a_stream_is_the_stream_of_the_longer_name(name, more):
    stream = Stream(*name)
    for part in more:
        stream = stream[part]
    assert stream.name == name + more
    assert stream.key() == Stream(*name, *more).key()


def test_two_parts_by_hand():
    noise = Stream("noise", 7)
    assert noise["a"]["b"].name == ("noise", 7, "a", "b")
    assert numbers(noise["a"]["b"]) == numbers(Stream("noise", 7, "a", "b"))
    assert noise.name == ("noise", 7), "asking for a part changed the stream"


@pytest.mark.parametrize(
    ("name", "other"),
    [((1,), ("1",)), (("a", "b"), ("ab",)), (("a", "b"), ("b", "a")), (("a,b",), ("a", "b")), (('a","b',), ("a", "b"))],
    ids=str,
)
def test_names_that_look_alike(name, other):
    assert Stream(*name).key() != Stream(*other).key(), f"{name} and {other} are one stream"


def test_the_naming_scheme_is_pinned():
    """Whoever changes these numbers changes every run there has been: initial weights, orders, faults."""
    stream = Stream("order", 7, 3)
    assert stream.key() == 0x0B8A5EC2FA3607EBEB76F793EB21DCFA, "the names of streams are turned into other keys"
    assert stream.generator().bit_generator.random_raw() == 9976530351933712339, "another generator is used"


def test_a_fresh_process_with_another_hash_seed_draws_the_same():
    names = [("order", 7, 3), ("weights", 0, "extractor/dense1.w"), ("größe", -1)]
    draw = f"[Stream(*name).generator().random(3).tolist() for name in {names!r}]"
    code = f"from aftt_np.rng import Stream\nprint({draw})"
    package = Path(aftt_np.rng.__file__).resolve().parents[1]
    expected = str([Stream(*name).generator().random(3).tolist() for name in names])
    for hash_seed in ("0", "12345"):
        environment = os.environ | {"PYTHONHASHSEED": hash_seed, "PYTHONPATH": str(package), "PYTHONUTF8": "1"}
        run = subprocess.run(
            [sys.executable, "-c", code], env=environment, capture_output=True, text=True, encoding="utf-8", check=True
        )
        assert run.stdout.strip() == expected, f"PYTHONHASHSEED={hash_seed} changes the streams"


def test_neighbouring_streams_are_not_correlated():
    """Names that differ by one: the means and products of 100 streams are as those of independent numbers."""
    draws = np.array([Stream("noise", 0, step).generator().standard_normal(1000) for step in range(100)])
    assert abs(draws.mean()) < 5 / np.sqrt(draws.size), f"mean {draws.mean():.2g}"
    products = np.corrcoef(draws)[np.triu_indices(100, 1)]  # 4,950 correlations of standard deviation 1 / sqrt(1000)
    assert np.abs(products).max() < 6 / np.sqrt(1000), f"a correlation of {products.max():.2f}"
    assert abs(products.std() * np.sqrt(1000) - 1) < 0.1


class FakeLibrary:
    """Stands for CuPy: notes with what key a generator was made."""

    class random:
        @staticmethod
        def Philox4x3210(key):
            return f"philox {key}"

        @staticmethod
        def Generator(bit_generator):
            return f"generator of {bit_generator}"


def test_another_library_gets_the_same_key_and_its_parts_stay_in_it():
    stream = Stream("noise", 7, xp=FakeLibrary)["a"]["b"]
    assert stream.xp is FakeLibrary
    assert stream.generator() == f"generator of philox {Stream('noise', 7, 'a', 'b').key()}"


def test_a_numpy_integer_is_an_integer():
    assert Stream("pattern", np.int64(3)).key() == Stream("pattern", 3).key()
    with pytest.raises(TypeError):
        Stream("pattern", np.array([3, 4])).key()
