// Numbers as pictures.

/** Paints square images side by side, pixels from -1 (black) to 1 (white). */
export function paint(canvas, pixels, { size, columns = 1, gap = 0 }) {
  const count = pixels.length / size ** 2;
  const step = size + gap;
  canvas.width = columns * step - gap;
  canvas.height = Math.ceil(count / columns) * step - gap;
  const picture = new ImageData(canvas.width, canvas.height);
  for (let at = 0; at < pixels.length; at++) {
    const tile = Math.floor(at / size ** 2);
    const x = (tile % columns) * step + (at % size);
    const y = Math.floor(tile / columns) * step + (Math.floor(at / size) % size);
    const grey = Math.round((pixels[at] + 1) * 127.5);
    picture.data.set([grey, grey, grey, 255], 4 * (y * canvas.width + x));
  }
  canvas.getContext("2d").putImageData(picture, 0, 0);
}

/** Stretches numbers to [-1, 1]. */
export function stretched(numbers) {
  const [least, most] = [Math.min(...numbers), Math.max(...numbers)];
  return Array.from(numbers, (number) => (2 * (number - least)) / (most - least || 1) - 1);
}
