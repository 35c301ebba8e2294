/** The Write page: the parts of `write/` put together on the markup of `write.html`. */

import { call } from './shared/server.js';
import { Automatic } from './write/automatic.js';
import { DraftCare } from './write/care.js';
import { Continuations } from './write/continue.js';
import { Editor } from './write/editor.js';
import { Evidence } from './write/evidence.js';
import { GhostChoice } from './write/ghost_choice.js';
import { Journal } from './write/journal.js';
import { Keeper } from './write/keeper.js';
import { LearningWatch } from './write/learning_watch.js';
import { MemoryChoice } from './write/memory.js';
import { Outcomes } from './write/outcomes.js';
import { PassageDialog } from './write/passage.js';
import { around } from './write/place.js';
import { Preferences } from './write/preferences.js';
import { Questions } from './write/questions.js';
import { RecallCard } from './write/recalls.js';
import { Rewriting } from './write/rewrite.js';
import { SavingLine } from './write/saving.js';
import { Shelf } from './write/shelf.js';
import { Shortcuts } from './write/shortcuts.js';
import { Suggestions } from './write/suggestion.js';
import { Tab } from './write/tab.js';
import { TitleField } from './write/title.js';
import { showScore } from './write/voice_score.js';
import { VoiceChoice } from './write/voices.js';

const RETRY = 2000;

/** Starts the page in its markup. */
export function start(root) {
  return new WritePage(root).begin();
}

class WritePage {
  #root;
  #keeper = null;

  constructor(root) {
    this.#root = root;
    this.title = new TitleField(this.#part('.title'), {
      change: () => this.#changed(),
      done: () => this.editor.focus(),
    });
    this.questions = new Questions(this.#part('.ask-dialog'));
    this.passage = new PassageDialog(this.#part('.passage-dialog'));
    this.shelf = new Shelf(root, {
      keeper: () => this.#keeper,
      newVoice: () => this.voices.value ?? this.voices.usual,
      isBlank: () => !this.title.value && !this.editor.text,
      leaving: () => this.suggestions.stop(),
      opened: (id, content) => this.#opened(id, content),
      remove: (id, title) => this.care.remove(id, title),
      attempt: (work) => this.#attempt(work),
      trouble: (error) => this.#trouble(error.message),
    });
    this.voices = new VoiceChoice(this.#part('.voice-choice'), {
      change: () => {
        this.evidence.steering.anotherVoice();
        this.#changed();
        this.#showVoice();
      },
    });
    this.memory = new MemoryChoice(this.#part('.memory-choice'), {
      draft: (use) => this.#attempt(() => this.#useMemory(use)),
      draftStrength: (strength) => this.#attempt(() => this.#useStrength(strength)),
      voice: (use, strength) => this.#attempt(() => this.#useForAll(use, strength)),
    });
    this.learning = new LearningWatch(this.#part('.learning-place'), this.voices);
    this.saving = new SavingLine(this.#part('.save-state'));
    this.evidence = new Evidence(this.#part('.evidence'), this.#part('.mirror'), {
      open: (entry) => this.#attempt(() => this.passage.show(entry)),
      ask: () => this.#ask(),
      caret: () => this.editor.caret,
      again: () => this.suggestions.ask(),
      finished: (end) => this.outcomes.finished(end),
      signs: (command) => this.shortcuts.signs(command),
      trouble: (message) => this.#trouble(message),
    });
    this.editor = new Editor(this.#part('.editor'), {
      change: () => this.#changed(),
      edited: (isTyping) => this.automatic?.edited(isTyping),
      moved: () => this.automatic?.moved(),
      withdrawn: (offer) => {
        this.outcomes.gone(offer);
        this.suggestions.withdrawn();
      },
      emptied: () => this.suggestions.emptied(),
      pointed: (word) => this.recalls.show(word),
    });
    this.outcomes = new Outcomes(this.editor, { voice: () => this.voices.value, draft: () => this.#keeper.id });
    this.care = new DraftCare(root, {
      keeper: () => this.#keeper,
      editor: this.editor,
      voices: this.voices,
      questions: this.questions,
      attempt: (work) => this.#attempt(work),
      open: (id) => this.shelf.open(id),
      openFirst: () => this.shelf.openFirst(),
      listDrafts: () => this.shelf.list(),
    });
    this.recalls = new RecallCard(this.#part('.recall-card'), this.editor, {
      open: (place) => this.#attempt(() => this.passage.show(place)),
      trouble: (message) => this.#trouble(message),
      say: (sentence) => this.#say(sentence),
    });
    this.suggestions = new Suggestions(this.editor, this.evidence, {
      ask: () => this.#ask(),
      whenNone: () => (this.voices.value === null ? this.#emptyNote('voiceless') : 'none'),
      state: (state) => this.#showState(state),
      marks: (marks) => (this.recalls.marks = marks),
      shown: (number, count, score) => this.#showNumber(number, count, score),
      passing: () => this.outcomes.passed(),
      announce: (offer) => this.#say(this.shortcuts.announcement(offer)),
      failed: (error, how) => this.#failed(error, how),
      say: (sentence) => this.#say(sentence),
    });
    this.continuations = new Continuations(this.#part('.write'), {
      ask: () => this.#ask(),
      caret: () => this.editor.caret,
      insert: (alternative, at) => this.#putIn(alternative, at),
    });
    this.rewriting = new Rewriting(this.#part('.rewrite'), this.editor, {
      ask: () => this.#ask(),
      opening: () => this.#dismissOffer(),
      say: (sentence) => this.#say(sentence),
    });
  }

  /** Reads voices and drafts and opens one; waits for the server if it must. */
  async begin() {
    this.#showState('idle');
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
    const [{ writer }, { voices }, persona] = await Promise.all([
      call('GET', '/api/drafts?limit=1'),
      call('GET', '/api/library/voices'),
      call('GET', '/api/persona'),
    ]);
    this.memory.model = persona;
    if (!this.shortcuts) this.#prepare(new Preferences(writer));
    this.#keeper ??= new Keeper(new Journal(writer, new Tab()), {
      state: (state, detail) => this.#showSaving(state, detail),
      stored: (id, content, updatedAt) => this.shelf.update(id, content, updatedAt),
      replaced: (content) => this.#showChanged(content),
      merged: (content, places) => this.#showMerged(content, places),
      isComposing: () => this.editor.isComposing,
      moved: (draft) => this.#moved(draft),
      chooseLoss: () => this.questions.chooseLoss(),
      gone: () => this.#attempt(() => this.shelf.openFirst()),
    });
    this.voices.show(voices);
    await this.shelf.openAddressed();
    this.#trouble('');
  }

  /** What depends on who writes: their keys, and how suggestions come to them. */
  #prepare(preferences) {
    this.#offerLengths(preferences);
    const { editor, suggestions, recalls } = this;
    this.automatic = new Automatic(editor, suggestions, preferences, () => this.#ask());
    this.ghosts = new GhostChoice(this.#part('.ghost-choice'), this.automatic, (sentence) => this.#say(sentence));
    this.shortcuts = new Shortcuts(this.#root, preferences, {
      offer: () => editor.offer,
      isOffered: () => suggestions.state === 'offered',
      left: () => editor.withdraw(),
      always: {
        suggest: () => this.#suggest(),
        continue: () => this.continuations.open(),
        rewrite: () => this.rewriting.open(),
        pause: () => this.ghosts.togglePause(),
        dismiss: () => this.#dismiss(),
      },
      whenOffered: {
        next: () => suggestions.step(1),
        previous: () => suggestions.step(-1),
        recall: () => recalls.step(1),
        'recall-back': () => recalls.step(-1),
      },
      inText: { accept: () => editor.accept(), word: () => editor.acceptWord() },
    });
    this.#listen();
  }

  /** How many words a suggestion has: as it was chosen last. */
  #offerLengths(preferences) {
    const select = this.#part('.length select');
    if (preferences.get('length')) select.value = preferences.get('length');
    select.addEventListener('change', () => {
      preferences.set('length', select.value);
      this.editor.focus();
    });
  }

  // ---- drafts ----

  async #opened(id, content) {
    this.#show(content);
    this.evidence.note(this.#emptyNote());
    await this.evidence.steering.open(id);
  }

  async #create() {
    await this.shelf.create();
    this.title.focus();
  }

  /** What another tab may have changed: voices, the list, the open draft if nothing of it is unsaved here. */
  async #refresh() {
    const [{ voices }, persona] = await Promise.all([call('GET', '/api/library/voices'), call('GET', '/api/persona')]);
    this.memory.model = persona;
    const chosen = this.voices.value;
    this.voices.show(voices);
    this.voices.choose(chosen);
    this.#showVoice();
    if (this.suggestions.state === 'idle') await this.#keeper.refresh();
    await this.shelf.list();
    await this.evidence.steering.refresh();
  }

  async #moved(draft) {
    this.title.value = draft.title;
    this.#showVoice();
    await this.#attempt(() => this.shelf.list());
  }

  #show({ voice, title, text, origins }) {
    this.title.value = title;
    this.editor.load(text, origins);
    this.rewriting.textChanged();
    const isFresh = voice === null && !title && !text; // made before there was a voice to give it
    this.voices.choose(isFresh ? this.voices.usual : voice);
    this.#showVoice();
    this.saving.count(this.editor.text);
  }

  /** The open draft as another tab left it: what did not change stays where it is. */
  #showChanged({ voice, title, text, origins }) {
    this.title.value = title;
    this.continuations.textMoved(this.editor.replace(text, origins));
    this.rewriting.textChanged();
    this.voices.choose(voice);
    this.#showVoice();
    this.saving.count(this.editor.text);
  }

  #showMerged(content, places) {
    this.#showChanged(content);
    this.#showSaving('merged');
    this.care.merged(places);
  }

  /** How much of the voice this draft wants, and whether its wording is still being learned. */
  #showVoice() {
    this.care.showVoice(this.voices.value === null ? null : this.voices.current);
    this.memory.show(this.voices.current, this.#keeper.memoryUse, this.#keeper.voiceStrength);
    this.learning.show();
  }

  #changed() {
    const { text, origins } = this.editor;
    this.rewriting.textChanged();
    this.#keeper.change({ voice: this.voices.value, title: this.title.value, text, origins: origins.spans });
  }

  // ---- how much of the voice ----

  async #useMemory(use) {
    this.#keeper.memoryUse = use;
    await call('PUT', `/api/drafts/${this.#keeper.id}/memory`, { memory_use: use });
  }

  async #useStrength(strength) {
    this.#keeper.voiceStrength = strength;
    await call('PUT', `/api/drafts/${this.#keeper.id}/voice-strength`, { voice_strength: strength });
  }

  async #useForAll(use, strength) {
    const voice = `/api/library/voices/${this.voices.value}`;
    if (use !== null) {
      await call('PUT', `${voice}/memory`, use);
      await this.#useMemory(null);
    }
    if (strength !== null) {
      await call('PUT', `${voice}/voice-strength`, { voice_strength: strength });
      await this.#useStrength(null);
    }
  }

  // ---- suggestions ----

  #ask() {
    const length = this.#part('.length select').value;
    const steering = this.evidence.steering.value;
    const { before, after } = around(this.editor.text, this.editor.caret);
    const draft = this.#keeper?.id ?? null;
    const place = { voice: this.voices.value, draft, title: this.title.value, before, after };
    return { ...place, length, ...this.memory.wanted, steering };
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

  /** The card below a word goes before the suggestion does, and the suggestion before the list of drafts. */
  #dismiss() {
    this.automatic.cancel();
    if (this.rewriting.isOpen) this.rewriting.close();
    else if (this.recalls.isOpen) this.#leaveCard();
    else if (this.suggestions.state !== 'idle') this.editor.withdraw();
    else this.shelf.close();
  }

  /** Nothing is offered or on its way while something else is done with the text. */
  #dismissOffer() {
    this.automatic.cancel();
    if (this.suggestions.state !== 'idle') this.editor.withdraw();
  }

  #leaveCard() {
    if (this.#part('.recall-card').contains(document.activeElement)) this.editor.focus();
    this.recalls.close();
  }

  #putIn(alternative, at) {
    this.editor.insert(alternative.text, at);
    this.suggestions.showEvidence(alternative);
  }

  async #failed(error, { isUnseen }) {
    if (error.status === 404) await this.#refresh().catch(() => {});
    if (error.status === 404 && this.voices.value === null) {
      this.#changed();
      this.#trouble('The voice of this draft was deleted. Suggestions go on without one until you choose another.');
    } else if (!isUnseen) {
      this.#trouble(error.message);
    }
  }

  // ---- what the page says ----

  #showState(state) {
    this.evidence.state(state);
    this.outcomes.state(state);
    this.#part('.write').dataset.state = state;
    for (const part of this.#root.querySelectorAll('[data-when]')) {
      part.hidden = !part.dataset.when.split(' ').includes(state);
    }
  }

  /** Which of several alternatives is on offer. */
  #showNumber(number, count, score) {
    const line = this.#part('.alternative-number');
    line.textContent = count > 1 ? `${number}/${count}` : '';
    line.title = count > 1 ? `Suggestion ${number} of ${count}` : '';
    showScore(this.#part('.bar .voice-score'), score);
  }

  #showSaving(state, detail) {
    const worse = this.saving.show(state, { detail, isKept: this.#keeper.isKept });
    if (worse) this.#say(worse);
    if (state !== 'saved') return;
    this.saving.count(this.editor.text);
    this.care.stored().catch(() => {}); // the next save will tell
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
      drafts: () => this.shelf.toggle(),
      memory: () => this.memory.toggle(),
      'memory-for-all': () => this.memory.keepForAll(),
      ghosts: () => this.ghosts.toggle(),
      pause: () => this.ghosts.togglePause(),
      keys: () => this.shortcuts.openPanel(),
      suggest: () => this.#suggest(),
      continue: () => this.continuations.open(),
      rewrite: () => this.rewriting.open(),
      next: () => this.suggestions.step(1),
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
    this.#part('.bar-rows').addEventListener('pointerdown', (event) => {
      if (event.target.closest('button')) event.preventDefault();
    });
    document.addEventListener('visibilitychange', () => {
      if (!document.hidden && this.#keeper?.id != null) this.#refresh().catch(() => {}); // the next save will tell
    });
  }

  #part(selector) {
    return this.#root.querySelector(selector);
  }
}
