/** The Statistics page: what became of suggestions, how long they took, and the switch that ends the counting. */

import { h } from './library/dom.js';
import { call } from './shared/server.js';
import { count, number } from './shared/words.js';

const PATH = '/api/statistics';
const SKIPPED = '#page-statistics';
const PHASES = [
  ['retrieve', 'Finding passages'],
  ['rank', 'Ranking them'],
  ['summarize', 'The summary'],
  ['synthesize', 'The words'],
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
    const { all, by_voice: voices, by_model: models } = report;
    this.content.replaceChildren(
      h('p', { class: 'stat-lead' }, all.shown ? inWords(all) : nothingYet(report.is_kept)),
      ...(all.shown
        ? [
            bars(all),
            table('By voice', voices, 'No voice'),
            table('By model', models, 'Unknown'),
            times(all.phases),
          ]
        : []),
      this.choices(report),
    );
  }

  choices({ is_kept: isKept, all }) {
    const box = h('input', { type: 'checkbox', id: 'stat-kept' });
    box.checked = isKept;
    box.addEventListener('change', () => this.attempt(() => this.keep(box.checked)));
    const remove = h('button', { type: 'button', class: 'stat-button' }, 'Delete these numbers');
    remove.hidden = all.shown === 0;
    remove.addEventListener('click', () => this.attempt(() => this.remove(remove)));
    return h(
      'section',
      { class: 'stat-choices' },
      h('label', { for: 'stat-kept' }, box, h('span', {}, 'Count what becomes of suggestions')),
      h(
        'p',
        { class: 'stat-fine' },
        'Only numbers are kept, never a word of a text. They stay in the data folder on this machine and go with it.',
      ),
      remove,
    );
  }

  async keep(isKept) {
    this.draw(await call('PUT', PATH, { kept: isKept }));
    this.live.textContent = isKept ? 'Suggestions are counted.' : 'Suggestions are not counted any more.';
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

function nothingYet(isKept) {
  return isKept
    ? 'Nothing is counted yet. Once suggestions were shown, their numbers will stand here.'
    : 'Suggestions are not counted.';
}

function inWords({ shown, accepted, accepted_words: words, looked_after: lookedAfter, kept_words: kept }) {
  const taken = accepted ? `You took something of ${number(accepted)}, ${count(words, 'word')} in all.` : 'You took nothing of them.';
  const stood = lookedAfter ? ` Of ${count(lookedAfter, 'word')} looked after five minutes later, ${percent(kept, lookedAfter)} still stood.` : '';
  return `${count(shown, 'suggestion')} ${shown === 1 ? 'was' : 'were'} shown. ${taken}${stood}`;
}

/** What became of the suggestions, as one bar: taken, passed over, dismissed. */
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

function table(caption, rows, unnamed) {
  const head = ['', 'Shown', 'Taken', 'Words', 'Kept', 'Dismissed', 'First word'];
  return h(
    'div',
    { class: 'stat-scroll', tabindex: '0', role: 'region', 'aria-label': caption },
    h(
      'table',
      {},
      h('caption', {}, caption),
      h('thead', {}, h('tr', {}, ...head.map((text) => h('th', { scope: 'col' }, text)))),
      h('tbody', {}, ...rows.map((row) => line(row, unnamed))),
    ),
  );
}

function line(row, unnamed) {
  const { first_token: first } = row.phases;
  const cells = [
    number(row.shown),
    percent(row.accepted, row.shown),
    number(row.accepted_words),
    row.looked_after ? percent(row.kept_words, row.looked_after) : '–',
    percent(row.dismissed, row.shown),
    first ? duration(first.p50) : '–',
  ];
  return h('tr', {}, h('th', { scope: 'row' }, row.name || unnamed), ...cells.map((text) => h('td', {}, text)));
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
