"""Child process: the same networks and the same step in PyTorch; it needs PyTorch and NumPy and nothing else."""

from typing import Any

import numpy as np
import torch
from torch import nn
from torch.nn import functional

from benchmarks.children.serving import answer_steps

CLASSES, IMAGE = 10, 28
Outputs = tuple[Any, Any]


class PyTorch:
    """The published step, `eager`, `channels-last` (what its own guide advises for convolutions) or `compiled`.

    A `device` of `cuda` computes it on a GPU, for which a step then waits.
    """

    def __init__(self, settings: dict[str, Any], data: str, mode: str, device: str = "cpu") -> None:
        torch.manual_seed(0)
        torch.set_default_device(device)
        self._settings, self._count, self._device = settings, int(settings["batch_size"]), device
        with np.load(data) as archive:
            self._images, self._labels = archive["x_train"], archive["y_train"].astype(np.int64)
        self.embedding = nn.Embedding(CLASSES, settings["latent_size"])
        self.generator = build_generator(settings["latent_size"], settings["generator"]["filters"])
        self.discriminator, self.heads = build_discriminator(**settings["discriminator"])
        self._networks = {
            "generator": nn.ModuleList([self.embedding, self.generator]),
            "discriminator": nn.ModuleList([self.discriminator, self.heads]),
        }
        if mode == "channels-last":
            for networks in self._networks.values():
                networks.to(memory_format=torch.channels_last)
        self._optimizers = {name: self._adam(name) for name in self._networks}
        wrap = torch.compile if mode == "compiled" else lambda function: function
        self._generate, self._judge = wrap(self._plain_generate), wrap(self._plain_judge)

    def take_step(self, step: int) -> None:
        """Trains the discriminator on real and generated images, then the generator through it on twice as many."""
        count, label = self._count, self._settings["soft_label"]
        start = step * count % (len(self._images) - count + 1)
        real = torch.tensor(self._images[start : start + count, np.newaxis].astype(np.float32) / 127.5 - 1)
        digits, (latent, asked) = torch.tensor(self._labels[start : start + count]), self._pairs(count)
        self.generator.eval()
        with torch.no_grad():
            generated = self._generate(latent, asked)
        self.generator.train()
        target, weights = self._halves(label), self._halves(self._settings["auxiliary_weight"])
        self._networks["discriminator"].requires_grad_(True)
        outputs = self._judge(torch.cat((real, generated)))
        self._move("discriminator", _loss(outputs, target, torch.cat((digits, asked)), weights))
        latent, asked = self._pairs(2 * count)
        self._networks["discriminator"].requires_grad_(False)
        outputs = self._judge(self._generate(latent, asked))
        self._move("generator", _loss(outputs, torch.full((2 * count,), label["trick"]), asked, torch.ones(2 * count)))
        if self._device == "cuda":
            torch.cuda.synchronize()

    def _plain_generate(self, latent: Any, digit: Any) -> Any:
        return self.generator(latent * self.embedding(digit))

    def _plain_judge(self, images: Any) -> Outputs:
        features = self.discriminator(images)
        return self.heads[0](features)[:, 0], self.heads[1](features)

    def _move(self, name: str, loss: Any) -> None:
        self._optimizers[name].zero_grad()
        loss.backward()
        self._optimizers[name].step()

    def _halves(self, values: dict[str, float]) -> Any:
        return torch.tensor([values["real"], values["generated"]]).repeat_interleave(self._count)

    def _adam(self, name: str) -> Any:
        betas, rate = self._settings["adam"], self._settings[name]["learning_rate"]
        return torch.optim.Adam(self._networks[name].parameters(), rate, (betas["beta_1"], betas["beta_2"]))

    def _pairs(self, count: int) -> tuple[Any, Any]:
        return 2 * torch.rand(count, self._settings["latent_size"]) - 1, torch.randint(CLASSES, (count,))


def build_generator(latent_size: int, filters: tuple[int, int, int]) -> Any:
    """Builds the generator from what the embedding has been multiplied into."""
    first, second, third = filters
    twice: dict[str, int] = {"stride": 2, "padding": 2, "output_padding": 1}
    layers = [nn.Linear(latent_size, 9 * first), nn.ReLU(), nn.Unflatten(1, (first, 3, 3))]
    layers += [nn.ConvTranspose2d(first, second, 5), nn.ReLU(), nn.BatchNorm2d(second)]
    layers += [nn.ConvTranspose2d(second, third, 5, **twice), nn.ReLU(), nn.BatchNorm2d(third)]
    return nn.Sequential(*layers, nn.ConvTranspose2d(third, 1, 5, **twice), nn.Tanh())


def build_discriminator(filters: tuple[int, ...], dropout: float, **_: Any) -> tuple[Any, Any]:
    """Builds the discriminator's backbone, and its two outputs as logits."""
    layers: list[Any] = []
    for before, after, stride in zip((1, *filters), filters, (2, 1, 2, 1), strict=False):
        layers += [nn.Conv2d(before, after, 3, stride=stride, padding=1), nn.LeakyReLU(0.2), nn.Dropout(dropout)]
    features = filters[-1] * (IMAGE // 4) ** 2
    heads = nn.ModuleList([nn.Linear(features, 1), nn.Linear(features, CLASSES)])
    return nn.Sequential(*layers, nn.Flatten()), heads


def _loss(outputs: Outputs, target: Any, digits: Any, weights: Any) -> Any:
    generation = functional.binary_cross_entropy_with_logits(outputs[0], target)
    return generation + (functional.cross_entropy(outputs[1], digits, reduction="none") * weights).mean()


NAMES = ("settings", "data", "mode", "device")
answer = answer_steps(lambda request: PyTorch(**{name: request[name] for name in NAMES if name in request}))
