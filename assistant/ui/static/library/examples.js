/** The demo corpora on the page. */

import { h, request } from './dom.js';

/** Four invented writers; one button each loads one into a new voice. */
export class Examples {
  constructor(page) {
    this.page = page;
    this.rows = h('ul', { class: 'lib-examples' });
    this.failure = h('p', { class: 'lib-error', role: 'alert' });
    this.element = h(
      'section',
      { class: 'lib-example-section', 'aria-labelledby': 'lib-examples-title' },
      h('h2', { id: 'lib-examples-title' }, 'Start with an example'),
      h(
        'p',
        { class: 'lib-fine' },
        'Four invented writers, each a voice to try Ownhand with. Delete it when you like.',
      ),
      this.failure,
      this.rows,
    );
  }

  fill(examples) {
    this.examples = examples;
    this.rows.replaceChildren(...examples.map((example) => this.row(example)));
  }

  row(example) {
    const button = h('button', { type: 'button', class: 'lib-button', 'aria-label': `Load ${example.name}` }, 'Load');
    button.addEventListener('click', () => this.load(example, button));
    return h(
      'li',
      { class: 'lib-example' },
      h('div', { class: 'lib-example-head' }, h('span', { class: 'lib-example-name' }, example.name), button),
      h('p', { class: 'lib-fine' }, example.writer),
      h('p', { class: 'lib-example-text' }, example.description),
    );
  }

  async load(example, button) {
    this.failure.textContent = '';
    button.disabled = true;
    try {
      const voice = await request('POST', `/examples/${example.slug}`);
      await this.page.opened(voice);
      this.page.viewOf(voice).focus();
    } catch (error) {
      this.failure.textContent = error.message;
    } finally {
      button.disabled = false;
    }
  }

  /** Stands large in the page before there is a voice, small beside the voices after. */
  draw(home) {
    if (this.element.parentElement !== home) home.append(this.element);
  }
}
