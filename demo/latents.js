// Latents: numbers in [-1, 1), a function of a seed, and ways to move among them.

export const MOVES = 4;

/** Returns the latent of a seed: mulberry32, a generator of 32 bits. */
export function latentOf(seed, size) {
  let state = seed >>> 0;
  return Array.from({ length: size }, () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let word = Math.imul(state ^ (state >>> 15), state | 1);
    word ^= word + Math.imul(word ^ (word >>> 7), word | 61);
    return ((word ^ (word >>> 14)) >>> 0) / 2 ** 31 - 1;
  });
}

/** Moves a latent: each amount, from -1 to 1, moves its own quarter of the numbers, which stay in [-1, 1]. */
export function moved(latent, amounts) {
  const signs = latentOf(0, latent.length).map(Math.sign);
  const shifted = (number, at) => number + amounts[Math.floor((at * MOVES) / latent.length)] * signs[at];
  return latent.map((number, at) => Math.min(1, Math.max(-1, shifted(number, at))));
}

/** Returns the point between two vectors, `share` of the way. */
export function between(from, to, share) {
  return from.map((number, at) => number + share * (to[at] - number));
}
