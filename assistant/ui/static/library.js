/** The Library page: the list of voices, the open voice, the examples. Its address keeps the open voice: #voice=3. */

import { DocumentList } from './library/documents.js';
import { chosenFiles, droppedFiles } from './library/files.js';
import { ImportPanel } from './library/imports.js';
import { confirmRemoval, count, h, megabytes, number, request } from './library/dom.js';

const WHAT_A_VOICE_IS = 'A voice is a body of writing that sounds alike: work mail, essays, a novel.';
const FIRST_VOICE = 'My writing'; // files dropped before there is a voice make one of this name
const BUSY_MS = 3000;
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
    this.root = h(
      'div',
      { class: 'lib' },
      this.side,
      this.main,
      this.live,
    );
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
      throw error;
    }
    addEventListener('hashchange', () => this.draw());
    WIDE.addEventListener('change', () => this.draw());
    addEventListener('focus', () => this.lookAgain()); // another tab may have changed things
    addEventListener('beforeunload', (event) => {
      if ([...this.views.values()].some((view) => view.isCopying)) event.preventDefault();
    });
    catchStrayDrops();
    this.root.dataset.ready = 'true';
  }

  announce(text) {
    this.live.textContent = text;
  }

  /** Reads the voices again; and again later, as long as one of them is importing. */
  async refresh() {
    this.voices = (await request('GET', '/voices')).voices;
    this.draw();
    clearTimeout(this.timer);
    if (this.voices.some(({ importing }) => importing)) this.timer = setTimeout(() => this.refreshQuietly(), BUSY_MS);
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

  async opened(voice) {
    location.hash = `voice=${voice.id}`;
    await this.refresh();
  }

  async removed(voice) {
    this.views.delete(voice.id);
    history.replaceState(null, '', location.pathname + location.search);
    await this.refresh();
    this.announce(`The voice “${voice.name}” was deleted.`);
    this.list.focus();
  }
}

/** The address of a view of this page. Gradio's pages have a base address, against which "#..." alone would be read. */
function place(view) {
  return `${location.pathname}${location.search}#${view}`;
}

/** A file that misses the drop area must not replace the page. */
function catchStrayDrops() {
  for (const type of ['dragover', 'drop']) {
    addEventListener(type, (event) => {
      if ([...event.dataTransfer.types].includes('Files')) event.preventDefault();
    });
  }
}

/** The voices as a quiet list of links, and the form that makes one. */
class VoiceList {
  constructor(page) {
    this.page = page;
    this.items = h('ul', { class: 'lib-voices' });
    this.button = h('button', { type: 'button', class: 'lib-button', onclick: () => this.form.open() }, 'New voice');
    this.form = new NameForm({
      label: 'Name of the new voice',
      action: 'Create',
      hint: WHAT_A_VOICE_IS,
      save: async (name) => {
        const view = await page.create(name);
        view.focus();
      },
      closed: () => this.button.focus(),
      toggled: (isOpen) => {
        this.button.hidden = isOpen;
        this.hint.hidden = isOpen || page.voices.length > 0;
      },
    });
    this.element = h(
      'nav',
      { 'aria-labelledby': 'lib-voices-title' },
      h('h1', { id: 'lib-voices-title', tabindex: -1 }, 'Voices'),
      this.items,
      (this.hint = h('p', { class: 'lib-fine lib-voices-hint' }, WHAT_A_VOICE_IS)),
      this.button,
      this.form.element,
    );
  }

  focus() {
    (this.items.querySelector('a') ?? this.button).focus();
  }

  draw(voices, open) {
    const focused = this.items.contains(document.activeElement) ? document.activeElement.hash : '';
    this.items.replaceChildren(...voices.map((voice) => this.item(voice, voice === open)));
    this.hint.hidden = voices.length > 0 || !this.form.element.hidden;
    if (focused) [...this.items.querySelectorAll('a')].find((link) => link.hash === focused)?.focus();
  }

  item({ id, name, documents, importing }, isOpen) {
    return h(
      'li',
      {},
      h(
        'a',
        { class: 'lib-voice', href: place(`voice=${id}`), 'aria-current': isOpen && 'page' },
        h('span', { class: 'lib-voice-name' }, name),
        h('span', { class: 'lib-voice-count lib-numbers', title: count(documents, 'document') },
          importing ? 'importing' : number(documents)),
        h('span', { class: 'unseen' }, documents === 1 ? ' document' : ' documents'),
      ),
    );
  }
}

/** A name to type: Enter saves, Escape leaves; what the server says against a name stands below it. */
class NameForm {
  constructor({ label, action, hint, save, closed, toggled }) {
    Object.assign(this, { save, closed, toggled });
    const id = `lib-name-${label.length}-${action}`;
    this.input = h('input', {
      class: 'lib-input', 'aria-label': label, maxlength: 80, autocomplete: 'off', 'aria-describedby': id,
    });
    this.failure = h('p', { class: 'lib-error', role: 'alert' });
    this.element = h(
      'form',
      { class: 'lib-name-form', hidden: true },
      this.input,
      h('div', { class: 'lib-row' },
        h('button', { class: 'lib-button lib-primary' }, action),
        h('button', { type: 'button', class: 'lib-button', onclick: () => this.close() }, 'Cancel')),
      h('p', { class: 'lib-fine', id }, hint),
      this.failure,
    );
    this.element.addEventListener('submit', (event) => {
      event.preventDefault();
      this.submit();
    });
    this.element.addEventListener('keydown', (event) => {
      if (event.key === 'Escape') this.close();
    });
  }

  open(name = '') {
    this.toggle(true);
    this.input.value = name;
    this.input.select();
    this.input.focus();
  }

  close() {
    this.toggle(false);
    this.closed();
  }

  toggle(isOpen) {
    this.element.hidden = !isOpen;
    this.failure.textContent = '';
    this.toggled(isOpen);
  }

  async submit() {
    this.failure.textContent = '';
    try {
      await this.save(this.input.value);
      this.toggle(false);
    } catch (error) {
      this.failure.textContent = error.message;
      this.input.focus();
    }
  }
}

/** Four invented writers; one button each loads one into a new voice. */
class Examples {
  constructor(page) {
    this.page = page;
    this.rows = h('ul', { class: 'lib-examples' });
    this.failure = h('p', { class: 'lib-error', role: 'alert' });
    this.element = h(
      'section',
      { class: 'lib-example-section', 'aria-labelledby': 'lib-examples-title' },
      h('h2', { id: 'lib-examples-title' }, 'Start with an example'),
      h('p', { class: 'lib-fine' }, 'Four invented writers, each a voice to try Ownhand with. Delete it when you like.'),
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

/** Where files land: buttons for files and folders, and a drop anywhere on `surface`. */
class DropZone {
  constructor({ limits, surface, add }) {
    const pick = (attributes) => {
      const input = h('input', { type: 'file', multiple: true, hidden: true, ...attributes });
      input.addEventListener('change', () => {
        add(chosenFiles(input));
        input.value = ''; // the same files may be chosen again
      });
      return input;
    };
    const files = pick({ accept: limits.suffixes.join(','), 'data-pick': 'files' });
    const folder = pick({ webkitdirectory: true, 'data-pick': 'folder' });
    this.lead = h('p', { class: 'lib-drop-lead' });
    this.choose = h('button', { type: 'button', class: 'lib-button lib-primary', onclick: () => files.click() }, 'Choose files');
    this.element = h(
      'section',
      { class: 'lib-drop', 'aria-label': 'Add past writing' },
      this.lead,
      h('div', { class: 'lib-row' }, this.choose,
        h('button', { type: 'button', class: 'lib-button', onclick: () => folder.click() }, 'Choose a folder')),
      h('p', { class: 'lib-fine' },
        `Text, Markdown, Word, PDF, web pages and zip files of these, up to ${megabytes(limits.largest_file)} each. `,
        'They are copied; your files stay as they are.'),
      files,
      folder,
    );
    this.catchDrops(surface, add);
  }

  catchDrops(surface, add) {
    let depth = 0; // entering a child fires before leaving its parent
    const mark = (change) => {
      depth = change ? depth + change : 0;
      surface.classList.toggle('lib-dropping', depth > 0);
    };
    const carriesFiles = (event) => [...event.dataTransfer.types].includes('Files');
    surface.addEventListener('dragenter', (event) => carriesFiles(event) && mark(1));
    surface.addEventListener('dragleave', (event) => carriesFiles(event) && mark(-1));
    surface.addEventListener('drop', async (event) => {
      if (!carriesFiles(event)) return;
      event.preventDefault();
      mark(0);
      add(await droppedFiles(event.dataTransfer));
    });
  }

  draw({ isSmall }) {
    this.element.classList.toggle('lib-drop-small', isSmall);
    this.lead.textContent = isSmall
      ? 'Drop more of your writing here.'
      : 'Your past writing teaches Ownhand how you sound. Drop some files here.';
  }
}

/** The page before the first voice: files dropped here make one. */
class Welcome {
  constructor(page) {
    this.failure = h('p', { class: 'lib-error', role: 'alert' });
    this.element = h('div', { class: 'lib-welcome' });
    const add = async (entries) => {
      try {
        const view = await page.create(FIRST_VOICE);
        await view.imports.add(entries);
      } catch (error) {
        this.failure.textContent = error.message;
      }
    };
    this.zone = new DropZone({ limits: page.limits, surface: this.element, add });
    this.zone.draw({ isSmall: false });
    this.element.append(this.zone.element, this.failure);
  }

  show() {}

  hide() {}
}

/** One voice: its name, its import, its documents. */
class VoiceView {
  constructor(page, id) {
    this.page = page;
    this.id = id;
    const shared = { voice: id, announce: (text) => page.announce(text), changed: () => this.changed(), leave: () => this.focus() };
    this.imports = new ImportPanel({ ...shared, limits: page.limits });
    this.documents = new DocumentList({ ...shared, changed: () => page.refreshQuietly() });
    this.title = h('h2', { class: 'lib-voice-title', tabindex: -1 });
    this.facts = h('p', { class: 'lib-facts' });
    this.actions = h(
      'div',
      { class: 'lib-row' },
      (this.rename = h('button', { type: 'button', class: 'lib-quiet', onclick: () => this.form.open(this.voice.name) }, 'Rename')),
      h('button', { type: 'button', class: 'lib-quiet', onclick: () => this.remove() }, 'Delete'),
    );
    this.form = new NameForm({
      label: 'Name of this voice',
      action: 'Save',
      hint: 'Enter saves, Escape leaves it as it was.',
      save: (name) => this.renamed(name),
      closed: () => this.rename.focus(),
      toggled: (isOpen) => (this.head.hidden = isOpen),
    });
    this.head = h('div', { class: 'lib-voice-head' }, this.title, this.actions);
    this.element = h('div', { class: 'lib-open' });
    this.zone = new DropZone({ limits: page.limits, surface: this.element, add: (entries) => this.imports.add(entries) });
    this.element.append(
      h('a', { class: 'lib-back', href: place('') }, 'All voices'),
      h('header', {}, this.head, this.form.element, this.facts),
      this.zone.element,
      this.imports.element,
      this.documents.element,
    );
  }

  get isCopying() {
    return this.imports.copying !== null;
  }

  show() {
    this.imports.show();
    this.documents.load();
  }

  hide() {
    this.imports.hide();
  }

  focus() {
    if (this.voice?.documents || this.imports.busy) this.title.focus();
    else this.zone.choose.focus();
  }

  draw(voice) {
    this.voice = voice;
    this.title.textContent = voice.name;
    this.facts.textContent = voice.documents
      ? `${count(voice.documents, 'document')} · ${count(voice.snippets, 'snippet')}`
      : 'No documents yet';
    this.zone.draw({ isSmall: voice.documents > 0 });
  }

  async changed() {
    await Promise.all([this.documents.load(), this.page.refreshQuietly()]);
  }

  async renamed(name) {
    await request('PATCH', `/voices/${this.id}`, { name });
    await this.page.refresh();
    this.page.announce(`The voice is now called “${this.voice.name}”.`);
    this.head.hidden = false;
    this.rename.focus();
  }

  async remove() {
    const { voice } = this;
    const goes = voice.documents
      ? `Its ${count(voice.documents, 'document')} and ${count(voice.snippets, 'snippet')} are deleted with it, for good.`
      : 'It holds no documents.';
    const done = await confirmRemoval({
      title: `Delete the voice “${voice.name}”?`,
      lines: [goes, 'Your drafts stay, and so do the files on your computer that you imported.'],
      action: voice.documents ? `Delete voice and ${count(voice.documents, 'document')}` : 'Delete voice',
      act: () => request('DELETE', `/voices/${voice.id}`),
    });
    if (done) await this.page.removed(voice);
  }
}
