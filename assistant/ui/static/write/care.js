/** What can be done with a draft beyond writing it: versions, files, its voice, whose words it has, deletion. */

import { call } from '../shared/server.js';
import { DeletedSheet } from './deleted.js';
import { make } from './dom.js';
import { ExportSheet } from './export.js';
import { Menu } from './menu.js';
import { Notice } from './notice.js';
import { VersionsSheet } from './versions.js';

export class DraftCare {
  #root;
  #page;
  #place = -1; // the place of a merge that was looked at last

  /**
   * `page`: keeper(), editor, voices, questions; attempt(work) shows what goes wrong; open(id), openFirst() and
   * listDrafts().
   */
  constructor(root, page) {
    this.#root = root;
    this.#page = page;
    const sheets = root.querySelector('.write');
    const settle = () => this.#settle();
    this.notice = new Notice(root.querySelector('.notice'));
    this.versions = new VersionsSheet(sheets, { settle, restore: (version) => this.#restore(version) });
    this.exports = new ExportSheet(sheets, { settle });
    this.deleted = new DeletedSheet(sheets, {
      back: (id) => page.attempt(() => page.open(id)),
      confirm: (title) => page.questions.confirmErase(title),
    });
    this.menu = new Menu(root.querySelector('.more > button'), root.querySelector('.menu'));
    this.#listenForFiles(sheets);
  }

  /** What the page's buttons can ask for, by the name of the action. */
  get actions() {
    const attempt = (work) => () => this.#page.attempt(work);
    return {
      versions: attempt(() => this.versions.open(this.#draft)),
      export: attempt(() => this.exports.open(this.#draft)),
      join: attempt(() => this.#join()),
      origins: attempt(() => this.#toggleOrigins()),
      'from-file': () => this.#root.querySelector('.draft-file').click(),
      deleted: attempt(() => this.deleted.open()),
      'delete-open': attempt(() => this.remove(this.#draft, this.#root.querySelector('.title').value)),
    };
  }

  /** Deletes a draft, and offers the way back. */
  async remove(id, title) {
    const { keeper, openFirst, listDrafts } = this.#page;
    const isOpen = id === keeper().id;
    if (isOpen) await keeper().settle();
    await call('DELETE', `/api/drafts/${id}`);
    if (isOpen) {
      keeper().drop();
      await openFirst();
    } else {
      await listDrafts();
    }
    const undo = { label: 'Undo', run: () => this.#page.attempt(() => this.#putBack(id)) };
    this.notice.show(`“${title.trim() || 'Untitled'}” was deleted.`, [undo]);
  }

  /** Both tabs had changed the draft; `places` are where both had changed the same words. */
  merged(places) {
    if (!places.length) {
      this.notice.show('Merged with another tab: what both wrote is here.');
      return;
    }
    const count = places.length === 1 ? 'one place' : `${places.length} places`;
    this.#place = -1;
    this.notice.show(`Merged with another tab. In ${count} both had changed the same words: both stand there.`, [
      { label: 'Show', run: () => this.#showNext(places), stays: true },
      { label: 'Versions', run: this.actions.versions, stays: true },
    ]);
  }

  /** The menu names the voice; called whenever another draft or voice is shown. */
  showVoice(voice) {
    const item = this.#root.querySelector('[data-action="join"]');
    item.hidden = !voice;
    item.textContent = voice ? `Add to the voice “${voice.name}”` : '';
  }

  /** After a save: what the legend counts may have changed. */
  async stored() {
    if (this.#page.editor.origins.isShown) await this.#drawLegend();
  }

  get #draft() {
    return this.#page.keeper().id;
  }

  /** Saves what is unsaved. */
  async #settle() {
    await this.#page.keeper().settle();
    if (!this.#page.keeper().isSaved) throw new Error('The draft is not saved yet. Wait until it is, then try again.');
  }

  async #restore(version) {
    const keeper = this.#page.keeper();
    await this.#settle();
    const path = `/api/drafts/${keeper.id}/versions/${version.id}/restore`;
    keeper.take(await call('POST', path, { revision: keeper.revision }));
    this.notice.show('This is the earlier version again. What was here before is kept as a version too.', [
      { label: 'Versions', run: this.actions.versions },
    ]);
  }

  async #putBack(id) {
    await call('POST', `/api/deleted-drafts/${id}/put-back`);
    await this.#page.open(id);
  }

  #showNext(places) {
    this.#place = (this.#place + 1) % places.length;
    const { start, end } = places[this.#place];
    this.#page.editor.select(start, end);
  }

  async #join() {
    await this.#settle();
    const voice = this.#page.voices.current?.name ?? '';
    this.notice.show(`Adding this draft to the voice “${voice}”…`);
    let joined;
    try {
      joined = await call('POST', `/api/drafts/${this.#draft}/join`);
    } catch (error) {
      this.notice.hide();
      throw error;
    }
    const earlier = joined.has_replaced ? ' It took the place of what it said earlier.' : '';
    this.notice.show(
      joined.is_new
        ? `Added: the voice “${voice}” now has this draft among its documents.${earlier}`
        : `The voice “${voice}” has this text already.`,
    );
  }

  async #toggleOrigins() {
    const { origins } = this.#page.editor;
    origins.show(!origins.isShown);
    this.#root.querySelector('[data-action="origins"]').setAttribute('aria-checked', String(origins.isShown));
    this.#root.querySelector('.origins-legend').hidden = !origins.isShown;
    if (!origins.isShown) return;
    await this.#page.keeper().settle();
    await this.#drawLegend();
  }

  async #drawLegend() {
    const words = await call('GET', `/api/drafts/${this.#draft}/words`);
    const part = (name, label, count) =>
      make('span', { className: name }, `${label} ${count.toLocaleString('en')}`);
    this.#root.querySelector('.origins-legend').replaceChildren(
      part('suggested', 'Suggested', words.suggested),
      part('edited', 'Suggested, then edited', words.edited),
      part('own', 'Your own', words.own),
    );
  }

  #listenForFiles(parent) {
    const field = make('input', { type: 'file', className: 'draft-file', hidden: true, tabIndex: -1 });
    field.setAttribute('aria-label', 'A file for a new draft');
    field.addEventListener('change', () => {
      const [file] = field.files;
      if (file) this.#page.attempt(() => this.#read(file)).finally(() => (field.value = ''));
    });
    parent.append(field);
    call('GET', '/api/draft-files')
      .then(({ suffixes }) => (field.accept = suffixes.join(',')))
      .catch(() => {}); // then the file is refused with its reason after it was chosen
  }

  async #read(file) {
    const query = new URLSearchParams({ name: file.name });
    const voice = this.#page.voices.value;
    if (voice !== null) query.set('voice', voice);
    this.notice.show(`Reading ${file.name}…`);
    try {
      const draft = await call('POST', `/api/draft-files?${query}`, undefined, { body: file });
      await this.#page.open(draft.id);
      this.notice.show(`${file.name} is a new draft.`);
    } catch (error) {
      this.notice.hide();
      throw error;
    }
  }
}
