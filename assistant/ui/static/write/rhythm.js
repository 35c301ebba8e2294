/**
 * A writer's typing rhythm, and how long a pause must be before a ghost may appear by itself.
 *
 * A pause is what is clearly longer than the gaps between this writer's keys: half as long again as nine in ten of the
 * last forty, never less than a quarter of a second and never more than 0.9. Gaps of two seconds and more are rests, not
 * rhythm. Until eight gaps are known, half a second will do.
 */

const REMEMBERED = 40;
const FEWEST = 8;
const REST = 2000; // milliseconds, here and below
const SHARE = 0.9;
const FACTOR = 1.5;
const SHORTEST = 250;
const LONGEST = 900;
const UNKNOWN = 500;

/** Milliseconds of pause after which a ghost may appear, from the gaps between a writer's keys. */
export function pauseAfter(gaps) {
  const rhythm = gaps.filter((gap) => gap < REST).slice(-REMEMBERED);
  if (rhythm.length < FEWEST) return UNKNOWN;
  const slow = rhythm.sort((one, other) => one - other)[Math.floor(SHARE * (rhythm.length - 1))];
  return Math.min(LONGEST, Math.max(SHORTEST, FACTOR * slow));
}

export class Rhythm {
  #gaps = [];
  #last = null;

  /** A key was typed at this time. */
  key(time) {
    if (this.#last !== null && time - this.#last < REST) this.#gaps = [...this.#gaps.slice(1 - REMEMBERED), time - this.#last];
    this.#last = time;
  }

  get pause() {
    return pauseAfter(this.#gaps);
  }
}
