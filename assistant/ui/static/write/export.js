/** The draft as a file. */

import { call, fetched } from '../shared/server.js';
import { make } from './dom.js';
import { Sheet } from './sheets.js';

const FORMATS = [
  ['docx', 'Word'],
  ['pdf', 'PDF'],
  ['md', 'Markdown'],
  ['html', 'Web page'],
];

export class ExportSheet {
  #sheet;
  #on;
  #draft = null;
  #form = make('form', { className: 'export-form' });
  #sentence = make('p', { className: 'quiet' });
  #outcome = make('p', { className: 'export-outcome', role: 'status' });

  /** `on`: settle() saves what is unsaved. */
  constructor(root, on) {
    this.#on = on;
    this.#sheet = new Sheet(root, 'export-dialog', 'Export');
    const formats = FORMATS.map(([value, label], place) =>
      make('label', {}, make('input', { type: 'radio', name: 'form', value, checked: place === 0 }), label),
    );
    const save = make('button', { type: 'submit', className: 'primary', textContent: 'Save the file' });
    this.#form.append(
      make('fieldset', {}, make('legend', { textContent: 'As' }), ...formats),
      make(
        'label',
        { className: 'disclose' },
        make('input', { type: 'checkbox', name: 'disclose' }),
        'End with a line that says whose words these are',
      ),
      this.#sentence,
      make('div', { className: 'ask-answers' }, save),
      this.#outcome,
    );
    this.#form.addEventListener('submit', (event) => {
      event.preventDefault();
      this.#sheet.attempt(() => this.#save());
    });
    this.#sheet.body.append(this.#form);
  }

  async open(draft) {
    this.#draft = draft;
    await this.#on.settle();
    const { disclosure } = await call('GET', `/api/drafts/${draft}/words`);
    this.#sentence.textContent = disclosure;
    this.#outcome.textContent = '';
    this.#sheet.open();
  }

  async #save() {
    const { form, disclose } = this.#form.elements;
    this.#outcome.textContent = 'Making the file…';
    const query = new URLSearchParams({ form: form.value, disclose: disclose.checked });
    try {
      const response = await fetched('GET', `/api/drafts/${this.#draft}/export?${query}`);
      const name = decodeURIComponent(response.headers.get('content-disposition').split("filename*=UTF-8''")[1]);
      download(await response.blob(), name);
      this.#outcome.textContent = told(name, decodeURIComponent(response.headers.get('x-not-shown') ?? ''));
    } catch (error) {
      this.#outcome.textContent = '';
      throw error;
    }
  }
}

function told(name, notShown) {
  if (!notShown) return `Saved as ${name}.`;
  const signs = [...notShown];
  const shown = signs.slice(0, 12).join(' ') + (signs.length > 12 ? ' …' : '');
  return `Saved as ${name}. Its fonts have no sign for ${shown}: an empty box stands there. Word and web page keep them.`;
}

function download(blob, name) {
  const link = make('a', { href: URL.createObjectURL(blob), download: name });
  link.click();
  setTimeout(() => URL.revokeObjectURL(link.href), 60_000); // some browsers read it after the click
}
