/** One suggestion after another: asking, judging, streaming, stopping, stepping through alternatives. */

import { lines } from '../shared/server.js';
import { Alternative, Alternatives } from './alternatives.js';
import { canBeJudged, isConfident } from './confidence.js';
import { marksOf } from './recalls.js';

export class Suggestions {
  #editor;
  #evidence;
  #on;
  #alternatives = new Alternatives();
  #run = null; // the one being written: { aborter, alternative, isShown, needsConfidence }

  state = 'idle'; // idle, waiting (for the first word), writing, offered

  /**
   * `on`: state(name) when the state changes, marks(marks) when other words of an offer lean on the past (see
   * `marksOf`), shown(number, count, voice score) of the alternatives, passing() before another one takes its
   * place, announce(offer) once a suggestion is whole, failed(error),
   * say(sentence) for screen readers; ask() gives what is asked for but the seed; whenNone() what to note when nothing
   * is found.
   */
  constructor(editor, evidence, on) {
    this.#editor = editor;
    this.#evidence = evidence;
    this.#on = on;
  }

  /** Whether a suggestion is being written, be it unseen. */
  get isRunning() {
    return this.#run !== null;
  }

  /** Asks for a suggestion at the cursor. Asked again at the same place, another one is shown. */
  async ask() {
    if (this.#run && !this.#run.isShown) return this.#reveal(this.#run);
    const place = this.#place();
    const { count, canMakeMore } = this.#alternatives;
    if (this.#alternatives.isFor(place) && (count || canMakeMore)) return this.step(1);
    this.#alternatives.begin(place);
    return this.#write({ reuse: false });
  }

  /**
   * Asks for one that nobody asked for: nothing is seen of it before its first words are there and, with
   * `needsConfidence`, the model was sure of them. Resolves to whether the server answered.
   */
  async askUnseen({ needsConfidence }) {
    this.#alternatives.begin(this.#place());
    return this.#write({ reuse: true, isShown: false, needsConfidence });
  }

  /** Shows the next alternative (1), made now if there is none, or the one before (-1). */
  async step(direction) {
    if (this.state === 'writing') this.stop();
    if (!this.#alternatives.isFor(this.#place())) {
      if (direction < 0 || this.state !== 'offered') return undefined;
      this.#alternatives.begin(this.#place()); // its first words are in the draft now
    }
    const { at, count, canMakeMore } = this.#alternatives;
    if (direction > 0 && at === count - 1 && canMakeMore) return this.#write({ reuse: true });
    return count ? this.#showAgain(this.#alternatives.step(direction)) : undefined;
  }

  /** Stops the model; what is written so far stays on offer. */
  stop() {
    const { alternative } = this.#run ?? {};
    this.#end();
    if (this.state === 'writing') {
      this.#alternatives.add(alternative);
      this.#offer();
    } else if (this.state === 'waiting') {
      this.#editor.withdraw();
    }
  }

  /** Lets go of one that is not yet seen. */
  cancelUnseen() {
    if (this.#run && !this.#run.isShown) this.#end();
  }

  /** The offer was let go. */
  withdrawn() {
    this.#end();
    this.#on.marks([]);
    this.#enter('idle');
  }

  /** The offer is used up: a stream may bring more, otherwise it is over. */
  emptied() {
    if (this.state === 'offered') this.#editor.withdraw();
  }

  /** Shows what stands behind one that was put in. */
  showEvidence(alternative) {
    const { evidence, end } = alternative;
    for (const event of evidence) this.#draw(event, alternative);
    if (end) this.#drawEnd(end);
  }

  #place() {
    return JSON.stringify(this.#on.ask());
  }

  async #write({ reuse, isShown = true, needsConfidence = false }) {
    this.#end();
    const request = { ...this.#on.ask(), seed: this.#alternatives.nextSeed(), reuse };
    const run = { aborter: new AbortController(), alternative: new Alternative(request), isShown, needsConfidence };
    if (isShown) this.#wait();
    this.#run = run;
    try {
      for await (const event of lines('/api/suggest', request, run.aborter.signal)) {
        if (this.#run !== run) return true;
        this.#take(event, run);
      }
      if (this.#run === run) this.#fail(run, new Error('The suggestion broke off. Try again.'));
      return true;
    } catch (error) {
      if (run.aborter.signal.aborted) return true;
      this.#fail(run, error);
      return false;
    }
  }

  #wait() {
    this.#on.passing();
    this.#editor.withdraw();
    this.#editor.openOffer();
    this.#on.marks([]);
    this.#evidence.awaiting(true);
    this.#enter('waiting');
  }

  #take(event, run) {
    if (event.event === 'error') return this.#fail(run, new Error(event.message));
    run.alternative.take(event);
    if (run.isShown) return this.#draw(event, run.alternative);
    return this.#judge(run);
  }

  #judge(run) {
    const { text, confidence, end } = run.alternative;
    if (end && !text.trim()) return this.#end();
    if (!text || (run.needsConfidence && !end && !canBeJudged(text))) return undefined;
    if (run.needsConfidence && !isConfident(confidence)) return this.#end();
    run.isShown = true;
    this.#editor.openOffer({ isQuiet: true });
    return this.#drawAll(run.alternative);
  }

  /** The writer asked for what is being written unseen. */
  #reveal(run) {
    run.isShown = true;
    this.#wait();
    this.#drawAll(run.alternative);
  }

  #draw(event, alternative) {
    switch (event.event) {
      case 'ranked':
        return this.#evidence.entries(event.entries, this.#on.whenNone(), event.band, alternative.request);
      case 'summarized':
        return this.#evidence.summary(event.sentences, event.edited);
      case 'synthesized':
        return this.#evidence.keywords(event.keywords);
      case 'text':
        return this.#extend(event.text);
      case 'finished':
        return this.#finish(alternative);
      default:
        return undefined;
    }
  }

  #drawAll(alternative) {
    for (const event of alternative.evidence) this.#draw(event, alternative);
    if (alternative.text) this.#extend(alternative.text);
    if (alternative.end) this.#finish(alternative);
  }

  #extend(text) {
    if (this.state !== 'writing') this.#enter('writing');
    this.#editor.extendOffer(text);
  }

  #finish(alternative) {
    if (this.#run && !this.#keep(alternative)) return this.#nothingNew();
    const marks = this.#drawEnd(alternative.end);
    if (!this.#editor.offer.trim()) {
      this.#editor.withdraw();
      if (this.state !== 'idle') this.#enter('idle');
      return this.#on.say('The suggestion is used up.');
    }
    this.#editor.markOffer(marks);
    this.#on.marks(marks);
    this.#offer();
    return this.#on.announce(this.#editor.offer);
  }

  /** What is known once a suggestion is whole; returns the marks of its words. */
  #drawEnd({ recalls, timings_ms: milliseconds, signature }) {
    const marks = marksOf(recalls.runs);
    this.#evidence.recalled(recalls, marks.length > 0, signature);
    this.#evidence.timings(milliseconds, signature);
    return marks;
  }

  /** Keeps a new alternative; false if it says nothing, or what another one says. */
  #keep(alternative) {
    this.#run = null;
    if (!alternative.text.trim()) return false;
    return this.#alternatives.add(alternative) || !this.#alternatives.isFor(this.#place());
  }

  /** The model said nothing new: another seed, or what is there already. */
  #nothingNew() {
    if (this.#alternatives.canMakeMore) return this.#write({ reuse: true });
    this.#on.say('No other suggestion came.');
    if (!this.#alternatives.count) return this.#editor.withdraw();
    return this.#showAgain(this.#alternatives.shown);
  }

  #showAgain(alternative) {
    this.#on.passing();
    this.#editor.withdraw();
    this.#editor.openOffer();
    this.#drawAll(alternative);
    if (!alternative.end) this.#offer(); // it was stopped half-way
  }

  #offer() {
    this.#enter('offered');
    const { at, count, shown } = this.#alternatives;
    this.#on.shown(at + 1, count, shown?.end?.voice_score);
  }

  #end() {
    this.#run?.aborter.abort();
    this.#run = null;
    this.#evidence.awaiting(false);
  }

  #fail(run, error) {
    this.#end();
    if (!run.isShown) {
      if (error.status) this.#on.failed(error, { isUnseen: true });
      return;
    }
    if (this.#editor.offer.trim()) this.#offer();
    else if (this.#alternatives.count) this.#showAgain(this.#alternatives.shown);
    else this.#editor.withdraw();
    this.#on.failed(error, { isUnseen: false });
  }

  #enter(state) {
    this.state = state;
    this.#on.state(state);
  }
}
