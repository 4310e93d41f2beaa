// The page: what is asked for, and where the answers are shown.

import { MOVES, between, latentOf, moved } from "./latents.js";
import { SIZE, decode, discriminate, draw, embeddings, judge } from "./models.js";
import { paint, stretched } from "./pictures.js";

const SEEDS = 1_000_000;
const GRID = 12; // images a side of the plane
const WALK_SECONDS = 2;
const DIGITS = [...Array(10).keys()];

const part = (id) => document.getElementById(id);
const number = (id) => Number(part(id).value);
const percent = (share) => `${(100 * share).toFixed(1)}\u00a0%`;
const width = (share) => `${100 * share}%`;
const likeliest = (shares) => shares.indexOf(Math.max(...shares));
const reading = (shares) => `${likeliest(shares)} (${percent(Math.max(...shares))})`;
const chosen = () => Number(document.querySelector("#digits input:checked").value);

/** Makes `task` wait for itself: asked again while it runs, it runs once more, with what is asked for by then. */
function latest(task) {
  let running = false;
  let again = false;
  return async () => {
    again = true;
    if (running) return;
    running = true;
    try {
      while (again) {
        again = false;
        await task();
      }
    } catch (error) {
      fail(error);
    } finally {
      running = false;
    }
  };
}

function fail(error) {
  part("error").hidden = false;
  part("error").textContent = `The models cannot be run: ${error.message}. Build them with make demo-build.`;
}

const redraw = latest(async () => {
  const table = await embeddings;
  const amounts = Array.from({ length: MOVES }, (_, move) => number(`move${move}`));
  const pixels = await draw(
    [moved(latentOf(number("seed"), table[0].length), amounts)],
    [between(table[chosen()], table[number("end")], number("way"))],
  );
  paint(part("digit"), pixels, { size: SIZE });
  if (!performance.getEntriesByName("first digit").length) performance.mark("first digit");
  await show(pixels);
});

async function show(pixels) {
  const [shares] = await judge(pixels);
  part("reading").textContent = reading(shares);
  part("digit").ariaLabel = `A generated digit, which the judge reads as ${likeliest(shares)}`;
  shares.forEach((share, digit) => {
    const bar = part("probabilities").children[digit];
    bar.querySelector(".bar span").style.width = width(share);
    bar.querySelector(".share").textContent = percent(share);
    bar.classList.toggle("first", digit === likeliest(shares));
  });
  const { real, digits, maps, mapSize } = await discriminate(pixels);
  part("real").textContent = percent(real);
  part("reality").style.width = width(real);
  part("class").textContent = reading(digits);
  paint(part("maps"), maps.flatMap(stretched), { size: mapSize, columns: 8, gap: 1 });
}

const drawSheet = latest(async () => {
  const table = await embeddings;
  const first = Math.floor(Math.random() * SEEDS);
  const pixels = new Float32Array(100 * SIZE ** 2).fill(-1);
  let right = 0;
  for (const row of DIGITS) {
    const drawn = await draw(DIGITS.map(() => latentOf(first + row, table[0].length)), table);
    pixels.set(drawn, row * drawn.length);
    paint(part("sheet"), pixels, { size: SIZE, columns: 10 });
    right += (await judge(drawn)).filter((shares, digit) => likeliest(shares) === digit).length;
  }
  part("score").textContent = `The judge reads ${right} of 100 as asked for.`;
});

const showPoint = latest(async () => {
  const point = [number("across"), number("up")];
  const reach = Number(part("across").max);
  part("point").style.left = width((point[0] + reach) / (2 * reach));
  part("point").style.top = width((reach - point[1]) / (2 * reach));
  const pixels = await decode([point]);
  paint(part("decoded"), pixels, { size: SIZE });
  const [shares] = await judge(pixels);
  part("decodedReading").textContent = reading(shares);
  part("decoded").ariaLabel = `A decoded image, which the judge reads as ${likeliest(shares)}`;
});

const drawPlane = latest(async () => {
  const reach = Number(part("across").max);
  const places = Array.from({ length: GRID }, (_, at) => ((2 * at + 1) / GRID - 1) * reach);
  const pixels = new Float32Array(GRID ** 2 * SIZE ** 2).fill(-1);
  for (const [row, up] of places.toReversed().entries()) {
    const drawn = await decode(places.map((across) => [across, up]));
    pixels.set(drawn, row * drawn.length);
    paint(part("tiles"), pixels, { size: SIZE, columns: GRID });
  }
});

function movePoint(event) {
  if (!event.buttons && event.type !== "click") return;
  const box = part("tiles").getBoundingClientRect();
  const reach = Number(part("across").max);
  part("across").value = ((2 * (event.clientX - box.left)) / box.width - 1) * reach;
  part("up").value = (1 - (2 * (event.clientY - box.top)) / box.height) * reach;
  showPoint();
}

function play() {
  const started = performance.now();
  const step = (now) => {
    part("way").value = Math.min(1, (now - started) / 1000 / WALK_SECONDS);
    redraw();
    if (number("way") < 1) requestAnimationFrame(step);
  };
  requestAnimationFrame(step);
}

function build() {
  for (const digit of DIGITS) {
    part("digits").insertAdjacentHTML(
      "beforeend",
      `<label><input type="radio" name="digit" value="${digit}"${digit === 3 ? " checked" : ""}><span>${digit}</span></label>`,
    );
    part("end").add(new Option(digit, digit, digit === 8, digit === 8));
    part("probabilities").insertAdjacentHTML(
      "beforeend",
      `<li><span>${digit}</span><span class="bar"><span></span></span><span class="share"></span></li>`,
    );
  }
  for (let move = 0; move < MOVES; move++) {
    part("moves").insertAdjacentHTML(
      "beforeend",
      `<label for="move${move}">Quarter ${move + 1}</label><input id="move${move}" type="range" min="-1" max="1" step="0.05" value="0">`,
    );
  }
}

function listen() {
  for (const form of document.forms) {
    form.addEventListener("submit", (event) => event.preventDefault());
    form.addEventListener("input", form.className === "asking" ? redraw : showPoint);
  }
  part("another").addEventListener("click", () => {
    part("seed").value = Math.floor(Math.random() * SEEDS);
    redraw();
  });
  part("play").addEventListener("click", play);
  part("redraw").addEventListener("click", drawSheet);
  for (const kind of ["click", "pointermove"]) part("tiles").addEventListener(kind, movePoint);
}

part("unscripted").remove();
build();
listen();
await redraw();
await showPoint();
await drawSheet();
await drawPlane();
