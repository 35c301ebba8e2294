/** The reading dialog. */

import { shortDate } from '../shared/dates.js';
import { count, h, openDialog, request } from './dom.js';

/** A document in the reading face, with the borders of its snippets, and its neighbours one key away. */
export class Reader {
  /** `leave` is called when the reader closes; without it the focus goes to the document's row in the list. */
  constructor(list, position, leave) {
    this.list = list;
    this.leave = leave ?? (() => list.focusRow(this.left));
    this.info = list.documents[position];
  }

  /** Where the document is now: the list behind may grow or be sorted. */
  get position() {
    return this.list.documents.findIndex(({ id }) => id === this.info.id);
  }

  open() {
    this.title = h('h2', { id: 'lib-reader-title' });
    this.facts = h('p', { class: 'lib-facts' });
    this.text = h('div', { class: 'lib-reading', tabindex: 0, role: 'region', 'aria-label': 'Text', autofocus: true });
    const button = (label, onclick, extra = '') =>
      h('button', { type: 'button', class: `lib-button ${extra}`, onclick }, label);
    this.previous = button('Previous', () => this.turn(-1));
    this.next = button('Next', () => this.turn(1));
    this.dialog = openDialog(
      'lib-reader',
      'lib-reader-title',
      h(
        'header',
        {},
        h(
          'div',
          { class: 'lib-reader-head' },
          this.title,
          button('Close', () => this.dialog.close()),
        ),
        this.facts,
      ),
      this.text,
      h(
        'div',
        { class: 'lib-reader-foot' },
        this.previous,
        this.next,
        h('span', { class: 'lib-space' }),
        button('Delete', () => this.remove(), 'lib-danger-quiet'),
      ),
    );
    this.dialog.addEventListener('keydown', (event) => {
      if (event.altKey || event.ctrlKey || event.metaKey || event.shiftKey) return;
      if (event.key === 'ArrowLeft') this.turn(-1);
      if (event.key === 'ArrowRight') this.turn(1);
    });
    this.dialog.addEventListener('close', () => this.leave());
    this.load();
  }

  turn(step) {
    const neighbour = this.list.documents[this.position + step];
    if (!neighbour) return;
    this.info = neighbour;
    this.load();
  }

  async load() {
    const { id, title } = this.info;
    this.left = this.position; // where the focus goes back to, even if this document is deleted
    this.title.textContent = title;
    this.previous.disabled = this.position === 0;
    this.next.disabled = this.position === this.list.documents.length - 1;
    try {
      const document = await request('GET', `/documents/${id}`);
      if (this.info.id === id) this.draw(document);
    } catch (error) {
      this.facts.textContent = error.message;
      this.text.replaceChildren();
    }
  }

  draw({ written_on: written, origin, characters, pieces }) {
    const snippets = pieces.filter(({ snippet }) => snippet).length;
    const facts = [shortDate(written), count(characters, 'character'), count(snippets, 'snippet'), origin];
    this.facts.textContent = facts.filter(Boolean).join(' · ');
    this.text.replaceChildren(
      ...pieces.map(({ text, snippet }) => h('span', snippet ? { class: 'lib-snippet' } : {}, text)),
    );
    this.text.scrollTop = 0;
    this.markFound();
  }

  /** Where the text has what was searched for; a highlight changes no element, so the text stays as it is. */
  markFound() {
    if (!('highlights' in CSS)) return;
    const found = this.list.search ? rangesOf(this.text, this.list.search) : [];
    CSS.highlights.set('lib-found', new Highlight(...found));
    found[0]?.startContainer.parentElement.scrollIntoView({ block: 'center' });
  }

  async remove() {
    if (await this.list.remove(this.info)) this.dialog.close();
  }
}

function rangesOf(element, words) {
  const pattern = new RegExp(words.replace(/[.*+?^${}()|[\]\\]/g, '\\$&'), 'giu');
  return [...element.querySelectorAll('span')].flatMap(({ firstChild: text }) =>
    [...text.data.matchAll(pattern)].map(({ index, 0: { length } }) => {
      const range = new Range();
      range.setStart(text, index);
      range.setEnd(text, index + length);
      return range;
    }),
  );
}
