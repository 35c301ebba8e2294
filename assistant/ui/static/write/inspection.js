/**
 * What can be said of a suggestion once it is written: copied words, facts that nobody stated, what moved it.
 *
 * It is asked for a moment after the suggestion is whole and given up as soon as the suggestion is gone. The marks are
 * drawn as highlights over the offer's text, which leaves its elements to the editor; what they mean, with the links,
 * stands in the margin, where a screen reader meets it too.
 */

import { lines } from '../shared/server.js';
import { make } from './dom.js';

const REST = 250; // milliseconds that a suggestion stays before the model is asked about it
const MARKS = { copies: 'copied-words', facts: 'new-facts' };
const CAN_HIGHLIGHT = 'highlights' in CSS;

export class Inspection {
  #section;
  #offer; // the mirror, in which the offer is drawn
  #on;
  #timer = 0;
  #aborter = null;
  #text = '';
  #found = null;

  /** `on`: open(place) shows a document, moved(document, moved, bits) when the influence of one is known. */
  constructor(section, offer, on) {
    this.#section = section;
    this.#offer = offer;
    this.#on = on;
    new MutationObserver(() => this.#highlight()).observe(offer, { childList: true, subtree: true, characterData: true });
  }

  /** A suggestion is whole: `ask` is what it was asked with, `shown` the evidence beside it. */
  begin(ask, text, shown) {
    this.stop();
    if (!text.trim()) return;
    this.#text = text;
    this.#timer = setTimeout(() => this.#run({ ask, text, shown }), REST);
  }

  /** The suggestion is gone. */
  stop() {
    clearTimeout(this.#timer);
    this.#aborter?.abort();
    this.#aborter = null;
    this.#found = null;
    this.#section.hidden = true;
    this.#highlight();
  }

  async #run(body) {
    const aborter = new AbortController();
    this.#aborter = aborter;
    try {
      for await (const event of lines('/api/inspect', body, aborter.signal)) {
        if (aborter.signal.aborted) return;
        if (event.event === 'marks') this.#show(event);
        else if (event.event === 'influence') this.#on.moved(event);
      }
    } catch {
      // A judgement that does not come leaves the suggestion as good as it was.
    }
  }

  #show(found) {
    this.#found = found;
    this.#highlight();
    const { copies, facts } = found;
    this.#section.hidden = copies.length + facts.length === 0;
    this.#section.querySelector('ul').replaceChildren(
      ...(facts.length ? [factsLine(facts)] : []),
      ...copies.map((copy) => this.#copyLine(copy)),
    );
  }

  #copyLine(copy) {
    const open = make('button', { type: 'button', className: 'plain', textContent: copy.title || 'Untitled' });
    open.addEventListener('click', () => this.#on.open(copy));
    const quote = make('q', { className: 'copied-sample', textContent: copy.text.trim() });
    // The title comes last: a long one takes lines of its own.
    return make('li', {}, quote, `: ${copy.words} words in a row as in `, open);
  }

  /** Draws the marks over what is left of the offer. */
  #highlight() {
    if (!CAN_HIGHLIGHT) return;
    const ghost = this.#offer.querySelector('.ghost');
    const isSame = this.#found && ghost?.textContent && this.#text.endsWith(ghost.textContent);
    const used = isSame ? this.#text.length - ghost.textContent.length : 0;
    for (const [kind, name] of Object.entries(MARKS)) {
      const marks = isSame ? this.#found[kind] : [];
      const ranges = marks.filter(({ to }) => to > used).map(({ from, to }) => range(ghost, Math.max(0, from - used), to - used));
      if (ranges.length) CSS.highlights.set(name, new Highlight(...ranges));
      else CSS.highlights.delete(name);
    }
  }
}

function factsLine(facts) {
  const named = facts.flatMap(({ text }, number) => [
    ...(number ? [', '] : []),
    make('span', { className: 'fact-sample', textContent: text }),
  ]);
  return make('li', {}, 'In neither your draft nor these passages: ', ...named);
}

/** A stretch of an element's text. */
function range(element, from, to) {
  const found = document.createRange();
  const texts = document.createTreeWalker(element, NodeFilter.SHOW_TEXT);
  let before = 0;
  for (let node = texts.nextNode(); node; node = texts.nextNode()) {
    const end = before + node.length;
    if (from >= before && from < end) found.setStart(node, from - before);
    if (to > before && to <= end) found.setEnd(node, to - before);
    before = end;
  }
  return found;
}
