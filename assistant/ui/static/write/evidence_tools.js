/** What the writer may do to one passage: pin it, leave it out, move it; buttons that come with the pointer or focus. */

import { make } from './dom.js';

/** The buttons of an entry. `steering` is changed by them; `documents()` are those that stand, in their order. */
export function tools(entry, steering, documents) {
  const { document, title } = entry;
  const isPinned = steering.value.pinned.includes(document);
  const name = title || 'Untitled';
  const buttons = [
    tool('pin', isPinned ? 'Unpin' : 'Pin', `${isPinned ? 'Unpin' : 'Pin'} “${name}”`, () =>
      isPinned ? steering.unpin(document) : steering.pin(document),
    ),
    tool('out', 'Leave out', `Leave out “${name}”`, () => steering.leaveOut(document, title)),
    tool('up', '↑', `Move “${name}” up`, () => steering.move(documents(), document, -1)),
    tool('down', '↓', `Move “${name}” down`, () => steering.move(documents(), document, 1)),
  ];
  return row(name, buttons);
}

/** The one button of a document that gave words but no passage. */
export function pinTool({ document, title }, steering) {
  const name = title || 'Untitled';
  return row(name, [tool('pin', 'Pin', `Pin “${name}”`, () => steering.pin(document))]);
}

function row(name, buttons) {
  return make('div', { className: 'entry-tools', role: 'group', 'aria-label': `Steer “${name}”` }, ...buttons);
}

function tool(control, textContent, label, act) {
  const button = make('button', { type: 'button', className: 'plain tool', textContent, title: label, 'aria-label': label });
  button.dataset.control = control;
  button.addEventListener('click', act);
  return button;
}

/** Drawing replaces the button that was pressed; this remembers where the focus was, and gives it back to its heir. */
export function heldFocus(root) {
  const { activeElement } = root.ownerDocument;
  const { control } = activeElement?.dataset ?? {};
  if (!control || !root.contains(activeElement)) return () => {};
  const place = activeElement.closest('[data-document]')?.dataset.document;
  const label = activeElement.dataset.word;
  return () => {
    const heirs = [...root.querySelectorAll(`[data-control="${control}"]`)];
    const same = heirs.find((one) => one.closest('[data-document]')?.dataset.document === place && one.dataset.word === label);
    (same ?? heirs[0] ?? root.querySelector('[data-control="back"]'))?.focus({ preventScroll: true });
  };
}
