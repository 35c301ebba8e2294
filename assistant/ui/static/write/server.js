/** Requests to our own server. */

/** The server answered, but with an error; `message` is meant for the writer. */
export class Refused extends Error {
  constructor(status, body) {
    super(body?.error ?? `The server answered with status ${status}.`);
    this.status = status;
    this.body = body;
  }

  /** Whether the same request may succeed later. */
  get isPassing() {
    return this.status >= 500;
  }
}

/** The server did not answer at all. */
export class Unreachable extends Error {
  constructor(cause) {
    super('The app does not answer. Is it still running?', { cause });
  }
}

/** One request with a JSON answer. */
export async function call(method, path, body, options = {}) {
  const response = await send(method, path, body, options);
  return response.json();
}

/** A request whose answer is one JSON value per line, each given out as it arrives. */
export async function* lines(path, body, signal) {
  const response = await send('POST', path, body, { signal });
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
    throw signal.aborted ? error : new Unreachable(error);
  } finally {
    reader.cancel().catch(() => {});
  }
}

async function send(method, path, body, options) {
  const content = body === undefined ? {} : { body: JSON.stringify(body), headers: { 'content-type': 'application/json' } };
  let response;
  try {
    response = await fetch(path, { method, ...content, ...options });
  } catch (error) {
    throw options.signal?.aborted ? error : new Unreachable(error);
  }
  if (!response.ok) throw new Refused(response.status, await response.json().catch(() => null));
  return response;
}
