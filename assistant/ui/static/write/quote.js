/** A passage in the margin: some lines from its best snippet on, and all of it on request. */

import { make } from './dom.js';

// A passage no longer than this stands as a whole: it is hardly longer than the lines that would be shown.
const SHORT = 420;

export class Quotes {
  #whole = new Set(); // documents whose passage the writer opened: the next suggestion keeps them open

  /** The quotation and, where it is long, the button that opens it. */
  of({ document, best, runs }) {
    const leadIn = make('span', { className: 'lead-in' }, ...runs.slice(0, best).map(run));
    const quotation = make('blockquote', {}, ...(best > 0 ? [leadIn] : []), ...runs.slice(best).map(run));
    const length = runs.reduce((sum, { text }) => sum + text.length, 0);
    return length > SHORT ? [quotation, this.#opener(quotation, document)] : [quotation];
  }

  #opener(quotation, document) {
    const button = make('button', { type: 'button', className: 'plain quote-opener' });
    const show = () => {
      const isWhole = this.#whole.has(document);
      quotation.classList.toggle('shortened', !isWhole);
      button.textContent = isWhole ? 'Show less' : 'Show all of it';
      button.setAttribute('aria-expanded', isWhole);
    };
    button.dataset.control = 'quote';
    button.addEventListener('click', () => {
      if (!this.#whole.delete(document)) this.#whole.add(document);
      show();
    });
    show();
    return button;
  }
}

// In the margin an empty line between paragraphs would be one too many.
function run({ text, marked }) {
  return marked ? make('mark', { textContent: text }) : text.replace(/\n\s*\n/g, '\n');
}
