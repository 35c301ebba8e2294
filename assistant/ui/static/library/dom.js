/**
 * Elements, wording and dialogs of the Library page.
 *
 * Whatever came from a file, a name or the server enters the page as a text node, never as markup.
 */

import { call } from '../shared/server.js';
import { number } from '../shared/words.js';

export { count, number, timeLeft } from '../shared/words.js';

const API = new URL('../../../api/library', import.meta.url).href;

/** Builds an element: `on...` properties are listeners, the others attributes; strings among the children are text. */
export function h(tag, properties = {}, ...children) {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(properties)) {
    if (value === undefined || value === null || value === false) continue;
    if (name.startsWith('on')) element.addEventListener(name.slice(2), value);
    else element.setAttribute(name, value === true ? '' : value);
  }
  element.append(...children.flat().filter((child) => child !== undefined && child !== null && child !== false));
  return element;
}

/** The address of a route of this page. */
export function address(path) {
  return API + path;
}

/** Asks the server for JSON. */
export function request(method, path, body) {
  return call(method, address(path), body);
}

const collator = new Intl.Collator('en', { numeric: true, sensitivity: 'base' });

/** Sorts names as people do: "Note 2" before "note 10". */
export const inOrder = collator.compare;

/** A file size, counted as the library counts it. */
export function megabytes(bytes) {
  return `${number(Math.round(bytes / 2 ** 20))} MB`;
}

/** A dialog that removes itself when it closes; the browser keeps the focus inside and gives it back. */
export function openDialog(name, labelledBy, ...children) {
  const dialog = h('dialog', { class: `lib-dialog ${name}`, 'aria-labelledby': labelledBy }, ...children);
  dialog.addEventListener('close', () => dialog.remove());
  dialog.addEventListener('click', (event) => {
    if (event.target === dialog) dialog.close(); // a click on the backdrop
  });
  document.querySelector('.lib').after(dialog); // inside the page's element, whose styles it shares
  dialog.showModal();
  return dialog;
}

/**
 * Asks before something goes for good. `lines` say what goes; `act` does it and may fail, which the dialog then says.
 * Resolves to whether it was done.
 */
export function confirmRemoval({ title, lines, action, act }) {
  return new Promise((resolve) => {
    let done = false;
    const failure = h('p', { class: 'lib-error', role: 'alert' });
    const keep = h('button', { type: 'button', class: 'lib-button', autofocus: true }, 'Keep it');
    const remove = h('button', { type: 'button', class: 'lib-button lib-danger' }, action);
    const dialog = openDialog(
      'lib-confirm',
      'lib-confirm-title',
      h('h2', { id: 'lib-confirm-title' }, title),
      lines.map((line) => h('p', {}, line)),
      failure,
      h('div', { class: 'lib-dialog-actions' }, keep, remove),
    );
    keep.addEventListener('click', () => dialog.close());
    remove.addEventListener('click', async () => {
      remove.disabled = true;
      failure.textContent = '';
      try {
        await act();
        done = true;
        dialog.close();
      } catch (error) {
        failure.textContent = error.message;
        remove.disabled = false;
      }
    });
    dialog.addEventListener('close', () => resolve(done));
  });
}

/** The address of a view of this page. Gradio's pages have a base address, against which "#..." alone would be read. */
export function place(view) {
  return `${location.pathname}${location.search}${view && '#'}${view}`;
}
