/** What stands behind a suggestion: summary, words, passages and times, drawn as they become known. */

import { longDate } from '../shared/dates.js';
import { make } from './dom.js';
import { heldFocus, pinTool, tools } from './evidence_tools.js';
import { Inspection } from './inspection.js';
import { Quotes } from './quote.js';
import { LEVELS } from './recalls.js';
import { Steering } from './steering.js';
import { SteeringPanel } from './steering_panel.js';

const NOTES = {
  start: ['Ask for a suggestion, and what you wrote before that bears on this draft will stand here.'],
  none: ['Nothing in your past writing bears on this yet.', 'The suggestion is written without it.'],
  voiceless: ['This draft has no voice, so your past writing is left out. Choose a voice above the title to bring it in.'],
  bare: ['There is no past writing yet. Bring some of yours into the Library, or load an example there.'],
};

const NO_MARKS = 'No word of this suggestion leans on your earlier wording.';

const BANDS = { strong: 'Strong evidence.', weak: 'Weak evidence.', none: 'No evidence.' };
const THE_RULE =
  'A passage says this if the part it was found by shares two telling words with your draft; any other only sounds ' +
  'like it. ' +
  'Two passages that say this make the evidence strong, or one that shares five words.';

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
  #on;
  #asked = null; // what the suggestion on the page was asked with
  #text = '';
  #shown = null; // the evidence beside it, as the server is told of it
  #quotes = new Quotes();

  /**
   * `offer` is where suggestions are drawn. `on`: open(entry) shows the document of a passage, ask() gives what a
   * suggestion would be asked with; again() asks for one; finished(end) once one is
   * whole, with what the server said at its end; signs(command) names keys; trouble(message).
   */
  constructor(root, offer, on) {
    this.#root = root;
    this.#on = on;
    this.#part('.evidence-note').after(make('p', { className: 'band', title: THE_RULE, hidden: true }), this.#findings());
    this.steering = new Steering({
      change: () => this.#steered(),
      opened: () => this.panel.draw(),
      trouble: (message) => on.trouble(message),
    });
    this.panel = new SteeringPanel(root, this.steering, on);
    this.inspection = new Inspection(this.#part('.findings'), offer, {
      open: (place) => on.open(place),
      moved: (influence) => this.#moved(influence),
    });
  }

  /** The state of the suggestion on the page: without one there is nothing to judge. */
  state(name) {
    if (name === 'idle' || name === 'waiting') this.inspection.stop();
  }

  /** Empties the panel but for a note: "start", "none", "voiceless" or "bare". */
  note(name) {
    this.inspection.stop();
    this.#part('.evidence-note').dataset.note = name;
    this.#part('.evidence-note').replaceChildren(
      ...NOTES[name].map((textContent) => make('p', { textContent })),
      ...(name === 'bare' ? [make('a', { className: 'button', href: '/library', textContent: 'Open the Library' })] : []),
    );
    const parts = ['.findings', '.band', '.recalled', '.summary', '.keywords', '.entries', '.timings'];
    for (const part of parts) this.#part(part).hidden = true;
    this.#part('.steering').hidden = name === 'voiceless' || name === 'bare';
  }

  /** The panel still shows the last suggestion's evidence while the next is looked for. */
  awaiting(isAwaiting) {
    this.#root.classList.toggle('awaiting', isAwaiting);
  }

  /** `asked` is what the suggestion was asked with, which may be in the draft by now. */
  entries(entries, whenNone, band, asked) {
    const giveBack = heldFocus(this.#root);
    const { scrollTop } = this.#root;
    const isSteering = this.#root.contains(document.activeElement);
    this.awaiting(false);
    // These are drawn in their own turn, a moment later. Hidden until then they would lose the focus.
    const drawnNext = [this.#part('.summary'), this.#part('.keywords')].filter((part) => !part.hidden);
    this.note(entries.length ? 'start' : whenNone);
    for (const part of drawnNext) part.hidden = false;
    this.#asked = asked;
    this.#shown = { passages: entries.map(placeOf), sentences: [], edited: '', keywords: [], recalled: [] };
    this.#part('.evidence-note').hidden = entries.length > 0;
    this.#part('.entries').hidden = entries.length === 0;
    this.#band(band, entries.length > 0);
    const best = Math.max(...entries.map((entry) => entry.score));
    this.#part('.entries ol').replaceChildren(...entries.map((entry, number) => this.#entry(entry, best, number)));
    this.panel.draw();
    this.#root.scrollTop = isSteering ? scrollTop : 0;
    giveBack();
  }

  /** The sentences of the summary, or what the writer put in their place. */
  summary(sentences, edited = '') {
    this.#shown.sentences = sentences;
    this.#shown.edited = edited;
    const isNone = sentences.length === 0 && !edited;
    this.#part('.summary').hidden = isNone && this.steering.value.summary === null;
    const links = sentences.map((sentence) => this.#sentence(sentence));
    const none = make('span', { className: 'fine', textContent: 'Left out.' });
    this.#part('.summary > p').replaceChildren(...(isNone ? [none] : links.flatMap((link) => [link, ' '])), edited);
    this.panel.summary = edited || sentences.map(({ text }) => text).join(' ');
  }

  keywords(keywords) {
    const giveBack = heldFocus(this.#root);
    this.#shown.keywords = keywords.map(({ text }) => text);
    this.#part('.keywords').hidden = keywords.length + this.#shown.passages.length === 0;
    this.#part('.keywords ul').replaceChildren(...keywords.map((keyword) => this.#keyword(keyword)));
    giveBack();
  }

  /**
   * The suggestion is whole: what its words leaned on. Documents stand in the order of what they really gave, unless
   * the writer has put them into an order.
   */
  recalled({ words, documents, runs }, isMarked, signature) {
    this.#inspect(runs);
    if (!signature.memory) return; // nothing was to be recalled
    this.#part('.recalled').hidden = false;
    this.#part('.recalled p').replaceChildren(...(isMarked ? legend(this.#on.signs('recall')) : [NO_MARKS]));
    if (!documents.length) return;
    this.#part('.evidence-note').hidden = true;
    this.#part('.entries').hidden = false;
    const list = this.#part('.entries ol');
    const isOrdered = this.steering.value.order.length > 0;
    const giveBack = heldFocus(this.#root); // what is moved loses it
    for (const place of documents.toReversed()) {
      const item = list.querySelector(`[data-document="${place.document}"]`) ?? this.#document(place);
      item.querySelector('.worth').append(make('span', { className: 'gave', textContent: gave(place.words, words) }));
      if (!isOrdered) list.prepend(item);
      else if (!item.isConnected) list.append(item);
    }
    giveBack();
    for (const link of this.#root.querySelectorAll('.sentence')) number(link, this.#part(link.hash));
  }

  timings(milliseconds, signature) {
    const times = STAGES.filter(([stage]) => stage in milliseconds).map(([stage, label, title]) =>
      make('span', { title, textContent: `${label} ${duration(milliseconds[stage])}` }),
    );
    const seed = make('span', { title: JSON.stringify(signature), textContent: `seed ${signature.seed}` });
    this.#part('.timings').replaceChildren(...times, seed);
    this.#part('.timings').hidden = false;
    this.#on.finished({ timings: milliseconds, signature });
  }

  #part(selector) {
    return this.#root.querySelector(selector);
  }

  #findings() {
    const heading = make('h3', { textContent: 'Worth a look' });
    return make('section', { className: 'findings', 'aria-label': 'Worth a look', hidden: true }, heading, make('ul'));
  }

  #band(band, isShown) {
    const line = this.#part('.band');
    line.hidden = !isShown || !band;
    if (!band) return;
    line.dataset.level = band.level;
    line.replaceChildren(make('strong', { textContent: BANDS[band.level] }), ` ${band.reason}`);
  }

  #steered() {
    this.panel.draw();
    this.#on.again();
  }

  /** A whole suggestion: the server is asked what can be said of it. */
  #inspect(runs) {
    this.#text = runs.map((run) => run.text).join('');
    this.#shown.recalled = runs.flatMap(({ supports = [] }) => supports.map(placeOf));
    this.inspection.begin(this.#asked, this.#text, this.#shown);
  }

  #moved({ document, moved, bits }) {
    for (const item of this.#root.querySelectorAll(`.entry[data-document="${document}"]`)) {
      item.querySelector('.moved')?.remove();
      const line = make('span', { className: 'moved', textContent: `moved it ${moved}`, title: inBits(bits) });
      if (moved === 'not') line.textContent = 'did not move it';
      line.dataset.moved = moved;
      const worth = item.querySelector('.worth');
      worth.insertBefore(line, worth.querySelector('.gave'));
    }
  }

  #standing() {
    return [...this.#root.querySelectorAll('.entry[id]')].map((item) => Number(item.dataset.document));
  }

  #entry(entry, best, number) {
    const title = make('button', { type: 'button', className: 'entry-title', textContent: entry.title || 'Untitled' });
    title.addEventListener('click', () => this.#on.open(entry));
    const score = make('span', { className: 'score', title: `Relevance ${entry.score.toFixed(2)}`, role: 'img' });
    score.setAttribute('aria-label', score.title);
    score.style.setProperty('--share', best > 0 ? entry.score / best : 0);
    const item = make(
      'li',
      { className: 'entry' },
      make('h4', {}, title),
      make(
        'p',
        { className: 'entry-line' },
        make('span', { className: 'date', textContent: day(entry) }),
        score,
      ),
      make('p', { className: 'worth' }, make('span', { className: 'kind', textContent: entry.kind, title: entry.reason })),
      ...this.#quotes.of(entry),
      tools(entry, this.steering, () => this.#standing()),
    );
    item.classList.toggle('pinned', this.steering.value.pinned.includes(entry.document));
    item.dataset.document = entry.document;
    item.id = `passage-${number}`;
    return item;
  }

  /** A document that gave words though no passage of it stands here: it opens at the place that gave most. */
  #document(place) {
    const title = make('button', { type: 'button', className: 'entry-title', textContent: place.title || 'Untitled' });
    title.addEventListener('click', () => this.#on.open(place));
    const item = make(
      'li',
      { className: 'entry' },
      make('h4', {}, title),
      make('p', { className: 'entry-line' }, make('span', { className: 'date', textContent: day(place) })),
      make('p', { className: 'worth' }),
      pinTool(place, this.steering),
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

  #keyword({ text, weight }) {
    const remove = make('button', { type: 'button', className: 'plain', 'aria-label': `Remove the word “${text}”` });
    Object.assign(remove.dataset, { control: 'word-out', word: text });
    remove.addEventListener('click', () => this.steering.removeWord(text));
    const item = make('li', { title: `Weight ${weight.toFixed(2)}` }, make('span', { textContent: text }), remove);
    item.style.setProperty('--weight', weight);
    return item;
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
function legend(signs) {
  const [little, half, mostly] = LEVELS.map(({ level, label }) => {
    const sample = make('span', { className: 'recall', textContent: label });
    sample.dataset.level = level;
    return sample;
  });
  const kbd = make('kbd', { textContent: signs });
  kbd.dataset.key = 'recall'; // other keys are named here as soon as they are chosen
  const keys = make('span', { className: 'for-keys' }, ', or press ', kbd, ',');
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

function placeOf({ document, start, end }) {
  return { document, start, end };
}

/** What a number of bits says of the likelihood. */
function inBits(bits) {
  const exact = `(${bits.toFixed(1)} bits)`;
  if (bits < 1) return `Without it the suggestion would be no less likely ${exact}`;
  const times = 2 ** bits;
  const said = times < 100 ? Math.round(times) : 10 ** Math.floor(Math.log10(times));
  return `Without it the suggestion would be about ${said.toLocaleString('en')} times less likely ${exact}`;
}

function duration(milliseconds) {
  return milliseconds < 1000 ? `${Math.round(milliseconds)} ms` : `${(milliseconds / 1000).toFixed(1)} s`;
}
