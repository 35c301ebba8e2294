/** What stands behind a suggestion: summary, words, passages and times, drawn as they become known. */

import { longDate } from '../shared/dates.js';
import { make } from './dom.js';
import { LEVELS } from './recalls.js';

const NOTES = {
  start: ['Ask for a suggestion, and what you wrote before that bears on this draft will stand here.'],
  none: ['Nothing in your past writing bears on this yet.', 'The suggestion is written without it.'],
  voiceless: ['This draft has no voice, so your past writing is left out. Choose a voice above the title to bring it in.'],
  bare: ['There is no past writing yet. Bring some of yours into the Library, or load an example there.'],
};

const NO_MARKS = 'No word of this suggestion leans on your earlier wording.';

const STAGES = [
  ['retrieve', 'found', 'Retrieval: BM25 and dense search over the snippets of the voice'],
  ['rank', 'ranked', 'Ranking: which of them stand here, and in which order'],
  ['summarize', 'condensed', 'Summary: the sentences closest to the draft'],
  ['synthesize', 'words', 'Keywords: the words of the entries likeliest to come up in this draft'],
  ['first_token', 'first word after', 'Time to the first token, all stages included'],
  ['total', 'all after', 'Time to the last token'],
];

export class Evidence {
  #root;
  #open;

  /** `open(entry)` shows the document of a passage. */
  constructor(root, open) {
    this.#root = root;
    this.#open = open;
  }

  /** Empties the panel but for a note: "start", "none", "voiceless" or "bare". */
  note(name) {
    this.#part('.evidence-note').dataset.note = name;
    this.#part('.evidence-note').replaceChildren(
      ...NOTES[name].map((textContent) => make('p', { textContent })),
      ...(name === 'bare' ? [make('a', { className: 'button', href: '/library', textContent: 'Open the Library' })] : []),
    );
    for (const part of ['.recalled', '.summary', '.keywords', '.entries', '.timings']) this.#part(part).hidden = true;
  }

  /** The panel still shows the last suggestion's evidence while the next is looked for. */
  awaiting(isAwaiting) {
    this.#root.classList.toggle('awaiting', isAwaiting);
  }

  entries(entries, whenNone) {
    this.awaiting(false);
    this.note(entries.length ? 'start' : whenNone);
    this.#part('.evidence-note').hidden = entries.length > 0;
    this.#part('.entries').hidden = entries.length === 0;
    const best = Math.max(...entries.map((entry) => entry.score));
    this.#part('.entries ol').replaceChildren(...entries.map((entry, number) => this.#entry(entry, best, number)));
    this.#root.scrollTop = 0;
  }

  summary(sentences) {
    this.#part('.summary').hidden = sentences.length === 0;
    const links = sentences.map((sentence) => this.#sentence(sentence));
    this.#part('.summary p').replaceChildren(...links.flatMap((link) => [link, ' ']));
  }

  keywords(keywords) {
    this.#part('.keywords').hidden = keywords.length === 0;
    this.#part('.keywords ul').replaceChildren(...keywords.map(keyword));
  }

  /** The suggestion is whole: what its words leaned on; documents stand in the order of what they really gave. */
  recalled({ words, documents }, isMarked, signature) {
    if (!signature.memory) return; // nothing was to be recalled
    this.#part('.recalled').hidden = false;
    this.#part('.recalled p').replaceChildren(...(isMarked ? legend() : [NO_MARKS]));
    if (!documents.length) return;
    this.#part('.evidence-note').hidden = true;
    this.#part('.entries').hidden = false;
    const list = this.#part('.entries ol');
    for (const place of documents.toReversed()) {
      const item = list.querySelector(`[data-document="${place.document}"]`) ?? this.#document(place);
      item.querySelector('.entry-line').after(make('p', { className: 'gave', textContent: gave(place.words, words) }));
      list.prepend(item);
    }
    for (const link of this.#root.querySelectorAll('.sentence')) number(link, this.#part(link.hash));
  }

  timings(milliseconds, signature) {
    const times = STAGES.filter(([stage]) => stage in milliseconds).map(([stage, label, title]) =>
      make('span', { title, textContent: `${label} ${duration(milliseconds[stage])}` }),
    );
    const seed = make('span', { title: JSON.stringify(signature), textContent: `seed ${signature.seed}` });
    this.#part('.timings').replaceChildren(...times, seed);
    this.#part('.timings').hidden = false;
  }

  #part(selector) {
    return this.#root.querySelector(selector);
  }

  #entry(entry, best, number) {
    const title = make('button', { type: 'button', className: 'entry-title', textContent: entry.title || 'Untitled' });
    title.addEventListener('click', () => this.#open(entry));
    const score = make('span', { className: 'score', title: `Relevance ${entry.score.toFixed(2)}`, role: 'img' });
    score.setAttribute('aria-label', score.title);
    score.style.setProperty('--share', best > 0 ? entry.score / best : 0);
    const item = make(
      'li',
      { className: 'entry' },
      make('h4', {}, title),
      make('p', { className: 'entry-line' }, make('span', { className: 'date', textContent: day(entry) }), score),
      make('blockquote', {}, ...entry.runs.map(run)),
    );
    item.dataset.document = entry.document;
    item.id = `passage-${number}`;
    return item;
  }

  /** A document that gave words though no passage of it stands here: it opens at the place that gave most. */
  #document(place) {
    const title = make('button', { type: 'button', className: 'entry-title', textContent: place.title || 'Untitled' });
    title.addEventListener('click', () => this.#open(place));
    const item = make(
      'li',
      { className: 'entry' },
      make('h4', {}, title),
      make('p', { className: 'entry-line' }, make('span', { className: 'date', textContent: day(place) })),
    );
    item.dataset.document = place.document;
    return item;
  }

  #sentence({ text, document }) {
    const item = this.#root.querySelector(`.entry[data-document="${document}"]`);
    const link = make('a', { className: 'sentence', href: `#${item.id}`, textContent: text });
    number(link, item);
    link.addEventListener('click', (event) => {
      event.preventDefault(); // the address names the open draft
      this.#pointOut(item);
    });
    return link;
  }

  /** Brings the passage that a summary sentence comes from into view. */
  #pointOut(item) {
    for (const one of this.#root.querySelectorAll('.entry')) one.classList.toggle('pointed-out', one === item);
    item.scrollIntoView({ block: 'nearest', behavior: 'smooth' });
    item.querySelector('.entry-title').focus({ preventScroll: true });
  }
}

function number(link, item) {
  link.dataset.number = [...item.parentElement.children].indexOf(item) + 1;
}

/** What the underlines say, each shown as it is drawn. */
function legend() {
  const [little, half, mostly] = LEVELS.map(({ level, label }) => {
    const sample = make('span', { className: 'recall', textContent: label });
    sample.dataset.level = level;
    return sample;
  });
  const keys = make('span', { className: 'for-keys' }, ', or press ', make('kbd', { textContent: 'Alt ↓' }), ',');
  return ['Underlined words lean on what you wrote before: ', little, ', ', half, ' or ', mostly, '. Click one', keys, ' to read its sentence.'];
}

/** A sum of shares as a person would say it. */
function gave(words, all) {
  const about = Math.round(words);
  return about >= 1 ? `Gave about ${about} of the ${all} words` : 'Gave a trace of the wording';
}

function day(entry) {
  return entry.date ? longDate(entry.date) : 'No date';
}

// In the margin an empty line between paragraphs would be one too many.
function run({ text, marked }) {
  return marked ? make('mark', { textContent: text }) : text.replace(/\n\s*\n/g, '\n');
}

function keyword({ text, weight }) {
  const item = make('li', { textContent: text, title: `Weight ${weight.toFixed(2)}` });
  item.style.setProperty('--weight', weight);
  return item;
}

function duration(milliseconds) {
  return milliseconds < 1000 ? `${Math.round(milliseconds)} ms` : `${(milliseconds / 1000).toFixed(1)} s`;
}
