"""The README's recipe for a network of one's own: it is run as it stands there, and gives PyTorch's logits."""

import re
from pathlib import Path

import numpy as np
import pytest

torch = pytest.importorskip("torch")
pytestmark = pytest.mark.slow
README = (Path(__file__).resolve().parents[2] / "README.md").read_text(encoding="utf-8")


def test_the_recipe_brings_a_pytorch_model_into_a_campaign(capsys):
    torch.manual_seed(0)
    nn = torch.nn
    model = nn.Sequential(nn.Conv2d(1, 8, 3), nn.ReLU(), nn.MaxPool2d(2), nn.Flatten(), nn.Linear(8 * 13 * 13, 10))
    rng = np.random.default_rng(0)
    x = rng.integers(0, 256, (40, 28, 28, 1), np.uint8)
    with torch.no_grad():
        logits = model(torch.from_numpy(x).permute(0, 3, 1, 2).float() / 255).numpy()
    names = {"model": model, "x": x, "labels": logits.argmax(axis=1)}
    [code] = re.findall(r"```python\n(.*?)```", README, re.DOTALL)
    exec(code, names)
    np.testing.assert_allclose(names["network"].forward(x.astype(np.float32) / 255)[0], logits, atol=1e-5)
    rows = names["rows"]
    assert [row.accuracy for row in rows if row.rate == 0] == [100.0] * 30, "its own answers are the labels"
    assert min(row.accuracy for row in rows) < 100
    assert "mean" in capsys.readouterr().out
