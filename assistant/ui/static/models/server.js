/** Requests of the Models page. */

import { call } from '../shared/server.js';

const API = new URL('../../../api/models', import.meta.url).href;

/** Asks the server; returns its JSON or throws an error whose message can be shown as it is. */
export function request(method, path, body) {
  return call(method, API + path, body);
}
