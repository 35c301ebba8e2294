/** Where files enter the page: two buttons, and a drop. */

import { h, megabytes } from './dom.js';
import { chosenFiles, droppedFiles } from './files.js';

/** Where files land: buttons for files and folders, and a drop anywhere on `surface`. */
export class DropZone {
  constructor({ limits, surface, add }) {
    const pick = (attributes) => {
      const input = h('input', { type: 'file', multiple: true, hidden: true, ...attributes });
      input.addEventListener('change', () => {
        add(chosenFiles(input));
        input.value = ''; // the same files may be chosen again
      });
      return input;
    };
    const files = pick({ accept: limits.suffixes.join(','), 'data-pick': 'files' });
    const folder = pick({ webkitdirectory: true, 'data-pick': 'folder' });
    this.lead = h('p', { class: 'lib-drop-lead' });
    this.choose = h(
      'button',
      { type: 'button', class: 'lib-button lib-primary', onclick: () => files.click() },
      'Choose files',
    );
    this.element = h(
      'section',
      { class: 'lib-drop', 'aria-label': 'Add past writing' },
      this.lead,
      h(
        'div',
        { class: 'lib-row' },
        this.choose,
        h('button', { type: 'button', class: 'lib-button', onclick: () => folder.click() }, 'Choose a folder'),
      ),
      h(
        'p',
        { class: 'lib-fine' },
        `Text, Markdown, Word, PDF, web pages and zip files of these, up to ${megabytes(limits.largest_file)} each. `,
        'They are copied; your files stay as they are.',
      ),
      files,
      folder,
    );
    this.catchDrops(surface, add);
  }

  catchDrops(surface, add) {
    let depth = 0; // entering a child fires before leaving its parent
    const mark = (change) => {
      depth = change ? depth + change : 0;
      surface.classList.toggle('lib-dropping', depth > 0);
    };
    const carriesFiles = (event) => [...event.dataTransfer.types].includes('Files');
    surface.addEventListener('dragenter', (event) => carriesFiles(event) && mark(1));
    surface.addEventListener('dragleave', (event) => carriesFiles(event) && mark(-1));
    surface.addEventListener('drop', async (event) => {
      if (!carriesFiles(event)) return;
      event.preventDefault();
      mark(0);
      add(await droppedFiles(event.dataTransfer));
    });
  }

  draw({ isSmall }) {
    this.element.classList.toggle('lib-drop-small', isSmall);
    this.lead.textContent = isSmall
      ? 'Drop more of your writing here.'
      : 'Your past writing teaches Ownhand how you sound. Drop some files here.';
  }
}
