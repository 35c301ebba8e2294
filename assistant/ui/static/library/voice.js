/** What fills the page beside the list of voices: one voice, or the invitation to make the first. */

import { LearningLine } from '../shared/learning.js';
import { DocumentList } from './documents.js';
import { confirmRemoval, count, h, place, request } from './dom.js';
import { DropZone } from './drop.js';
import { ImportPanel } from './imports.js';
import { VoicePicture } from './picture.js';
import { NameForm } from './voices.js';

const FIRST_VOICE = 'My writing'; // files dropped before there is a voice make one of this name

/** One voice: its name, its import, its documents. */
export class VoiceView {
  constructor(page, id) {
    this.page = page;
    this.id = id;
    const shared = {
      voice: id,
      announce: (text) => page.announce(text),
      changed: () => this.changed(),
      leave: () => this.focus(),
    };
    this.imports = new ImportPanel({ ...shared, limits: page.limits });
    this.documents = new DocumentList({ ...shared, changed: () => page.refreshQuietly() });
    this.picture = new VoicePicture({
      voice: id,
      open: (voice, document, leave) => page.openDocument(voice, document, leave),
    });
    this.title = h('h2', { class: 'lib-voice-title', tabindex: -1 });
    this.facts = h('p', { class: 'lib-facts' });
    this.learning = new LearningLine();
    this.actions = h(
      'div',
      { class: 'lib-row' },
      (this.rename = h(
        'button',
        { type: 'button', class: 'lib-quiet', onclick: () => this.form.open(this.voice.name) },
        'Rename',
      )),
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
    this.zone = new DropZone({
      limits: page.limits,
      surface: this.element,
      add: (entries) => this.imports.add(entries),
    });
    this.element.append(
      h('a', { class: 'lib-back', href: place('') }, 'All voices'),
      h('header', {}, this.head, this.form.element, this.facts, this.learning.element),
      this.zone.element,
      this.imports.element,
      this.picture.element,
      this.documents.element,
    );
  }

  get isCopying() {
    return this.imports.copying !== null;
  }

  show() {
    this.imports.show();
    this.picture.load();
    this.documents.load();
  }

  hide() {
    this.imports.hide();
  }

  focus() {
    if (this.voice?.documents || this.voice?.importing || this.imports.busy) this.title.focus();
    else this.zone.choose.focus();
  }

  draw(voice) {
    this.voice = voice;
    this.title.textContent = voice.name;
    this.facts.textContent = voice.documents
      ? `${count(voice.documents, 'document')} · ${count(voice.snippets, 'snippet')}`
      : 'No documents yet';
    this.learning.draw(voice.learning);
    this.zone.draw({ isSmall: voice.documents > 0 });
    this.picture.draw(voice);
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
      ? `Its ${count(voice.documents, 'document')} and ${count(voice.snippets, 'snippet')} go with it, for good.`
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

/** The page before the first voice: files dropped here make one. */
export class Welcome {
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
