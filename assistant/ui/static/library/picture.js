/**
 * A voice as a picture: its documents as points, beside those of the demo writers.
 *
 * A point is named when the pointer is near it or the focus on it, and leads to its document. The points share one tab
 * stop; the arrow keys go through them from left to right. The same points stand in a table below.
 */

import { count, h, number, request } from './dom.js';

const WIDTH = 640;
const HEIGHT = 420;
const EDGE = 18; // room at every side, so that no mark is cut off
const NEAR = 16; // pixels on the screen from which a point is meant
const SVG = 'http://www.w3.org/2000/svg';
const AGAIN = 1500; // milliseconds until it is asked again for the demo writers
const ASK = 'Point at a document to see which one it is.';

/** Marks around (0, 0); the voice's own are the filled ones. Demo writers differ by shape, not by colour. */
const OWN = 'M0-4.5a4.5 4.5 0 1 0 .01 0z';
const SHAPES = ['M-4-4H4V4H-4z', 'M0-5L5 4H-5z', 'M0-5.5L5.5 0L0 5.5L-5.5 0z', 'M-4-4L4 4M-4 4L4-4'];
const MIDDLE = 'M-9 0H9M0-9V9';

export class VoicePicture {
  /** `open(voice, document, leave)` shows a document and calls `leave` when it is put away. */
  constructor({ voice, open }) {
    this.voice = voice;
    this.open = open;
    this.asked = 0;
    this.said = h('p', { class: 'lib-picture-said' });
    this.note = h('div', { class: 'lib-picture-note lib-fine' });
    this.failure = h('p', { class: 'lib-error', role: 'alert' });
    this.place = h('div', { class: 'lib-picture-place' });
    this.legend = h('ul', { class: 'lib-picture-legend lib-fine' });
    this.table = h('details', { class: 'lib-picture-table' }, h('summary', {}, 'The same as a table'));
    this.element = h(
      'details',
      { class: 'lib-picture', ontoggle: () => this.load() },
      h('summary', {}, 'Picture of this voice'),
      h('div', { class: 'lib-picture-inside' }, this.failure, this.place, this.said, this.legend, this.note, this.table),
    );
  }

  /** The voice as the list has it: what is drawn is read again when its documents changed, of an import at its end. */
  draw({ documents, snippets, importing }) {
    const state = `${documents} ${snippets}`;
    if (importing || this.state === state) return;
    this.state = state;
    this.load();
  }

  /** Reads the picture, if it can be seen; an answer that a later question has overtaken is dropped. */
  async load() {
    if (!this.element.open) return;
    const asked = ++this.asked;
    if (!this.points) this.said.textContent = 'Drawing…'; // the first picture of a process takes a moment
    try {
      const found = await request('GET', `/voices/${this.voice}/picture`);
      if (asked !== this.asked) return;
      this.failure.textContent = '';
      this.show(found);
      if (!found.demos) setTimeout(() => asked === this.asked && this.element.isConnected && this.load(), AGAIN);
    } catch (error) {
      if (asked !== this.asked) return;
      this.failure.textContent = error.message;
      if (!this.points) this.said.textContent = '';
    }
  }

  show({ voice, demos: read, reach }) {
    const demos = read ?? [];
    const clouds = [
      { ...voice, shape: OWN, kind: 'own' },
      ...demos.map((demo, index) => ({ ...demo, shape: SHAPES[index % SHAPES.length], kind: 'demo' })),
    ].filter(({ total }) => total > 0);
    const isFocused = this.place.contains(document.activeElement);
    const named = this.points?.[this.active]?.key;
    this.points = pointsOf(clouds, reach);
    this.active = Math.max(0, this.points.findIndex(({ key }) => key === named));
    this.place.replaceChildren(...(clouds.length ? [this.svg(voice, demos, clouds)] : []));
    this.legend.replaceChildren(...clouds.map((cloud) => legendLine(cloud, voice)));
    this.note.replaceChildren(...notes(voice, read).map((line) => h('p', {}, line)));
    this.drawTable();
    this.named = undefined;
    this.name(null);
    if (isFocused) this.points[this.active]?.mark.focus();
  }

  svg(voice, demos, clouds) {
    for (const [position, point] of this.points.entries()) point.mark = this.mark(point, position);
    const drawing = draw(
      'svg',
      { viewBox: `0 0 ${WIDTH} ${HEIGHT}`, role: 'group', 'aria-labelledby': 'lib-picture-title', 'aria-describedby': 'lib-picture-what' },
      draw('title', { id: 'lib-picture-title' }, `The documents of ${voice.name} as points`),
      draw('desc', { id: 'lib-picture-what' }, inWords(voice, demos)),
      draw('g', { class: 'lib-picture-demos' }, ...this.points.filter(({ kind }) => kind === 'demo').map(({ mark }) => mark)),
      draw('g', {}, ...this.points.filter(({ kind }) => kind === 'own').map(({ mark }) => mark)),
      ...clouds.map(({ kind, middle }) => middleMark(kind, this.points.scale(middle))),
    );
    drawing.addEventListener('pointermove', (event) => this.name(this.nearest(event)));
    drawing.addEventListener('pointerleave', () => this.name(null));
    drawing.addEventListener('click', (event) => this.pressed(event));
    drawing.addEventListener('keydown', (event) => this.typed(event));
    return drawing;
  }

  mark(point, position) {
    const { x, y, id, kind, shape, title, whose } = point;
    const mark = draw(
      'g',
      {
        class: `lib-picture-point lib-picture-${kind}`,
        role: id === null ? 'img' : 'link',
        tabindex: position === this.active ? 0 : -1,
        transform: `translate(${x.toFixed(1)} ${y.toFixed(1)})`,
        'aria-label': `${title}, ${whose}`,
      },
      draw('circle', { class: 'lib-picture-hit', r: NEAR / 2 }), // hollow marks have nothing to touch in their middle
      draw('path', { d: shape }),
    );
    mark.addEventListener('focus', () => this.activate(position));
    return mark;
  }

  /** The point that the pointer means. */
  nearest({ clientX, clientY, currentTarget }) {
    const box = currentTarget.getBoundingClientRect();
    const scale = WIDTH / box.width;
    const [x, y] = [(clientX - box.left) * scale, (clientY - box.top) * scale];
    const distance = (point) => Math.hypot(point.x - x, point.y - y);
    const best = this.points.reduce((one, other) => (distance(other) < distance(one) ? other : one), this.points[0]);
    return best && distance(best) <= NEAR * Math.max(1, scale) ? best : null;
  }

  /** Says which document a point is; none: how to find out. */
  name(point) {
    if (this.named === point) return;
    this.named?.mark.classList.remove('lib-picture-named');
    this.named = point;
    point?.mark.classList.add('lib-picture-named');
    const ask = this.points.length ? ASK : '';
    const where = point?.id === null ? ', an example that is not in your library' : '';
    this.said.replaceChildren(...(point ? [h('b', {}, point.title), ` · ${point.whose}${where}`] : [ask]));
  }

  /** A finger has not pointed before it presses: its first touch names the document, its second opens it. */
  pressed(event) {
    const point = this.nearest(event);
    const isNew = event.pointerType === 'touch' && this.touched !== point?.key;
    this.touched = point?.key;
    this.name(point);
    if (point && !isNew) this.follow(point);
  }

  typed(event) {
    if (event.altKey || event.ctrlKey || event.metaKey) return;
    const last = this.points.length - 1;
    const { active } = this;
    const steps = { ArrowRight: active + 1, ArrowDown: active + 1, ArrowLeft: active - 1, ArrowUp: active - 1, Home: 0, End: last };
    const target = steps[event.key];
    if (event.key === 'Enter') this.follow(this.points[active]);
    else if (target === undefined) return;
    else this.points[Math.min(Math.max(target, 0), last)].mark.focus();
    event.preventDefault();
  }

  activate(position) {
    this.points[this.active]?.mark.setAttribute('tabindex', -1);
    this.active = position;
    this.points[position].mark.setAttribute('tabindex', 0);
    this.name(this.points[position]);
  }

  /**
   * Opens what the library has of a point. The focus comes back to what stands for the document then: the drawing may
   * have been drawn anew meanwhile.
   */
  follow({ voice, id, key }) {
    if (id !== null) this.open(voice, id, () => this.points.find((point) => point.key === key)?.mark.focus());
  }

  drawTable() {
    const focused = this.table.contains(document.activeElement) ? document.activeElement.dataset.document : '';
    const rows = this.points.map((point) => {
      return h('tr', {}, h('td', {}, this.rowTitle(point)), h('td', {}, point.whose), cell(point.right), cell(point.up));
    });
    const head = ['Document', 'Whose', 'Right', 'Up'].map((label) => h('th', { scope: 'col' }, label));
    const caption = h('caption', { class: 'unseen' }, 'Documents and their places, from left to right');
    this.table.hidden = !rows.length;
    this.table.replaceChildren(
      this.table.firstElementChild,
      h('div', { class: 'lib-picture-rows' }, h('table', {}, caption, h('thead', {}, h('tr', {}, head)), h('tbody', {}, rows))),
    );
    if (focused) this.focusRow(focused);
  }

  rowTitle({ voice, id, title }) {
    if (id === null) return h('span', { class: 'lib-title' }, title);
    const link = h('button', { type: 'button', class: 'lib-title', 'data-document': id }, title);
    link.addEventListener('click', () => this.open(voice, id, () => this.focusRow(id)));
    return link;
  }

  focusRow(id) {
    this.table.querySelector(`[data-document="${id}"]`)?.focus();
  }
}

/** All points from left to right, at their places in the drawing; `scale` places others beside them. */
function pointsOf(clouds, reach) {
  const all = clouds.flatMap(({ name, shape, kind, documents }) =>
    documents.map((one) => ({ ...one, shape, kind, whose: name, title: one.title || 'Untitled', key: `${name} ${one.title} ${one.id}` })),
  );
  const [across, along] = [WIDTH / 2 - EDGE, HEIGHT / 2 - EDGE];
  // As far as the demo writers' texts go, or as the farthest point; a unit is as long to the right as it is up.
  const needed = [reach / along, ...all.flatMap(({ right, up }) => [Math.abs(right) / across, Math.abs(up) / along])];
  const unit = 1 / Math.max(...needed, Number.EPSILON);
  const scale = ({ right, up }) => ({ x: WIDTH / 2 + right * unit, y: HEIGHT / 2 - up * unit });
  const points = all.map((point) => ({ ...point, ...scale(point) })).sort((one, other) => one.right - other.right);
  return Object.assign(points, { scale });
}

/** A cross, with a rim that parts it from the points below it. */
function middleMark(kind, { x, y }) {
  return draw(
    'g',
    { class: `lib-picture-middle lib-picture-middle-${kind}`, transform: `translate(${x.toFixed(1)} ${y.toFixed(1)})` },
    draw('path', { class: 'lib-picture-rim', d: MIDDLE }),
    draw('path', { d: MIDDLE }),
  );
}

function legendLine({ name, kind, shape, total }, voice) {
  const sample = draw('svg', { viewBox: '-7 -7 14 14', 'aria-hidden': 'true' }, draw('path', { d: shape }));
  const whose = kind === 'own' ? voice.name : name;
  return h('li', { class: `lib-picture-${kind}` }, sample, ` ${whose} · ${count(total, 'document')}`);
}

/** What a reader should know of what is drawn, and of what is not. */
function notes(voice, demos) {
  const lines = [];
  if (voice.total === 0) lines.push('Nothing to draw of this voice yet: every document that you add becomes a point.');
  if (voice.total === 1) lines.push('With one document, the voice as a whole stands where the document does.');
  if (voice.documents.length < voice.total)
    lines.push(`${number(voice.documents.length)} of ${number(voice.total)} documents are drawn; the cross stands for all of them.`);
  if (!demos) lines.push('The demo writers are being read, which takes a moment the first time; then they will stand beside it.');
  if (voice.total || demos?.length)
    lines.push(
      'Documents that speak of like things in like words stand near each other; a cross is everything of one hand taken ' +
        'together. The two directions are always the same: those in which the demo writers’ texts differ most.',
    );
  return lines;
}

function inWords(voice, demos) {
  const beside = demos.length ? ` beside those of ${demos.map(({ name }) => name).join(', ')}` : '';
  return `${count(voice.documents.length, 'document')} of ${voice.name}${beside}. The arrow keys go from point to point, Enter opens a document.`;
}

function cell(value) {
  return h('td', { class: 'lib-numbers' }, value.toFixed(2));
}

/** Builds an element of a drawing. */
function draw(tag, attributes, ...children) {
  const element = document.createElementNS(SVG, tag);
  for (const [name, value] of Object.entries(attributes)) element.setAttribute(name, value);
  element.append(...children);
  return element;
}
