/** One line that says what just happened and offers what can be done about it. */

import { make } from './dom.js';

export class Notice {
  #line;

  constructor(line) {
    this.#line = line;
  }

  /** `actions` are `{ label, run }`; the notice stays until one is chosen, another comes or it is dismissed. */
  show(sentence, actions = []) {
    const buttons = actions.map(({ label, run, stays }) => {
      const button = make('button', { type: 'button', className: 'plain', textContent: label });
      button.addEventListener('click', () => {
        if (!stays) this.hide();
        run();
      });
      return button;
    });
    const close = make('button', { type: 'button', className: 'plain', textContent: '×', title: 'Dismiss' });
    close.setAttribute('aria-label', 'Dismiss this notice');
    close.addEventListener('click', () => this.hide());
    this.#line.replaceChildren(make('span', { textContent: sentence }), ...buttons, close);
    this.#line.hidden = false;
  }

  hide() {
    this.#line.hidden = true;
    this.#line.replaceChildren();
  }
}
