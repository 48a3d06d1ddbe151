/** Before and after: two canvases, one above the other, and the line between them. */

/** @import { Picture } from "./output/picture.js" */

/** @param {string} id */
const element = (id) => /** @type {HTMLElement} */ (document.getElementById(id));

export class Compare {
  constructor() {
    this.figure = element("compare");
    this.pictures = /** @type {HTMLElement} */ (this.figure.querySelector(".compare__pictures"));
    this.slider = /** @type {HTMLInputElement} */ (element("split"));
    this.slider.addEventListener("input", () => this.#move());
    this.pictures.addEventListener("pointerdown", (event) => this.#drag(event));
    this.pictures.addEventListener("pointermove", (event) => event.buttons && this.#drag(event));
    element("zoom").addEventListener("click", ({ currentTarget }) => {
      const isActual = this.figure.classList.toggle("compare--actual");
      /** @type {HTMLElement} */ (currentTarget).setAttribute("aria-pressed", String(isActual));
    });
    this.#move();
  }

  /** @param {{before: Picture, after: Picture}} pictures */
  show({ before, after }) {
    draw("before", before);
    draw("after", after);
    this.figure.hidden = false;
  }

  #move() {
    this.pictures.style.setProperty("--split", `${this.slider.value}%`);
  }

  /** @param {PointerEvent} event */
  #drag({ clientX }) {
    const { left, width } = this.pictures.getBoundingClientRect();
    this.slider.value = String(Math.round((100 * (clientX - left)) / width));
    this.#move();
  }
}

/** @param {string} id @param {Picture} picture */
function draw(id, { widthPx, heightPx, rgba }) {
  const canvas = /** @type {HTMLCanvasElement} */ (element(id));
  canvas.width = widthPx;
  canvas.height = heightPx;
  const context = /** @type {CanvasRenderingContext2D} */ (canvas.getContext("2d", { alpha: false }));
  context.putImageData(new ImageData(rgba, widthPx, heightPx), 0, 0);
}
