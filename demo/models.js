// The models: ONNX files that onnxruntime-web runs on one thread of this machine.

import * as ort from "./ort/ort.wasm.bundle.min.mjs";

const here = (path) => new URL(path, import.meta.url).href;
ort.env.wasm.numThreads = 1;
ort.env.wasm.wasmPaths = { wasm: here("ort/ort-wasm-simd-threaded.wasm") };

export const SIZE = 28;
const PADDING = 2; // the VAE's images are 32 pixels wide
const FRAME = SIZE + 2 * PADDING;

const sessions = new Map();
let last = Promise.resolve();

/** The embedding of each digit, which the generator multiplies the latent by. */
export const embeddings = fetch(here("models/embedding.json")).then((answer) => answer.json());

/** Draws digits of latents and embeddings, arrays of arrays; returns pixels from -1 (black) to 1 (white). */
export async function draw(latents, embedded) {
  return (await run("generator", { latent: tensor(latents), embedding: tensor(embedded) })).image.data;
}

/** Returns the judge's probability of each digit, an array for each image. */
export async function judge(pixels) {
  return rows((await run("judge", { image: images(pixels) })).digit);
}

/** Returns what the discriminator thinks of one image, and the maps of its first convolution. */
export async function discriminate(pixels) {
  const { generation, auxiliary, maps } = await run("discriminator", { image: images(pixels) });
  return { real: generation.data[0], digits: rows(auxiliary)[0], maps: rows(maps), mapSize: maps.dims[2] };
}

/** Decodes points of the VAE's latent plane; returns pixels as `draw` does. */
export async function decode(points) {
  const { data } = (await run("decoder", { latent: tensor(points) })).image;
  const inside = (at) => [at % FRAME, Math.floor(at / FRAME) % FRAME].every((n) => n >= PADDING && n < FRAME - PADDING);
  return data.filter((_, at) => inside(at));
}

/** Runs a model once the run before has ended: onnxruntime-web takes one at a time. */
function run(name, inputs) {
  const ran = last.then(async () => (await open(name)).run(inputs));
  last = ran.catch(() => {});
  return ran;
}

function open(name) {
  if (!sessions.has(name)) sessions.set(name, ort.InferenceSession.create(here(`models/${name}.onnx`)));
  return sessions.get(name);
}

const tensor = (table) => new ort.Tensor("float32", Float32Array.from(table.flat()), [table.length, table[0].length]);
const images = (pixels) => new ort.Tensor("float32", pixels, [pixels.length / SIZE ** 2, SIZE, SIZE, 1]);

/** Splits an output by its first two dimensions' product where it has maps, else by its first. */
function rows({ data, dims }) {
  const count = dims.length === 4 ? dims[0] * dims[1] : dims[0];
  const length = data.length / count;
  return Array.from({ length: count }, (_, row) => data.subarray(row * length, (row + 1) * length));
}
