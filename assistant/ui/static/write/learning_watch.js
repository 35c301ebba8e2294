/** How far the wording of the draft's voice is learned, looked at again and again while that goes on. */

import { LearningLine } from '../shared/learning.js';
import { call } from '../shared/server.js';

const AGAIN = 2000; // milliseconds between two looks

export class LearningWatch {
  #place;
  #voices;
  #line = new LearningLine();
  #timer = 0;

  constructor(place, voices) {
    this.#place = place;
    this.#voices = voices;
    place.append(this.#line.element);
  }

  /** Shows what is known of the chosen voice, and looks again while it is being learned. */
  show() {
    const { learning = null, importing = false } = this.#voices.current ?? {};
    this.#line.draw(learning);
    this.#place.hidden = this.#line.element.hidden;
    clearTimeout(this.#timer);
    if (learning?.is_running || importing) this.#timer = setTimeout(() => this.#look(), AGAIN);
  }

  async #look() {
    try {
      const { voices } = await call('GET', '/api/library/voices');
      this.#voices.update(voices);
    } catch {
      // the next look, or the next save, will tell
    }
    this.show();
  }
}
