/**
 * The import of one voice: its progress with a way to stop, and what became of every file.
 *
 * The server owns the import, so a reload or a second tab finds it running. Only files that never left the browser
 * (of a kind that is not read, or too large) are known here alone; they are kept for the session beside the report.
 */

import { count, h, number, request, timeLeft } from './dom.js';
import { copyFiles, sortOut } from './files.js';
import { OutcomeView } from './outcome.js';

const POLL_MS = 400;
const POLL_SHARE = 20; // pauses this many times as long as an answer took: asking must not slow the import down
const RETRY_MS = 2000;
const NOT_FOUND = 404;
const LIST_MS = 2000; // how often a running import has the list of documents read again

const wait = (milliseconds) => new Promise((resolve) => setTimeout(resolve, milliseconds));

/**
 * Shows and steers the imports of one voice. `changed` is called whenever the voice's documents may have changed,
 * `leave` when the panel goes that held the focus.
 */
export class ImportPanel {
  constructor({ voice, limits, announce, changed, leave }) {
    this.voice = voice;
    this.limits = limits;
    this.announce = announce;
    this.changed = changed;
    this.leave = leave;
    this.shown = false;
    this.following = null; // the running import whose progress is being read
    this.reported = 0; // the import whose outcome stands on the page
    this.copying = null; // aborts the copy to the server
    this.listed = 0;
    this.progress = new ProgressView(() => this.cancel());
    this.outcome = new OutcomeView();
    this.failure = h('p', { class: 'lib-error', role: 'alert' });
    this.element = h('div', { class: 'lib-import' }, this.failure, this.progress.element, this.outcome.element);
  }

  get busy() {
    return this.copying !== null || this.following !== null;
  }

  /** Picks up what the server knows: an import that runs, or the last one. */
  async show() {
    this.shown = true;
    if (this.busy) return;
    try {
      const { imports } = await request('GET', `/voices/${this.voice}/imports`);
      const [latest] = imports;
      if (!latest || latest.id === this.reported || this.busy || !this.shown) return;
      if (latest.state === 'running') this.follow(latest);
      else await this.finish(latest.id, { justNow: false });
    } catch (error) {
      this.failure.textContent = error.message;
    }
  }

  /** The page turned to another voice: nothing is asked of the server until this one is shown again. */
  hide() {
    this.shown = false;
    this.following = null;
    this.progress.clear();
  }

  /** Copies files to the server and starts their import. */
  async add(entries) {
    const { ready, leftOut } = sortOut(entries, this.limits);
    this.failure.textContent = '';
    if (this.copying) {
      this.failure.textContent = 'The files before these are still being copied. Add these when that is done.';
    } else if (ready.length) {
      await this.copyAndImport(ready, leftOut);
    } else if (leftOut.length) {
      this.outcome.draw({ state: 'done', files: leftOut }, { justNow: true });
      this.announce(this.outcome.sentence);
    } else {
      this.failure.textContent = 'No files were found there. Choose files, or a folder that holds some.';
    }
  }

  async copyAndImport(ready, leftOut) {
    this.copying = new AbortController();
    this.outcome.clear();
    this.progress.draw({ title: 'Copying', done: 0, total: 0, line: count(ready.length, 'file') });
    try {
      const { upload } = await request('POST', `/voices/${this.voice}/uploads`);
      const refused = await this.copy(upload, ready);
      const report = await request('POST', `/voices/${this.voice}/uploads/${upload}/import`);
      rememberLeftOut(report.id, [...leftOut, ...refused]);
      this.copying = null;
      this.changed();
      if (this.shown) this.follow(report);
    } catch (error) {
      this.copying = null;
      this.clearProgress();
      if (error.name === 'AbortError') this.announce('Cancelled. Nothing was imported.');
      else this.failure.textContent = error.message;
    }
  }

  async copy(upload, ready) {
    const started = performance.now();
    const total = ready.reduce((sum, { file }) => sum + file.size, 0);
    try {
      return await copyFiles(upload, ready, this.copying.signal, ({ files, bytes }) => {
        const seconds = ((performance.now() - started) / 1000) * (total / Math.max(1, bytes) - 1);
        const line = `${number(files)} of ${count(ready.length, 'file')} · ${timeLeft(seconds)}`;
        this.progress.draw({ title: 'Copying', done: bytes, total, line });
      });
    } catch (error) {
      this.copying.abort(); // the copies beside the one that failed
      await request('DELETE', `/uploads/${upload}`).catch(() => {}); // the server also clears it when it starts
      throw error;
    }
  }

  async cancel() {
    if (this.copying) {
      this.copying.abort();
    } else if (this.following) {
      this.progress.stopping();
      await request('DELETE', `/imports/${this.following.job}`).catch((error) => {
        this.failure.textContent = error.message;
      });
    }
  }

  /** Reads the progress of an import until it ends or the page turns away. */
  async follow(report) {
    const reading = { job: report.id };
    this.following = reading;
    this.outcome.clear();
    let pause = POLL_MS;
    while (this.following === reading && report.state === 'running') {
      this.progress.draw(progressOf(report));
      await wait(pause);
      const asked = performance.now();
      report = await this.ask(report);
      pause = Math.max(POLL_MS, POLL_SHARE * (performance.now() - asked));
    }
    if (this.following !== reading) return;
    this.following = null;
    await this.finish(reading.job, { justNow: true });
  }

  async ask(report) {
    try {
      const latest = await request('GET', `/imports/${report.id}`);
      this.failure.textContent = '';
      if (latest.documents !== report.documents && performance.now() - this.listed > LIST_MS) {
        this.listed = performance.now();
        this.changed();
      }
      return latest;
    } catch (error) {
      if (error.status === NOT_FOUND) return { ...report, state: 'failed' }; // it went with its voice
      this.failure.textContent = error.message;
      await wait(RETRY_MS);
      return report;
    }
  }

  async finish(job, { justNow }) {
    const hadFocus = this.progress.hasFocus;
    try {
      const report = await request('GET', `/imports/${job}/files`);
      report.files.push(...recallLeftOut(job));
      this.reported = job;
      this.outcome.draw(report, { justNow });
      this.progress.clear();
    } catch (error) {
      this.clearProgress();
      this.failure.textContent = error.message;
      return;
    }
    if (!justNow) return;
    if (hadFocus) this.outcome.focus();
    this.announce(this.outcome.sentence);
    this.changed();
  }

  clearProgress() {
    const { hasFocus } = this.progress;
    this.progress.clear();
    if (hasFocus) this.leave();
  }
}

function progressOf({ files_done: done, files_total: total, documents, snippets, seconds_left: seconds }) {
  const sofar = documents ? ` · ${count(documents, 'document')}, ${count(snippets, 'snippet')} so far` : '';
  return {
    title: 'Importing',
    done,
    total,
    line: `${number(done)} of ${count(total, 'file')} · ${timeLeft(seconds)}${sofar}`,
  };
}

const leftOutKey = (job) => `ownhand.left-out.${job}`;

function rememberLeftOut(job, files) {
  if (!files.length) return;
  try {
    sessionStorage.setItem(leftOutKey(job), JSON.stringify(files));
  } catch {
    // Storage is full or forbidden: after a reload the list is shorter by files that never left the computer.
  }
}

function recallLeftOut(job) {
  try {
    return JSON.parse(sessionStorage.getItem(leftOutKey(job))) ?? [];
  } catch {
    return [];
  }
}

/** A bar, a count, the time left and a Cancel button; updated in place, so that the focus stays. */
class ProgressView {
  constructor(oncancel) {
    this.title = h('h3', {});
    this.line = h('p', { class: 'lib-numbers' });
    this.bar = h('progress', { class: 'lib-bar' });
    this.button = h('button', { type: 'button', class: 'lib-button', onclick: oncancel }, 'Cancel');
    this.element = h(
      'section',
      { class: 'lib-card lib-progress', 'aria-label': 'Import in progress', hidden: true },
      h('div', { class: 'lib-progress-head' }, this.title, this.button),
      this.bar,
      this.line,
    );
  }

  get hasFocus() {
    return this.element.contains(document.activeElement);
  }

  draw({ title, done, total, line }) {
    if (this.element.hidden) this.button.disabled = false;
    this.element.hidden = false;
    if (!this.button.disabled) this.title.textContent = title;
    this.bar.setAttribute('aria-label', title);
    this.bar.max = total || 1;
    if (total) this.bar.value = done;
    else this.bar.removeAttribute('value');
    this.line.textContent = line;
  }

  stopping() {
    this.title.textContent = 'Stopping';
    this.button.disabled = true;
  }

  clear() {
    this.element.hidden = true;
  }
}
