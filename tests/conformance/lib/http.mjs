// A plain HTTP client that sends exactly what a test asks for, also what a well-behaved client never would.
import http from 'node:http';

/** One answer: `body` is the parsed JSON, or undefined when the text is no JSON. */
export class Answer {
  constructor(status, headers, text) {
    this.status = status;
    this.headers = headers;
    this.text = text;
    try { this.body = JSON.parse(text); } catch { this.body = undefined; }
  }

  get data() { return this.body?.data; }
  get error() { return this.body?.error; }
}

/** Keeps connections open between requests; end it with `close`. */
export class Client {
  constructor(url, sockets = 64) {
    this.url = new URL(url);
    this.agent = new http.Agent({ keepAlive: true, maxSockets: sockets });
  }

  close() { this.agent.destroy(); }

  /** Sends the bytes of `body` under `method` and `path`; header names go out as given. */
  request(method, path, { headers = {}, body } = {}) {
    return new Promise((resolve, reject) => {
      const request = http.request(
        { agent: this.agent, host: this.url.hostname, port: this.url.port, method, path, headers },
        (response) => {
          const chunks = [];
          response.on('data', (chunk) => chunks.push(chunk));
          response.on('error', reject);
          response.on('end', () => resolve(
            new Answer(response.statusCode, response.headers, Buffer.concat(chunks).toString())));
        });
      request.on('error', reject);
      request.end(body);
    });
  }
}

/** Somebody with a root key: `call('keys.getKey', {...})` posts JSON to /v2/keys.getKey. */
export class Caller {
  constructor(client, rootKey) {
    this.client = client;
    this.rootKey = rootKey;
  }

  /** `headers` add to or replace the usual ones; a value of undefined leaves the header out. */
  call(operation, body, headers = {}) {
    return this.raw(operation, JSON.stringify(body), headers);
  }

  /** The same with the body's bytes as they are. */
  raw(operation, body, headers = {}) {
    const all = { 'Content-Type': 'application/json', Authorization: `Bearer ${this.rootKey}`, ...headers };
    if (body !== undefined) all['Content-Length'] = String(Buffer.byteLength(body));
    for (const name of Object.keys(all)) if (all[name] === undefined) delete all[name];
    return this.client.request('POST', `/v2/${operation}`, { headers: all, body });
  }

  /** Calls and returns `data`; throws with the whole answer when it is not a success. */
  async ok(operation, body, headers = {}) {
    const answer = await this.call(operation, body, headers);
    if (answer.status !== 200) throw new Error(`${operation} answered ${answer.status}: ${answer.text}`);
    return answer.data;
  }
}
