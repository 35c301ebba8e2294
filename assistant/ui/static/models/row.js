/** One model: what it is, what it needs, and what can be done with it now. */

import { h, timeLeft } from '../library/dom.js';
import { sentence } from '../shared/server.js';
import { parameters, rewriting, size, speed } from './words.js';

/** Draws a model again and again as things change, in place, so that the focus stays. */
export class ModelRow {
  constructor(page, name) {
    this.page = page;
    this.name = name;
    this.title = h('h2', { class: 'mod-name', tabindex: '-1' });
    this.state = h('span', { class: 'mod-state' });
    this.note = h('p', { class: 'mod-note' });
    this.facts = h('p', { class: 'mod-fine' });
    this.needs = h('p', { class: 'mod-fine' });
    this.rewrites = h('p', { class: 'mod-fine mod-rewrites' });
    this.failure = h('p', { class: 'mod-error', role: 'alert' });
    this.bar = h('progress', { class: 'mod-bar' });
    this.line = h('p', { class: 'mod-fine mod-numbers' });
    this.progress = h('div', { class: 'mod-progress', hidden: true }, this.bar, this.line);
    this.buttons = Object.fromEntries(
      [
        ['download', 'Download'],
        ['cancel', 'Cancel'],
        ['use', 'Use this model'],
        ['remove', 'Remove'],
      ].map(([action, label]) => [action, this.button(action, label)]),
    );
    this.sure = this.question();
    this.actions = h('div', { class: 'mod-line' }, Object.values(this.buttons), this.sure);
    this.element = h(
      'li',
      { class: 'mod-row', 'data-model': name },
      h('div', { class: 'mod-head' }, this.title, this.state),
      this.note,
      this.facts,
      this.needs,
      this.rewrites,
      this.progress,
      this.failure,
      this.actions,
    );
  }

  focus() {
    this.title.focus();
    this.element.scrollIntoView({ block: 'nearest' });
  }

  button(action, label) {
    const onclick = () => (action === 'remove' ? this.ask(true) : this.act(action));
    return h('button', { type: 'button', class: `mod-button mod-${action}`, onclick }, label);
  }

  question() {
    const keep = h('button', { type: 'button', class: 'mod-button', onclick: () => this.ask(false) }, 'Keep it');
    const remove = h('button', { type: 'button', class: 'mod-button mod-danger', onclick: () => this.act('remove') }, 'Delete');
    this.keep = keep;
    this.sureText = h('span', { class: 'mod-fine' });
    return h('div', { class: 'mod-line', hidden: true, role: 'group', 'aria-label': 'Delete this model?' }, this.sureText, remove, keep);
  }

  /** Shows or takes back the question whether the model should really go. */
  ask(isAsking) {
    this.isAsking = isAsking;
    this.draw(this.model, this.around);
    (isAsking ? this.keep : this.buttons.remove).focus();
  }

  async act(action) {
    this.failed = '';
    const hadFocus = this.actions.contains(document.activeElement);
    this.isAsking = false;
    try {
      this.pending = action;
      this.draw(this.model, this.around);
      await this.page.act(action, this.name);
    } catch (error) {
      this.failed = error.message;
    } finally {
      this.pending = null;
      this.draw(this.model, this.around);
    }
    if (hadFocus && !this.actions.contains(document.activeElement)) this.title.focus();
  }

  /** `model` is this model as the server describes it, `around` the whole page. */
  draw(model, around) {
    const before = this.model;
    Object.assign(this, { model, around });
    const { download } = model;
    const isLoading = around.switch.state === 'loading' && around.switch.name === this.name;
    const isFetching = download?.state === 'running';
    this.title.textContent = model.title;
    this.note.textContent = model.note;
    this.drawFacts(model);
    this.state.textContent = isLoading ? 'Loading' : model.is_in_use ? 'In use' : model.is_present ? 'On this computer' : '';
    this.element.dataset.state = isLoading ? 'loading' : model.is_in_use ? 'in-use' : model.is_present ? 'present' : 'absent';
    this.drawProgress(isFetching, download);
    this.failure.textContent = sentence(this.problem(around, download));
    this.drawButtons(model, isFetching, around.switch.state === 'loading');
    this.tell(before, model);
  }

  drawFacts(model) {
    const where = model.is_present ? 'on the disk' : 'to download';
    const facts = [`${parameters(model.parameters)} parameters`, `${size(model.bytes)} ${where}`];
    if (model.licence) facts.push(`licence ${model.licence}`);
    this.facts.textContent = facts.join(' · ');
    this.needs.textContent = model.fits
      ? `Takes ${size(model.memory)} of memory; here, ${speed(model.words_per_second, model.seconds_to_first_word)}.`
      : `Needs ${size(model.memory)} of memory: too big for this computer.`;
    this.rewrites.textContent = model.is_present ? rewriting(model.rewrites) : '';
  }

  drawProgress(isFetching, download) {
    this.progress.hidden = !isFetching;
    if (!isFetching) return;
    this.bar.max = download.bytes_total;
    this.bar.value = download.bytes_done;
    this.bar.setAttribute('aria-label', `Downloading ${this.model.title}`);
    this.line.textContent =
      `${size(download.bytes_done)} of ${size(download.bytes_total)} · ` +
      (this.pending === 'cancel' ? 'stopping' : timeLeft(download.seconds_left));
  }

  problem(around, download) {
    if (this.failed) return this.failed;
    if (around.switch.state === 'failed' && around.switch.name === this.name) return around.switch.reason;
    return download?.state === 'failed' ? download.reason : '';
  }

  drawButtons(model, isFetching, isSwitching) {
    const here = model.here_already;
    this.buttons.download.textContent = here && !model.is_present ? `Go on downloading (${size(here)} is here)` : 'Download';
    show(this.buttons.download, !model.is_present && !isFetching && model.fits, this.pending);
    show(this.buttons.cancel, isFetching, this.pending);
    show(this.buttons.use, model.is_present && !model.is_in_use, this.pending || isSwitching);
    const removable = model.is_removable || (here > 0 && !model.is_present && !isFetching);
    show(this.buttons.remove, removable && !this.isAsking, this.pending || isSwitching);
    this.sure.hidden = !this.isAsking;
    this.sureText.textContent = `Delete ${size(model.is_present ? model.bytes : here)} from this computer?`;
    for (const [action, button] of Object.entries(this.buttons)) {
      button.setAttribute('aria-label', `${button.textContent}: ${model.title}`);
      button.dataset.action = action;
    }
  }

  /** Says aloud what has happened since the last time. */
  tell(before, model) {
    if (!before) return;
    if (!before.is_present && model.is_present) this.page.announce(`${model.title} is on this computer now.`);
    if (before.is_present && !model.is_present) this.page.announce(`${model.title} was deleted.`);
    if (!before.is_in_use && model.is_in_use) this.page.announce(`${model.title} writes from now on.`);
  }
}

function show(button, isShown, isBusy) {
  button.hidden = !isShown;
  button.disabled = Boolean(isBusy);
}
