// A subscriber of /v2/events.subscribe, which reads the stream as it is.
import http from 'node:http';

const PATIENCE_MS = 30_000;

export class Subscriber {
  #messages = [];
  #waiting = [];
  #text = '';

  /** Asks, and resolves when the head is there: a `Subscriber`, whose `status` says whether there is a stream. */
  static open(url, rootKey, query = {}, headers = {}) {
    const target = new URL('/v2/events.subscribe', url);
    for (const [name, value] of Object.entries(query)) target.searchParams.set(name, value);
    return new Promise((resolve, reject) => {
      const request = http.get(target, { agent: false, headers: { Authorization: `Bearer ${rootKey}`, ...headers } },
        (response) => resolve(new Subscriber(request, response)));
      request.on('error', reject);
    });
  }

  constructor(request, response) {
    this.request = request;
    this.status = response.statusCode;
    this.headers = response.headers;
    this.lastId = undefined;
    this.ended = new Promise((resolve) => {
      const end = () => { this.#settle(null); resolve(); };
      response.on('data', (chunk) => this.#receive(chunk.toString()));
      response.on('end', end);
      response.on('error', end);  // the connection broke
    });
    request.on('error', () => {});
  }

  close() { this.request.destroy(); }

  /** The next event or comment, `{id, event, data}` or `{comment}`; null at the end. */
  next() {
    if (this.#messages.length > 0) return Promise.resolve(this.#take());
    return new Promise((resolve, reject) => {
      const timer = setTimeout(() => reject(new Error('nothing came')), PATIENCE_MS);
      this.#waiting.push((message) => { clearTimeout(timer); resolve(message); });
    });
  }

  /** The next event's `data`, parsed; null at the end. */
  async event() {
    for (;;) {
      const message = await this.next();
      if (message === null) return null;
      if (message.data === undefined) continue;
      this.lastId = message.id;
      return JSON.parse(message.data);
    }
  }

  #take() {
    return this.#messages[0] === null ? null : this.#messages.shift();
  }

  #settle(message) {
    if (this.#messages.at(-1) !== null) this.#messages.push(message);
    while (this.#waiting.length > 0 && this.#messages.length > 0) this.#waiting.shift()(this.#take());
  }

  #receive(text) {
    this.#text += text;
    for (let end = this.#text.indexOf('\n\n'); end >= 0; end = this.#text.indexOf('\n\n')) {
      const message = {};
      for (const line of this.#text.slice(0, end).split('\n')) {
        const colon = line.indexOf(': ');
        message[colon === 0 ? 'comment' : line.slice(0, colon)] = line.slice(colon + 2);
      }
      this.#text = this.#text.slice(end + 2);
      this.#settle(message);
    }
  }
}
