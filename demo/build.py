"""What `make demo-build` writes beside the page's sources: models, and the files of onnxruntime-web.

`python -m demo.build` exports the models of the runs that DVC tracks and installs onnxruntime-web by the lockfile.
"""

import json
import shutil
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path

import onnx
from onnx import numpy_helper
from onnx.utils import Extractor

from pipeline.data.files import write_bytes, write_text
from pipeline.settings.errors import PipelineError
from pipeline.settings.exits import REFUSED
from pipeline.settings.images import DIGITS
from pipeline.settings.paths import ROOT

PAGE = Path(__file__).parent
INSTALLED = ROOT / "build" / "demo"
RUNTIME = ("ort.wasm.bundle.min.mjs", "ort-wasm-simd-threaded.wasm")
PLANE = 2
DECODED = [32, 32, 1]


class DemoError(PipelineError):
    """The page cannot be built."""


def build() -> None:
    """Builds the page in its own folder.

    Raises:
        DemoError: npm is missing or fails, the judge is missing, or the VAE's latent has not two numbers.
        SystemExit: A model cannot be exported.
    """
    if shutil.which("npm") is None:
        raise DemoError("`make demo-build` needs npm, to install onnxruntime-web: install Node.js, which brings it")
    for family in ("acgan", "vae"):
        command = [sys.executable, "-m", "pipeline.export", f"model={family}"]
        if status := subprocess.run(command, cwd=ROOT, check=False).returncode:
            sys.exit(status)  # it has said why
    exported = {family: ROOT / "runs" / family / "tracked" / "exports" for family in ("acgan", "vae")}
    files = {name: exported["acgan"] / f"{name}.onnx" for name in ("generator", "discriminator", "judge")}
    write_models({**files, "decoder": exported["vae"] / "decoder.onnx"}, PAGE / "models")
    write_runtime(PAGE / "ort", installed=INSTALLED)


def write_models(files: Mapping[str, Path], folder: Path) -> None:
    """Writes the models as the page runs them.

    The generator takes the embedding in place of the digit, so that the page can walk from digit to digit; the
    embeddings are `embedding.json`. The discriminator also answers with `maps`, those of its first convolution.

    Args:
        files: ONNX files as `pipeline.export` writes them: `generator`, `discriminator`, `judge` and `decoder`.
        folder: Where they go.

    Raises:
        DemoError: A file is missing, as a judge that is not in this project, the latent has not two numbers, or the
            generator or the decoder draws images of another form than the page's.
    """
    if missing := [name for name, file in files.items() if not file.exists()]:
        raise DemoError(f"the page needs the {missing[0]}, which was not exported: run `make repro`")
    models = {name: onnx.load(file) for name, file in files.items()}
    size = models["decoder"].graph.input[0].type.tensor_type.shape.dim[1].dim_value
    if size != PLANE:
        raise DemoError(f"`vae.latent_size` must be {PLANE} for the page's plane. Received: {size}")
    decoded = [dim.dim_value for dim in models["decoder"].graph.output[0].type.tensor_type.shape.dim[1:]]
    if decoded != DECODED:
        received = " × ".join(map(str, decoded))
        raise DemoError(
            f"`vae.image_size` must be 32 and `vae.channels` 1 for the page, or left alone. Received: {received}"
        )
    generator, embeddings = _without_embedding(models["generator"])
    form = [dim.dim_value for dim in generator.graph.output[0].type.tensor_type.shape.dim[1:]]
    if (len(embeddings), form) != (DIGITS.classes, list(DIGITS.shape)):
        received = f"{len(embeddings)} classes of {' × '.join(map(str, form))}"
        raise DemoError(f"the page draws MNIST's ten digits of 28 × 28 pixels: train on MNIST. Received: {received}")
    folder.mkdir(parents=True, exist_ok=True)
    models |= {"generator": generator, "discriminator": _with_maps(models["discriminator"])}
    write_text(json.dumps(embeddings), folder / "embedding.json")
    for name, model in models.items():
        write_bytes(model.SerializeToString(), folder / f"{name}.onnx")


def write_runtime(folder: Path, *, installed: Path) -> None:
    """Installs onnxruntime-web to `installed`, as the lockfile pins it, and copies the files that the page loads."""
    installed.mkdir(parents=True, exist_ok=True)
    for name in ("package.json", "package-lock.json"):
        shutil.copy(PAGE / name, installed)
    command = ["npm", "ci", "--ignore-scripts", "--no-audit", "--no-fund", "--silent"]
    if subprocess.run(command, cwd=installed, check=False).returncode:
        raise DemoError("`npm ci` must install onnxruntime-web: it needs a network, or npm's cache")
    folder.mkdir(parents=True, exist_ok=True)
    for name in RUNTIME:
        write_bytes((installed / "node_modules" / "onnxruntime-web" / "dist" / name).read_bytes(), folder / name)


def _without_embedding(model: onnx.ModelProto) -> tuple[onnx.ModelProto, list[list[float]]]:
    """Cuts a generator after its embedding; returns the rest, from `latent` and `embedding`, and the embeddings."""
    gather = next(node for node in model.graph.node if node.op_type == "Gather")
    product = next(node for node in model.graph.node if node.op_type == "Mul" and "latent" in node.input)
    table = next(array for array in model.graph.initializer if array.name == gather.input[0])
    (embedded,) = set(product.input) - {"latent"}
    rest = Extractor(onnx.shape_inference.infer_shapes(model)).extract_model(["latent", embedded], ["image"])
    _rename(rest, embedded, "embedding")
    return rest, numpy_helper.to_array(table).tolist()


def _with_maps(model: onnx.ModelProto) -> onnx.ModelProto:
    """Adds the maps after the first convolution's activation as an output."""
    first = next(node for node in model.graph.node if node.op_type == "LeakyRelu").output[0]
    inferred = onnx.shape_inference.infer_shapes(model)
    model.graph.output.append(next(value for value in inferred.graph.value_info if value.name == first))
    _rename(model, first, "maps")
    return model


def _rename(model: onnx.ModelProto, old: str, new: str) -> None:
    for value in (*model.graph.input, *model.graph.output):
        value.name = new if value.name == old else value.name
    for node in model.graph.node:
        for names in (node.input, node.output):
            names[:] = [new if name == old else name for name in names]


if __name__ == "__main__":
    try:
        build()
    except PipelineError as error:
        sys.stderr.write(f"error: {error}\n")
        sys.exit(REFUSED)
