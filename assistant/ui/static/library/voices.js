/** The list of voices, and the form that names one. */

import { count, h, number, place } from './dom.js';

const WHAT_A_VOICE_IS = 'A voice is a body of writing that sounds alike: work mail, essays, a novel.';

let forms = 0; // so that each form can point to its own hint

/** The voices as a quiet list of links, and the form that makes one. */
export class VoiceList {
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
        h(
          'span',
          { class: 'lib-voice-count lib-numbers', title: count(documents, 'document') },
          importing
            ? 'importing'
            : [number(documents), h('span', { class: 'unseen' }, documents === 1 ? ' document' : ' documents')],
        ),
      ),
    );
  }
}

/** A name to type: Enter saves, Escape leaves; what the server says against a name stands below it. */
export class NameForm {
  constructor({ label, action, hint, save, closed, toggled }) {
    Object.assign(this, { save, closed, toggled });
    const id = `lib-name-hint-${++forms}`;
    this.input = h('input', {
      class: 'lib-input',
      'aria-label': label,
      maxlength: 80,
      autocomplete: 'off',
      'aria-describedby': id,
    });
    this.failure = h('p', { class: 'lib-error', role: 'alert' });
    this.element = h(
      'form',
      { class: 'lib-name-form', hidden: true },
      this.input,
      h(
        'div',
        { class: 'lib-row' },
        (this.confirm = h('button', { class: 'lib-button lib-primary' }, action)),
        h('button', { type: 'button', class: 'lib-button', onclick: () => this.close() }, 'Cancel'),
      ),
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
    this.confirm.disabled = true; // a second Enter must not make a second voice
    try {
      await this.save(this.input.value);
      this.toggle(false);
    } catch (error) {
      this.failure.textContent = error.message;
      this.input.focus();
    } finally {
      this.confirm.disabled = false;
    }
  }
}
