/** What was suggested for one place of the draft: a few alternatives from the same evidence, and which one is shown. */

export const MOST_ALTERNATIVES = 4;
const TRIES = 8; // seeds that are tried for them: a model that is sure says the same again

/** One suggestion as it comes. */
export class Alternative {
  evidence = []; // the events that told of it
  text = '';
  confidence = null; // mean log-probability of its tokens so far; null if the model does not say
  end = null; // what is known once it is whole

  /** `request` is what it was asked with. */
  constructor(request) {
    this.request = request;
  }

  take(event) {
    if (event.event === 'finished') {
      this.end = event;
    } else if (event.event === 'text') {
      this.text += event.text;
      this.confidence = event.confidence;
    } else {
      this.evidence.push(event);
    }
  }
}

export class Alternatives {
  #place = null;
  #list = [];
  #seeds = 0;

  at = -1;

  /** Begins anew at a place of the draft. */
  begin(place) {
    this.#place = place;
    this.#list = [];
    this.#seeds = 0;
    this.at = -1;
  }

  isFor(place) {
    return this.#place === place && this.#seeds > 0;
  }

  get count() {
    return this.#list.length;
  }

  get shown() {
    return this.#list[this.at];
  }

  get canMakeMore() {
    return this.count < MOST_ALTERNATIVES && this.#seeds < TRIES;
  }

  /** The seed of the next one to be made. */
  nextSeed() {
    this.#seeds += 1;
    return this.#seeds - 1;
  }

  /** Keeps one and shows it; false if it says what another one says. */
  add(alternative) {
    if (this.#list.some(({ text }) => text.trim() === alternative.text.trim())) return false;
    this.at = this.#list.push(alternative) - 1;
    return true;
  }

  /** Goes to a neighbour, round the ends. */
  step(direction) {
    this.at = (this.at + direction + this.count) % this.count;
    return this.shown;
  }
}
