/** The Library page: the list of voices, the open voice, the examples. Its address keeps the open voice: #voice=3. */

import { h, place, request } from './library/dom.js';
import { Examples } from './library/examples.js';
import { VoiceView, Welcome } from './library/voice.js';
import { VoiceList } from './library/voices.js';

const SKIPPED = '#page-library';
const BUSY_MS = 3000; // how often the voices are read again while one of them is importing or being learned
const WIDE = matchMedia('(min-width: 760px)');

/** Draws the page into `root`. */
export function start(root) {
  return new LibraryPage(root).begin();
}

class LibraryPage {
  constructor(root) {
    this.voices = [];
    this.views = new Map(); // a voice's id -> its VoiceView: a copy that runs goes on while another voice is open
    this.live = h('p', { class: 'unseen', role: 'status' });
    this.list = new VoiceList(this);
    this.examples = new Examples(this);
    this.main = h('div', { class: 'lib-main' });
    this.side = h('div', { class: 'lib-side' }, this.list.element);
    this.root = h('div', { class: 'lib' }, this.side, this.main, this.live);
    root.replaceChildren(this.root);
  }

  async begin() {
    try {
      const [{ examples }, limits] = await Promise.all([request('GET', '/examples'), request('GET', '/limits')]);
      this.limits = limits;
      this.examples.fill(examples);
      await this.refresh();
    } catch (error) {
      this.main.replaceChildren(h('p', { class: 'lib-error', role: 'alert' }, error.message));
      return;
    }
    addEventListener('hashchange', () => this.moved());
    WIDE.addEventListener('change', () => this.draw());
    addEventListener('focus', () => this.lookAgain()); // another tab may have changed things
    addEventListener('beforeunload', (event) => {
      if ([...this.views.values()].some((view) => view.isCopying)) event.preventDefault();
    });
    catchStrayDrops();
    this.root.dataset.ready = 'true';
  }

  /** The address changed: to another voice, or to the page itself by the link that skips the header. */
  moved() {
    if (location.hash !== SKIPPED) this.draw();
    else history.replaceState(null, '', place(this.drawn ? `voice=${this.drawn.id}` : ''));
  }

  announce(text) {
    this.live.textContent = text;
  }

  /** Reads the voices again; and again later, as long as one of them is importing or being learned. */
  async refresh() {
    this.voices = (await request('GET', '/voices')).voices;
    this.draw();
    clearTimeout(this.timer);
    const isBusy = this.voices.some(({ importing, learning }) => importing || learning.is_running);
    if (isBusy) this.timer = setTimeout(() => this.refreshQuietly(), BUSY_MS);
  }

  /** For moments when nobody asked: the voices on the page stay as they are if the server does not answer. */
  refreshQuietly() {
    return this.refresh().catch(() => {});
  }

  lookAgain() {
    this.refreshQuietly();
    this.shown?.show();
  }

  /** The voice of the address; on a wide screen, where there is room for both, the first one otherwise. */
  get open() {
    const asked = Number(new URLSearchParams(location.hash.slice(1)).get('voice'));
    return this.voices.find(({ id }) => id === asked) ?? (WIDE.matches ? this.voices[0] : undefined);
  }

  draw() {
    const { open } = this;
    this.drawn = open;
    this.root.dataset.view = open ? 'voice' : 'list';
    this.list.draw(this.voices, open);
    this.examples.draw(this.voices.length ? this.side : this.welcome.element);
    if (open) this.show(this.viewOf(open), open);
    else if (!this.voices.length) this.show(this.welcome);
    else this.show(undefined);
  }

  show(view, voice) {
    if (this.shown !== view) {
      this.shown?.hide();
      this.main.replaceChildren(...(view ? [view.element] : []));
      this.shown = view;
      view?.show();
    }
    if (voice) view.draw(voice);
  }

  get welcome() {
    this.welcomeView ??= new Welcome(this);
    return this.welcomeView;
  }

  viewOf({ id }) {
    if (!this.views.has(id)) this.views.set(id, new VoiceView(this, id));
    return this.views.get(id);
  }

  /** Makes a voice and opens it. */
  async create(name) {
    const voice = await request('POST', '/voices', { name });
    await this.opened(voice);
    this.announce(`The voice “${voice.name}” was created.`);
    return this.viewOf(voice);
  }

  /** Goes to a voice that has just come into being. */
  async opened(voice) {
    history.pushState(null, '', place(`voice=${voice.id}`));
    await this.refresh();
  }

  /** Opens a document of any voice; `leave` gets the focus back if the voice is the open one. */
  async openDocument(voice, document, leave) {
    const isHere = voice === this.drawn?.id;
    if (!isHere) await this.opened({ id: voice });
    await this.viewOf({ id: voice }).documents.open(document, isHere ? leave : undefined);
  }

  async removed(voice) {
    this.views.delete(voice.id);
    history.replaceState(null, '', place(''));
    await this.refresh();
    this.announce(`The voice “${voice.name}” was deleted.`);
    this.list.focus();
  }
}

/** A file that misses the drop area must not replace the page. */
function catchStrayDrops() {
  for (const type of ['dragover', 'drop']) {
    addEventListener(type, (event) => {
      if ([...event.dataTransfer.types].includes('Files')) event.preventDefault();
    });
  }
}
