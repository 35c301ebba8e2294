/**
 * Files on their way out of the browser: chosen or dropped, sorted out, copied to the server a few at a time.
 */

import { RequestError, answer } from '../shared/server.js';
import { address, megabytes } from './dom.js';

const PARALLEL_COPIES = 4;
const SYSTEM_FILES = new Set(['thumbs.db', 'desktop.ini', '__macosx']);
const UNPROCESSABLE = 422; // the server explains why this one file cannot be taken

/** Reads dropped items before the browser takes them away; folders are walked to their end. */
export async function droppedFiles(transfer) {
  const entries = [...transfer.items].map((item) => item.webkitGetAsEntry?.()).filter(Boolean);
  if (!entries.length) return [...transfer.files].map((file) => ({ path: file.name, file }));
  const found = await Promise.all(entries.map((entry) => walk(entry, '')));
  return found.flat();
}

async function walk(entry, folder) {
  const path = folder + entry.name;
  if (entry.isFile) {
    const file = await new Promise((resolve) => entry.file(resolve, () => resolve(null)));
    return file ? [{ path, file }] : [];
  }
  const reader = entry.createReader();
  const found = [];
  for (;;) {
    // A reader hands out its entries in portions; an empty one ends the folder.
    const portion = await new Promise((resolve) => reader.readEntries(resolve, () => resolve([])));
    if (!portion.length) return found;
    for (const inner of portion) found.push(...(await walk(inner, `${path}/`)));
  }
}

/** Files that a person chose in a file or folder picker. */
export function chosenFiles(input) {
  return [...input.files].map((file) => ({ path: file.webkitRelativePath || file.name, file }));
}

/** Leaves out what operating systems add to folders, and explains what cannot be read at all. */
export function sortOut(entries, limits) {
  const ready = [];
  const leftOut = [];
  for (const entry of entries) {
    if (isSystemFile(entry.path)) continue;
    const reason = unreadable(entry, limits);
    if (reason) leftOut.push({ path: entry.path, status: 'refused', documents: 0, snippets: 0, reason });
    else ready.push(entry);
  }
  return { ready, leftOut };
}

function isSystemFile(path) {
  const parts = path.toLowerCase().split('/');
  return parts.length > 1 && parts.some((part) => part.startsWith('.') || SYSTEM_FILES.has(part));
}

function unreadable({ path, file }, { suffixes, largest_file: largestFile, largest_zip: largestZip }) {
  const suffix = /\.[^./]+$/.exec(path.toLowerCase())?.[0] ?? '';
  const expected = `expected one of ${suffixes.join(', ')}`;
  if (!suffix) return `the name has no ending that says what it is; ${expected}`;
  if (!suffixes.includes(suffix)) return `${suffix} files cannot be read; ${expected}`;
  const largest = suffix === '.zip' ? largestZip : largestFile;
  if (file.size <= largest) return '';
  return `the file has ${megabytes(file.size)}; the limit is ${megabytes(largest)}: split it into parts`;
}

/** Copies files to the server, a few at a time; reports files and bytes; one refused file does not stop the others. */
export async function copyFiles(upload, entries, signal, progress) {
  const refused = [];
  const sent = new Map();
  let next = 0;
  let finished = 0;
  const report = () => progress({ files: finished, bytes: [...sent.values()].reduce((sum, bytes) => sum + bytes, 0) });
  const worker = async () => {
    while (next < entries.length) {
      const entry = entries[next++];
      try {
        await copyFile(upload, entry, signal, (bytes) => {
          sent.set(entry, bytes);
          report();
        });
      } catch (error) {
        if (error.status !== UNPROCESSABLE) throw error; // the server is gone, full, or the person pressed Cancel
        refused.push({ path: entry.path, status: 'refused', documents: 0, snippets: 0, reason: error.message });
      }
      sent.set(entry, entry.file.size);
      finished += 1;
      report();
    }
  };
  await Promise.all(Array.from({ length: PARALLEL_COPIES }, worker));
  return refused;
}

function copyFile(upload, { path, file }, signal, onbytes) {
  return new Promise((resolve, reject) => {
    // fetch does not tell how much of a body has left; a large zip over a slow line must show that it moves.
    const transfer = new XMLHttpRequest();
    const stop = () => transfer.abort();
    const fail = (error) => reject(error);
    transfer.open('PUT', `${address(`/uploads/${upload}`)}?name=${encodeURIComponent(path.toWellFormed?.() ?? path)}`);
    transfer.upload.onprogress = (event) => onbytes(event.loaded);
    transfer.onload = () => {
      try {
        resolve(answer(transfer.status, transfer.responseText));
      } catch (error) {
        fail(error);
      }
    };
    transfer.onerror = () =>
      fail(new RequestError(`${path} could not be copied: it cannot be read, or Ownhand does not answer.`, 0));
    transfer.onabort = () => fail(new DOMException('Cancelled', 'AbortError'));
    transfer.onloadend = () => signal.removeEventListener('abort', stop);
    signal.addEventListener('abort', stop);
    if (signal.aborted) fail(new DOMException('Cancelled', 'AbortError'));
    else transfer.send(file);
  });
}
