/** The Write page: the parts of `write/` put together on the markup of `write.html`. */

import { LearningLine } from './shared/learning.js';
import { call } from './shared/server.js';
import { DraftCare } from './write/care.js';
import { DraftList } from './write/drafts.js';
import { Editor } from './write/editor.js';
import { Evidence } from './write/evidence.js';
import { Journal } from './write/journal.js';
import { Keeper } from './write/keeper.js';
import { MemoryChoice } from './write/memory.js';
import { PassageDialog } from './write/passage.js';
import { Questions } from './write/questions.js';
import { RecallCard } from './write/recalls.js';
import { Suggestions } from './write/suggestion.js';
import { Tab } from './write/tab.js';
import { VoiceChoice } from './write/voices.js';

const ADDRESS = /^#draft-(\d+)$/;
const RETRY = 2000;
const LEARNING = 2000; // milliseconds between two looks at how far the learning is

/** Starts the page in its markup. */
export function start(root) {
  return new WritePage(root).begin();
}

class WritePage {
  #root;
  #keeper = null;
  #looking = 0; // the timer of the next look at the learning

  constructor(root) {
    this.#root = root;
    this.title = this.#part('.title');
    this.questions = new Questions(this.#part('.ask-dialog'));
    this.passage = new PassageDialog(this.#part('.passage-dialog'));
    this.list = new DraftList(this.#part('.drafts'), {
      open: (id) => this.#attempt(() => this.#open(id)),
      remove: (id, title) => this.#attempt(() => this.care.remove(id, title)),
      trouble: (error) => this.#trouble(error.message),
    });
    this.voices = new VoiceChoice(this.#part('.voice-choice'), {
      change: () => {
        this.#changed();
        this.#showVoice();
      },
    });
    this.memory = new MemoryChoice(this.#part('.memory-choice'), {
      draft: (use) => this.#attempt(() => this.#useMemory(use)),
      voice: (use) => this.#attempt(() => this.#useMemoryForAll(use)),
    });
    this.learning = new LearningLine();
    this.#part('.learning-place').append(this.learning.element);
    this.evidence = new Evidence(this.#part('.evidence'), (entry) => this.#attempt(() => this.passage.show(entry)));
    this.editor = new Editor(this.#part('.editor'), {
      change: () => this.#changed(),
      withdrawn: () => this.suggestions.withdrawn(),
      emptied: () => this.suggestions.emptied(),
      pointed: (word) => this.recalls.show(word),
    });
    this.care = new DraftCare(root, {
      keeper: () => this.#keeper,
      editor: this.editor,
      voices: this.voices,
      questions: this.questions,
      attempt: (work) => this.#attempt(work),
      open: (id) => this.#open(id),
      openFirst: () => this.#openFirst(),
      listDrafts: () => this.#listDrafts(),
    });
    this.recalls = new RecallCard(this.#part('.recall-card'), this.editor, {
      open: (place) => this.#attempt(() => this.passage.show(place)),
      trouble: (message) => this.#trouble(message),
      say: (sentence) => this.#say(sentence),
    });
    this.suggestions = new Suggestions(this.editor, this.evidence, {
      ask: () => this.#ask(),
      state: (state) => this.#showState(state),
      marks: (marks) => (this.recalls.marks = marks),
      trouble: (message) => this.#trouble(message),
      say: (sentence) => this.#say(sentence),
    });
  }

  /** Reads voices and drafts and opens one; waits for the server if it must. */
  async begin() {
    this.#showState('idle');
    this.#listen();
    for (;;) {
      try {
        await this.#load();
        break;
      } catch (error) {
        this.#trouble(error.message);
        await new Promise((resolve) => setTimeout(resolve, RETRY));
      }
    }
    this.#part('.write').dataset.ready = 'true';
  }

  async #load() {
    const [{ writer }, { voices }] = await Promise.all([
      call('GET', '/api/drafts?limit=1'),
      call('GET', '/api/library/voices'),
    ]);
    this.#keeper ??= new Keeper(new Journal(writer, new Tab()), {
      state: (state, detail) => this.#showSaving(state, detail),
      stored: (id, content, updatedAt) => this.list.update(id, content, updatedAt),
      replaced: (content) => this.#showChanged(content),
      merged: (content, places) => this.#showMerged(content, places),
      isComposing: () => this.editor.isComposing,
      moved: (draft) => this.#moved(draft),
      chooseLoss: () => this.questions.chooseLoss(),
      gone: () => this.#attempt(() => this.#openFirst()),
    });
    this.voices.show(voices);
    await this.#openAddressed();
    this.#trouble('');
  }

  // ---- drafts ----

  async #open(id) {
    if (id === this.#keeper.id) return this.#closeDrafts();
    this.suggestions.stop();
    const content = await this.#keeper.open(id);
    this.#show(content);
    await this.#listDrafts();
    this.#closeDrafts();
    this.evidence.note(this.#emptyNote());
    return undefined;
  }

  /** The draft that the address names, if there is such a one. */
  async #openAddressed() {
    const wanted = Number(location.hash.match(ADDRESS)?.[1]);
    try {
      if (wanted) await this.#open(wanted);
      else await this.#openFirst();
    } catch (error) {
      if (error.status !== 404) throw error;
      await this.#openFirst();
    }
  }

  async #openFirst() {
    await this.#listDrafts();
    if (this.list.first === null) await this.#create();
    else await this.#open(this.list.first);
  }

  async #create() {
    if (this.#keeper.id !== null && !this.title.value && !this.editor.text) {
      this.#closeDrafts(); // the open draft is as good as a new one
    } else {
      const { id } = await call('POST', '/api/drafts', { voice: this.voices.value ?? this.voices.usual });
      await this.#open(id);
    }
    this.title.focus();
  }

  async #listDrafts() {
    await this.list.refresh(this.#keeper.id);
    if (this.#keeper.id !== null) history.replaceState(null, '', `#draft-${this.#keeper.id}`);
  }

  /** What another tab may have changed: voices, the list, the open draft if nothing of it is unsaved here. */
  async #refresh() {
    const { voices } = await call('GET', '/api/library/voices');
    const chosen = this.voices.value;
    this.voices.show(voices);
    this.voices.choose(chosen);
    this.#showVoice();
    if (this.suggestions.state === 'idle') await this.#keeper.refresh();
    await this.#listDrafts();
  }

  async #moved(draft) {
    this.title.value = draft.title;
    this.#showVoice();
    await this.#attempt(() => this.#listDrafts());
  }

  #show({ voice, title, text, origins }) {
    this.title.value = title;
    this.editor.load(text, origins);
    const isFresh = voice === null && !title && !text; // made before there was a voice to give it
    this.voices.choose(isFresh ? this.voices.usual : voice);
    this.#showVoice();
    this.#countWords();
  }

  /** The open draft as another tab left it: what did not change stays where it is. */
  #showChanged({ voice, title, text, origins }) {
    if (this.title.value !== title) this.title.value = title;
    this.editor.replace(text, origins);
    this.voices.choose(voice);
    this.#showVoice();
    this.#countWords();
  }

  #showMerged(content, places) {
    this.#showChanged(content);
    this.#showSaving('merged');
    this.care.merged(places);
  }

  /** How much of the voice this draft wants, and whether its wording is still being learned. */
  #showVoice() {
    this.care.showVoice(this.voices.value === null ? null : this.voices.current);
    this.memory.show(this.voices.current, this.#keeper.memoryUse);
    this.#showLearning();
  }

  #changed() {
    const { text, origins } = this.editor;
    this.#keeper.change({ voice: this.voices.value, title: this.title.value, text, origins: origins.spans });
  }

  // ---- the memory of the voice ----

  async #useMemory(use) {
    this.#keeper.memoryUse = use;
    await call('PUT', `/api/drafts/${this.#keeper.id}/memory`, { memory_use: use });
  }

  async #useMemoryForAll(use) {
    await call('PUT', `/api/library/voices/${this.voices.value}/memory`, use);
    await this.#useMemory(null);
  }

  #showLearning() {
    const { learning = null, importing = false } = this.voices.current ?? {};
    this.learning.draw(learning);
    this.#part('.learning-place').hidden = this.learning.element.hidden;
    clearTimeout(this.#looking);
    if (learning?.is_running || importing) this.#looking = setTimeout(() => this.#lookAtLearning(), LEARNING);
  }

  async #lookAtLearning() {
    try {
      const { voices } = await call('GET', '/api/library/voices');
      this.voices.update(voices);
    } catch {
      // the next look, or the next save, will tell
    }
    this.#showLearning();
  }

  // ---- suggestions ----

  #ask() {
    const voice = this.voices.value;
    const whenNone = voice === null ? this.#emptyNote('voiceless') : 'none';
    const length = this.#part('.length select').value;
    return { voice, whenNone, title: this.title.value, length, memory: this.memory.wanted };
  }

  #emptyNote(otherwise = 'start') {
    return this.voices.isEmpty ? 'bare' : otherwise;
  }

  #suggest() {
    this.#trouble('');
    // On a phone this would open the keyboard over half the page.
    if (!matchMedia('(pointer: coarse)').matches) this.editor.focus();
    this.suggestions.ask();
  }

  // ---- what the page says ----

  #showState(state) {
    this.#part('.write').dataset.state = state;
    for (const part of this.#root.querySelectorAll('[data-when]')) {
      part.hidden = !part.dataset.when.split(' ').includes(state);
    }
  }

  #showSaving(state, detail) {
    const kept = this.#keeper.isKept ? 'kept in this browser' : 'not kept: leave this page open';
    const words = {
      saved: 'Saved',
      saving: 'Saving…',
      merged: 'Merged with another tab',
      offline: `Not saved: no connection (${kept})`,
      refused: `Not saved (${detail}): ${kept}`,
    };
    const line = this.#part('.save-state');
    const isWorse = !['saved', 'saving', 'merged'].includes(state) && line.dataset.state !== state;
    line.dataset.state = state;
    line.textContent = words[state];
    if (state === 'saved') {
      this.#countWords();
      this.care.stored().catch(() => {}); // the next save will tell
    }
    if (isWorse) this.#say(words[state]);
  }

  #countWords() {
    const words = this.editor.text.match(/\S+/g)?.length ?? 0;
    const line = this.#part('.save-state');
    line.title = `${words.toLocaleString('en')} ${words === 1 ? 'word' : 'words'}`;
  }

  #trouble(message) {
    const line = this.#part('.trouble');
    line.textContent = message;
    line.hidden = !message;
  }

  #say(sentence) {
    this.#part('[data-live]').textContent = sentence;
  }

  async #attempt(work) {
    try {
      this.#trouble('');
      await work();
    } catch (error) {
      this.#trouble(error.message);
    }
  }

  // ---- the writer's hands ----

  #listen() {
    const actions = {
      ...this.care.actions,
      new: () => this.#attempt(() => this.#create()),
      drafts: () => this.#toggleDrafts(),
      memory: () => this.memory.toggle(),
      'memory-for-all': () => this.memory.keepForAll(),
      keys: () => this.#part('.keys-dialog').showModal(),
      'close-keys': () => this.#part('.keys-dialog').close(),
      suggest: () => this.#suggest(),
      again: () => this.#suggest(),
      stop: () => this.suggestions.stop(),
      accept: () => this.editor.accept(),
      word: () => this.editor.acceptWord(),
      dismiss: () => this.editor.withdraw(),
    };
    this.#root.addEventListener('click', (event) => {
      const action = event.target.closest('[data-action]')?.dataset.action;
      actions[action]?.();
    });
    // A button of the bar that took the focus would take the cursor out of the text.
    this.#part('.bar-actions').addEventListener('pointerdown', (event) => {
      if (event.target.closest('button')) event.preventDefault();
    });
    this.#part('.length select').addEventListener('change', () => this.editor.focus());
    this.title.addEventListener('input', () => this.#changed());
    this.#root.addEventListener('keydown', (event) => this.#keyToCard(event), { capture: true });
    this.#root.addEventListener('keydown', (event) => this.#key(event));
    addEventListener('hashchange', () => this.#addressChanged());
    document.addEventListener('visibilitychange', () => {
      if (!document.hidden && this.#keeper?.id != null) this.#refresh().catch(() => {}); // the next save will tell
    });
  }

  // To another draft; or to the page itself, by the link that skips the header.
  #addressChanged() {
    const wanted = Number(location.hash.match(ADDRESS)?.[1]);
    if (wanted) this.#attempt(() => this.#open(wanted));
    else history.replaceState(null, '', `#draft-${this.#keeper.id}`);
  }

  /** The card below a word hears Escape before the suggestion does, and is opened by Alt and an arrow. */
  #keyToCard(event) {
    if (event.isComposing || document.querySelector('dialog[open]')) return;
    const step = { ArrowDown: 1, ArrowUp: -1 }[event.key];
    const steps = event.altKey && step && this.suggestions.state === 'offered';
    if (!steps && !(event.key === 'Escape' && this.recalls.isOpen)) return;
    event.preventDefault();
    event.stopPropagation();
    if (steps) this.recalls.step(step);
    else this.#leaveCard();
  }

  #leaveCard() {
    if (this.#part('.recall-card').contains(document.activeElement)) this.editor.focus();
    this.recalls.close();
  }

  #key(event) {
    if (event.isComposing || document.querySelector('dialog[open]')) return;
    if (event.key === 'Enter' && (event.ctrlKey || event.metaKey)) {
      event.preventDefault();
      this.#suggest();
    } else if (event.key === 'Enter' && event.target === this.title) {
      event.preventDefault();
      this.editor.focus();
    } else if (event.key === 'Escape') {
      if (this.suggestions.state === 'idle') this.#closeDrafts();
      else this.editor.withdraw();
    }
  }

  // On a narrow page the list of drafts is a sheet that slides over the desk.
  #toggleDrafts() {
    const isOpen = this.#part('.write').classList.toggle('drafts-open');
    this.#part('.drafts-button').setAttribute('aria-expanded', String(isOpen));
    if (isOpen) this.#part('.drafts button').focus();
  }

  #closeDrafts() {
    this.#part('.write').classList.remove('drafts-open');
    this.#part('.drafts-button').setAttribute('aria-expanded', 'false');
  }

  #part(selector) {
    return this.#root.querySelector(selector);
  }
}
