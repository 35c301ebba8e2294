/** Requests to our own server. */

/** The server answered with an error, or not at all; `message` is a sentence for the writer. */
export class RequestError extends Error {
  /** `status` is 0 where there was no answer; `body` is the answer's JSON. */
  constructor(message, status, body = {}) {
    super(message);
    this.status = status;
    this.body = body;
  }

  get isUnreachable() {
    return this.status === 0;
  }

  /** Whether the same request may succeed later. */
  get isPassing() {
    return this.status >= 500;
  }
}

const UNREACHABLE = 'Ownhand does not answer. Check that it is still running, then try again.';

/** One request with a JSON answer. */
export async function call(method, path, body, options = {}) {
  const response = await send(method, path, body, options);
  return answer(response.status, await response.text());
}

/** One request whose answer is read by the caller. */
export async function fetched(method, path) {
  const response = await send(method, path, undefined, {});
  if (!response.ok) answer(response.status, await response.text());
  return response;
}

/** A request whose answer is one JSON value per line, each given out as it arrives. */
export async function* lines(path, body, signal) {
  const response = await send('POST', path, body, { signal });
  if (!response.ok) answer(response.status, await response.text());
  const reader = response.body.pipeThrough(new TextDecoderStream()).getReader();
  let rest = '';
  try {
    for (;;) {
      const { done, value } = await reader.read();
      if (done) return;
      const parts = (rest + value).split('\n');
      rest = parts.pop();
      for (const part of parts) yield JSON.parse(part);
    }
  } catch (error) {
    throw signal.aborted ? error : new RequestError(UNREACHABLE, 0);
  } finally {
    reader.cancel().catch(() => {});
  }
}

async function send(method, path, body, options) {
  const content = body === undefined ? {} : { body: JSON.stringify(body), headers: { 'content-type': 'application/json' } };
  try {
    return await fetch(path, { method, ...content, ...options });
  } catch (error) {
    throw options.signal?.aborted ? error : new RequestError(UNREACHABLE, 0);
  }
}

/** The JSON of an answer, or the error that it explains. */
export function answer(status, text) {
  let said = {};
  try {
    said = JSON.parse(text);
  } catch {
    // A proxy or a crash answered in place of Ownhand; the status below says what is known.
  }
  if (status >= 200 && status < 300) return said;
  const message = sentence(said.error) || `Ownhand answered with error ${status}. Try again; its log says more.`;
  throw new RequestError(message, status, said);
}

/** The server's messages follow a name or "error:"; alone on a line they begin like a sentence. */
export function sentence(text = '') {
  return text.charAt(0).toUpperCase() + text.slice(1);
}
