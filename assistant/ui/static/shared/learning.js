/** How far the learning of a voice's wording is: a line and a thin bar, or nothing once it is done. */

import { count, number, timeLeft } from './words.js';

export class LearningLine {
  #line = document.createElement('p');
  #bar = document.createElement('progress');

  constructor() {
    this.element = document.createElement('div');
    this.element.className = 'learning';
    this.#line.className = 'learning-line';
    this.element.append(this.#line, this.#bar);
    this.#bar.setAttribute('aria-label', 'Learning your wording');
    this.draw(null);
  }

  /** `learning` as the list of voices has it; null: there is nothing to say. */
  draw(learning) {
    const isRunning = Boolean(learning?.is_running);
    this.element.hidden = !isRunning && !learning?.reason;
    this.#bar.hidden = !isRunning;
    this.#line.classList.toggle('stopped', !isRunning);
    if (isRunning) {
      const { documents, learned, seconds_left: seconds } = learning;
      this.#bar.max = documents;
      this.#bar.value = learned;
      this.#line.textContent = `Learning your wording: ${number(learned)} of ${count(documents, 'document')}`;
      if (seconds !== null) this.#line.textContent += ` · ${timeLeft(seconds)}`;
    } else if (learning?.reason) {
      const { documents, learned, reason } = learning;
      this.#line.textContent = `Your wording was learned from ${number(learned)} of ${count(documents, 'document')}: ${reason}.`;
    }
  }
}
