/** The Statistics page: what became of suggestions and rewrites, how long it took, and the switch that ends the counting. */

import { h } from './library/dom.js';
import { call } from './shared/server.js';
import { count, number } from './shared/words.js';

const PATH = '/api/statistics';
const SKIPPED = '#page-statistics';
const KINDS = { voice: 'In my voice', shorter: 'Shorter', longer: 'Longer', plainer: 'Plainer' };
const PHASES = [
  ['retrieve', 'Finding passages'],
  ['rank', 'Ranking them'],
  ['summarize', 'The summary'],
  ['synthesize', 'The words'],
  ['persona', 'The persona'],
  ['first_token', 'To the first word'],
  ['total', 'To the last word'],
];

/** Draws the page into `root`. */
export function start(root) {
  return new StatisticsPage(root).begin();
}

class StatisticsPage {
  constructor(root) {
    this.live = h('p', { class: 'unseen', role: 'status' });
    this.trouble = h('p', { class: 'stat-error', role: 'alert' });
    this.content = h('div', { class: 'stat-content' });
    this.root = h('div', { class: 'stat' }, h('h1', { class: 'stat-title' }, 'Statistics'), this.trouble, this.content, this.live);
    root.replaceChildren(this.root);
  }

  async begin() {
    await this.attempt(async () => this.draw(await call('GET', PATH)));
    addEventListener('hashchange', () => {
      // The link that skips the header leaves no trace in the address.
      if (location.hash === SKIPPED) history.replaceState(null, '', location.pathname + location.search);
    });
    this.root.dataset.ready = 'true';
  }

  async attempt(work) {
    try {
      this.trouble.textContent = '';
      await work();
    } catch (error) {
      this.trouble.textContent = error.message;
    }
  }

  draw(report) {
    const { all, rewrites } = report;
    this.content.replaceChildren(
      h('p', { class: 'stat-lead' }, all.shown ? inWords(all) : nothingYet(report)),
      ...(all.shown ? suggestionParts(report) : []),
      ...(rewrites.all.shown ? rewriteParts(rewrites) : []),
      this.choices(report),
    );
  }

  choices({ is_kept: isKept, all, rewrites }) {
    const box = h('input', { type: 'checkbox', id: 'stat-kept' });
    box.checked = isKept;
    box.addEventListener('change', () => this.attempt(() => this.keep(box.checked)));
    const remove = h('button', { type: 'button', class: 'stat-button' }, 'Delete these numbers');
    remove.hidden = all.shown + rewrites.all.shown === 0;
    remove.addEventListener('click', () => this.attempt(() => this.remove(remove)));
    return h(
      'section',
      { class: 'stat-choices' },
      h('label', { for: 'stat-kept' }, box, h('span', {}, 'Count what becomes of suggestions and rewrites')),
      h(
        'p',
        { class: 'stat-fine' },
        'Only numbers are kept, never a word of a text. They stay in the data folder on this machine and go with it. ' +
          'Words count as kept if they stood in the draft as it was saved five minutes after you took them; of a draft ' +
          'that you deleted before, nothing is known.',
      ),
      remove,
    );
  }

  async keep(isKept) {
    this.draw(await call('PUT', PATH, { kept: isKept }));
    this.live.textContent = isKept ? 'Suggestions and rewrites are counted.' : 'Nothing is counted any more.';
    this.root.querySelector('#stat-kept').focus();
  }

  /** The first press asks, the second deletes. */
  async remove(button) {
    if (!button.dataset.asked) {
      button.dataset.asked = 'true';
      button.textContent = 'Delete them? They cannot be brought back';
      return;
    }
    this.draw(await call('DELETE', PATH));
    this.live.textContent = 'The numbers are deleted.';
    this.root.querySelector('#stat-kept').focus();
  }
}

function nothingYet({ is_kept: isKept, rewrites }) {
  if (!isKept) return 'Suggestions and rewrites are not counted.';
  if (rewrites.all.shown) return 'No suggestion is counted yet.';
  return 'Nothing is counted yet. Once suggestions were shown, their numbers will stand here.';
}

function suggestionParts({ all, by_voice: voices, by_model: models }) {
  return [
    bars(all),
    table('By voice', SUGGESTED, voices, 'No voice'),
    table('By model', SUGGESTED, models, 'Unknown'),
    timesOf([
      { label: 'All suggestions', phases: all.phases },
      ...voices.map(({ name, phases }) => ({ label: `Voice: ${name || 'No voice'}`, phases })),
      ...models.map(({ name, phases }) => ({ label: `Model: ${name || 'Unknown'}`, phases })),
    ]),
  ];
}

function rewriteParts({ all, by_kind: kinds, by_voice: voices, by_model: models }) {
  const named = kinds.map((row) => ({ ...row, name: KINDS[row.name] }));
  return [
    h('h2', { class: 'stat-heading' }, 'Rewrites'),
    h('p', { class: 'stat-lead' }, rewritesInWords(all)),
    bars(all),
    table('By kind', REWRITTEN, named, ''),
    table('Rewrites by voice', REWRITTEN, voices, 'No voice'),
    table('Rewrites by model', REWRITTEN, models, 'Unknown'),
  ];
}

function rewritesInWords({ shown, accepted, changes, accepted_changes: taken }) {
  const said = `${count(shown, 'rewrite')} ${shown === 1 ? 'was' : 'were'} shown.`;
  if (!accepted) return `${said} You took nothing of ${shown === 1 ? 'it' : 'them'}.`;
  return `${said} You took something of ${number(accepted)}: ${number(taken)} of ${count(changes, 'change')}.`;
}

function inWords({ shown, accepted, accepted_words: words, looked_after: lookedAfter, kept_words: kept }) {
  const taken = accepted ? `You took something of ${number(accepted)}, ${count(words, 'word')} in all.` : `You took nothing of ${shown === 1 ? 'it' : 'them'}.`;
  const stood = lookedAfter ? ` Of ${count(lookedAfter, 'word')} looked after five minutes later, ${percent(kept, lookedAfter)} still stood.` : '';
  return `${count(shown, 'suggestion')} ${shown === 1 ? 'was' : 'were'} shown. ${taken}${stood}`;
}

/** What became of suggestions or rewrites, as one bar: taken, passed over, dismissed. */
function bars({ shown, accepted, dismissed }) {
  const parts = [
    ['taken', accepted],
    ['passed over', shown - accepted - dismissed],
    ['dismissed', dismissed],
  ].filter(([, value]) => value > 0);
  const bar = h('div', { class: 'stat-bar', 'aria-hidden': 'true' });
  const legend = h('ul', { class: 'stat-legend' });
  for (const [name, value] of parts) {
    const part = h('span', { 'data-part': name });
    part.style.flexGrow = value;
    bar.append(part);
    legend.append(h('li', { 'data-part': name }, `${number(value)} ${name}`));
  }
  return h('section', { 'aria-label': 'What became of them' }, bar, legend);
}

/** What is told of a row: heads of columns, and what stands below them. */
const SUGGESTED = {
  Shown: ({ shown }) => number(shown),
  Taken: ({ accepted, shown }) => percent(accepted, shown),
  Words: ({ accepted_words: words }) => number(words),
  Kept: ({ looked_after: lookedAfter, kept_words: kept }) => (lookedAfter ? percent(kept, lookedAfter) : '–'),
  Dismissed: ({ dismissed, shown }) => percent(dismissed, shown),
  'First word': ({ phases }) => (phases.first_token ? duration(phases.first_token.p50) : '–'),
};
const REWRITTEN = {
  Shown: ({ shown }) => number(shown),
  Taken: ({ accepted, shown }) => percent(accepted, shown),
  Changes: ({ changes }) => number(changes),
  'Of them taken': ({ accepted_changes: taken, changes }) => percent(taken, changes),
  Dismissed: ({ dismissed, shown }) => percent(dismissed, shown),
};

function table(caption, columns, rows, unnamed) {
  return h(
    'div',
    { class: 'stat-scroll', tabindex: '0', role: 'region', 'aria-label': caption },
    h(
      'table',
      { class: 'stat-sums' },
      h('caption', {}, caption),
      h('thead', {}, h('tr', {}, ...['', ...Object.keys(columns)].map((text) => h('th', { scope: 'col' }, text)))),
      h('tbody', {}, ...rows.map((row) => line(columns, row, unnamed))),
    ),
  );
}

function line(columns, row, unnamed) {
  const cells = Object.values(columns).map((cell) => h('td', {}, cell(row)));
  return h('tr', {}, h('th', { scope: 'row' }, row.name || unnamed), ...cells);
}

/** How long it took: of all suggestions, or those of a chosen voice or model. */
function timesOf(choices) {
  const options = choices.map(({ label }, place) => h('option', { value: String(place) }, label));
  const select = h('select', { 'aria-label': 'How long it took for' }, ...options);
  const place = h('div', {}, times(choices[0].phases));
  select.addEventListener('change', () => place.replaceChildren(times(choices[Number(select.value)].phases)));
  return h('div', { class: 'stat-times' }, place, h('p', {}, select));
}

function times(phases) {
  const rows = PHASES.filter(([phase]) => phase in phases).map(([phase, label]) =>
    h('tr', {}, h('th', { scope: 'row' }, label), h('td', {}, duration(phases[phase].p50)), h('td', {}, duration(phases[phase].p95))),
  );
  const head = ['', 'Half took at most', '19 in 20 at most'];
  return h(
    'div',
    { class: 'stat-scroll', tabindex: '0', role: 'region', 'aria-label': 'How long it took' },
    h(
      'table',
      {},
      h('caption', {}, 'How long it took'),
      h('thead', {}, h('tr', {}, ...head.map((text) => h('th', { scope: 'col' }, text)))),
      h('tbody', {}, ...rows),
    ),
  );
}

function percent(part, whole) {
  return `${Math.round((100 * part) / whole)}\u00a0%`;
}

function duration(milliseconds) {
  return milliseconds < 1000 ? `${Math.round(milliseconds)} ms` : `${(milliseconds / 1000).toFixed(1)} s`;
}
