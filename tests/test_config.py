"""Settings: from the command line over the preset over the defaults; mistakes in one sentence."""

from dataclasses import FrozenInstanceError, fields

import pytest

from aftt_np import config
from aftt_np.config import PRESET_NAMES, PRESETS, Config
from aftt_np.errors import UsageError


def resolved(*argv) -> Config:
    return config.resolve(vars(config.parser_for("prog", "text").parse_args(argv)))


def test_the_default_run():
    settings = resolved()
    assert (settings.data, settings.arch, settings.method, settings.preset) == ("fashion-mini", "A1", "aftt", "quick")
    assert settings.threads == config.usable_processors()
    with pytest.raises(FrozenInstanceError):
        settings.seed = 1


def test_defaults_are_the_quick_preset():
    """Two places say it; they must say the same."""
    for name, row in PRESETS.items():
        assert getattr(Config(), name) == row[0], name
        assert len(row) == len(PRESET_NAMES)


@pytest.mark.parametrize("preset", PRESET_NAMES)
def test_the_command_line_goes_over_the_preset(preset):
    column = PRESET_NAMES.index(preset)
    settings = resolved("--preset", preset, "--lr-confuse", "0.5", "--train-faults", "nodes:0.5", "--train-faults",
                        "weights:0")  # fmt: skip
    assert settings.lr_confuse == 0.5
    assert settings.train_faults == (("nodes", 0.0, 0.5), ("weights", 0.0, 0.0))
    for name, row in PRESETS.items():
        if name != "train_faults":
            assert getattr(settings, name) == (0.5 if name == "lr_confuse" else row[column])
    assert resolved("--preset", preset).train_faults == PRESETS["train_faults"][column]


def test_lr_is_short_for_the_rate_of_fine_tuning():
    assert resolved("--lr", "0.25").lr_finetune == resolved("--lr-finetune", "0.25").lr_finetune == 0.25


@pytest.mark.parametrize(("argv", "said"), [
    (["--method", "aft"], "--method: 'aft' is not one of none, lasso, tikhonov, dropout, dropconnect, randbet, aftt; "
     "did you mean aftt?"),
    (["--arch", "A3"], "--arch: 'A3' is not one of A1, A2"), (["--arch", "a1"], "did you mean A1?"),
    (["--preset", "lessons"], "did you mean lesson?"),
    (["--backend", "cuda"], "--backend: 'cuda' is not one of auto, numpy, cupy"),
    (["--loss", "bce"], "--loss: 'bce'"),
    (["--evaluate", "train"], "--evaluate: 'train'"),
    (["--train-faults", "node:0.5"], "did you mean nodes?"),
    (["--train-faults", "nodes:1.5"], "a number from 0 to 1, got '1.5'"),
    (["--train-faults", "nodes"], "--train-faults: expected KIND:RATE or KIND:LOW:HIGH, as in nodes:0.85, got 'nodes'"),
    (["--train-faults", "nodes:0.5:0.6:0.7"], "expected KIND:RATE or KIND:LOW:HIGH"),
    (["--train-faults", "nodes:0.6:0.5"], "KIND:LOW:HIGH with the lower rate first, got 'nodes:0.6:0.5'"),
    (["--fault-steps", "turn"], "did you mean in-turn?"),
    (["--games", "adversarial"], "did you mean adversary?"),
    (["--train-faults", "nodes:"], "a number from 0 to 1, got ''"),
    (["--train-faults", "nodes:nan"], "a number from 0 to 1, got 'nan'"),
    (["--batch-size", "0"], "--batch-size: expected a whole number of at least 1, got '0'"),
    (["--batch-size", "1.5"], "got '1.5'"),
    (["--lr", "-0.1"], "a number of at least 0, got '-0.1'"),
    (["--lr-confuse", "inf"], "got 'inf'"),
    (["--epochs-games", "-1"], "--epochs-games"),
    (["--k", "0"], "--k"),
    (["--patterns", "0"], "--patterns"),
    (["--dropout", "1"], "--dropout"),
    (["--seed", "-1"], "--seed"),
    (["--seed"], "--seed: expected one argument"),
    (["--sed", "1"], "unrecognized arguments: --sed 1; did you mean --seed, not --sed?"),
    (["--epochs-gams=1"], "did you mean --epochs-games, not --epochs-gams?"),
    ([""], "unrecognized arguments"), (["--=3"], "unrecognized arguments: --=3 (see"),
    (["extra"], "unrecognized arguments: extra"),
])  # fmt: skip
def test_mistakes_are_one_sentence(argv, said):
    with pytest.raises(UsageError) as caught:
        resolved(*argv)
    assert said in str(caught.value) and "\n" not in str(caught.value)
    assert caught.value.exit_code == 2


def test_every_setting_is_an_option_with_a_help_text(capsys):
    with pytest.raises(SystemExit):
        config.parser_for("prog", "text").parse_args(["--help"])
    text = capsys.readouterr().out
    for entry in fields(Config):
        assert f"--{entry.name.replace('_', '-')}" in text
    assert max(map(len, text.splitlines())) <= 80


def test_the_table_of_presets_fits_a_terminal():
    table = config.presets_table()
    assert all(name in table for name in PRESET_NAMES) and "2000" in table
    assert max(map(len, table.splitlines())) <= 80


def test_what_would_do_nothing_is_told():
    assert config.unused(resolved()) == config.unused(resolved("--preset", "tolerant", "--clean-steps", "0.5")) == ""
    assert config.unused(resolved("--lambda-lasso", "1e-5")) == "", "as it is without"
    for option, value, method in (("--lambda-lasso", "1e-3", "lasso"), ("--lambda-tikhonov", "1", "tikhonov"),
                                  ("--dropout", "0.9", "dropout"), ("--dropconnect", "0.1", "dropconnect"),
                                  ("--memory", "q2.5", "randbet"), ("--bit-errors", "0.02", "randbet")):  # fmt: skip
        assert config.unused(resolved(option, value, "--method", method)) == ""
        assert config.unused(resolved(option, value)) == f"{option} is for --method {method}, not for aftt"
    for option in (("--clean-steps", "0.5"), ("--fault-steps", "in-turn")):
        assert config.unused(resolved(*option, "--train-faults", "nodes:0.5")) == ""
        assert config.unused(resolved(*option)).startswith(f"{option[0]} is for training with faults; give --train-f")
