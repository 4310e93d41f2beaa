"""Child process: the same networks and the same step in PyTorch; it needs PyTorch and NumPy and nothing else."""

import time
from typing import Any

import numpy as np
from numpy.typing import NDArray

from benchmarks.measuring.serving import Answer, peak_memory, serve

CLASSES, IMAGE = 10, 28
Outputs = tuple[Any, Any]


class Peer:
    """The published step in PyTorch.

    Args:
        settings: The AC-GAN's block of settings, as plain values.
        data: The file of MNIST.
        mode: `eager`, `channels-last` (the layout that its own guide has for convolutions) or `compiled`.
    """

    def __init__(self, settings: dict[str, Any], data: str, mode: str) -> None:
        import torch

        torch.manual_seed(0)
        self._torch, self._settings = torch, settings
        self.images = int(settings["batch_size"])
        with np.load(data) as archive:
            self._images, self._labels = archive["x_train"], archive["y_train"].astype(np.int64)
        self._draw = np.random.default_rng(0)
        self._taken = 0
        filters = settings["generator"]["filters"]
        self.embedding = torch.nn.Embedding(CLASSES, settings["latent_size"])
        self.generator = build_generator(settings["latent_size"], filters)
        self.discriminator = build_discriminator(settings["discriminator"])
        self.heads = build_heads(settings["discriminator"]["filters"][-1])
        self._optimizers = self._make_optimizers()
        if mode == "channels-last":
            for network in (self.generator, self.discriminator):
                network.to(memory_format=torch.channels_last)
        wrap = torch.compile if mode == "compiled" else lambda function: function
        self._generate, self._judge = wrap(self._plain_generate), wrap(self._plain_judge)

    def take_step(self) -> None:
        """Trains the discriminator on real and generated images, then the generator through it on twice as many."""
        torch, count, label = self._torch, self.images, self._settings["soft_label"]
        start = self._taken * count % (len(self._images) - count + 1)
        real = torch.from_numpy(self._images[start : start + count, np.newaxis].astype(np.float32) / 127.5 - 1)
        digits = torch.from_numpy(self._labels[start : start + count])
        latent, asked = self._pairs(count)
        self.generator.eval()
        with torch.no_grad():
            generated = self._generate(latent, asked)
        self.generator.train()
        target = torch.tensor([label["real"], label["generated"]]).repeat_interleave(count)
        weight = self._settings["auxiliary_weight"]
        weights = torch.tensor([weight["real"], weight["generated"]]).repeat_interleave(count)
        self._freeze_discriminator(False)
        outputs = self._judge(torch.cat((real, generated)))
        self._move(1, self._loss(outputs, target, torch.cat((digits, asked)), weights))
        latent, asked = self._pairs(2 * count)
        self._freeze_discriminator(True)
        outputs = self._judge(self._generate(latent, asked))
        self._move(0, self._loss(outputs, torch.full((2 * count,), label["trick"]), asked, torch.ones(2 * count)))
        self._taken += 1

    def _plain_generate(self, latent: Any, digit: Any) -> Any:
        return self.generator(latent * self.embedding(digit))

    def _plain_judge(self, images: Any) -> Outputs:
        generation, auxiliary = self.heads
        features = self.discriminator(images)
        return generation(features)[:, 0], auxiliary(features)

    def _loss(self, outputs: Outputs, target: Any, digits: Any, weights: Any) -> Any:
        functional = self._torch.nn.functional
        generation = functional.binary_cross_entropy_with_logits(outputs[0], target)
        return generation + (functional.cross_entropy(outputs[1], digits, reduction="none") * weights).mean()

    def _move(self, number: int, loss: Any) -> None:
        self._optimizers[number].zero_grad()
        loss.backward()
        self._optimizers[number].step()

    def _freeze_discriminator(self, frozen: bool) -> None:
        for network in (self.discriminator, self.heads):
            network.requires_grad_(not frozen)

    def _make_optimizers(self) -> list[Any]:
        adam = self._settings["adam"]
        return [
            self._torch.optim.Adam(
                [weights for network in networks for weights in network.parameters()],
                lr=self._settings[name]["learning_rate"],
                betas=(adam["beta_1"], adam["beta_2"]),
            )
            for name, networks in (
                ("generator", (self.embedding, self.generator)),
                ("discriminator", (self.discriminator, self.heads)),
            )
        ]

    def _pairs(self, count: int) -> tuple[Any, Any]:
        latent: NDArray[Any] = self._draw.uniform(-1, 1, (count, self._settings["latent_size"])).astype(np.float32)
        return self._torch.from_numpy(latent), self._torch.from_numpy(self._draw.integers(0, CLASSES, count))


def build_generator(latent_size: int, filters: tuple[int, int, int]) -> Any:
    """Builds the generator from what the embedding has been multiplied into."""
    from torch import nn

    first, second, third = filters
    return nn.Sequential(
        nn.Linear(latent_size, 9 * first),
        nn.ReLU(),
        nn.Unflatten(1, (first, 3, 3)),
        nn.ConvTranspose2d(first, second, 5),
        nn.ReLU(),
        nn.BatchNorm2d(second),
        nn.ConvTranspose2d(second, third, 5, stride=2, padding=2, output_padding=1),
        nn.ReLU(),
        nn.BatchNorm2d(third),
        nn.ConvTranspose2d(third, 1, 5, stride=2, padding=2, output_padding=1),
        nn.Tanh(),
    )


def build_discriminator(settings: dict[str, Any]) -> Any:
    """Builds the discriminator's backbone."""
    from torch import nn

    layers: list[Any] = []
    channels = 1
    for filters, stride in zip(settings["filters"], (2, 1, 2, 1), strict=True):
        layers += [nn.Conv2d(channels, filters, 3, stride=stride, padding=1), nn.LeakyReLU(0.2)]
        layers.append(nn.Dropout(settings["dropout"]))
        channels = filters
    return nn.Sequential(*layers, nn.Flatten())


def build_heads(filters: int) -> Any:
    """Builds the discriminator's two outputs, as logits."""
    from torch import nn

    features = filters * (IMAGE // 4) ** 2
    return nn.ModuleList([nn.Linear(features, 1), nn.Linear(features, CLASSES)])


def main() -> None:
    """Serves requests for steps; the first brings the settings."""
    peers: list[Peer] = []

    def answer(request: Answer) -> Answer:
        if not peers:
            peers.append(Peer(request["settings"], request["data"], request["mode"]))
        seconds = []
        for _ in range(int(request.get("steps", 0))):
            started = time.perf_counter()
            peers[0].take_step()
            seconds.append(time.perf_counter() - started)
        return {"seconds": seconds, "images": peers[0].images, "memory": peak_memory()}

    serve(answer)


if __name__ == "__main__":
    main()
