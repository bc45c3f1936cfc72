// Clients that are broken, slow or malicious: each gets a clean refusal, and everybody else is served on.
import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { expectCode, expectOk } from './lib/expect.mjs';
import { open, openMany, readToEnd, readUntil } from './lib/sockets.mjs';
import { World } from './lib/world.mjs';

let world;
let key;
before(async () => {
  world = await World.start();
  ({ key } = await world.key());
});
after(() => world.stop());

const head = (...lines) => `${lines.join('\r\n')}\r\n\r\n`;
const auth = () => `Authorization: Bearer ${world.server.rootKey}`;
const verifyRequest = () => {
  const body = JSON.stringify({ key });
  return head('POST /v2/keys.verifyKey HTTP/1.1', 'Host: x', 'Content-Type: application/json', auth(),
    `Content-Length: ${body.length}`) + body;
};
const statusOf = (text) => Number(text.match(/^HTTP\/1\.1 (\d{3})/)?.[1]);

/** Verifies `count` times, one after the other, on the world's own connections. */
async function stillServes(count = 50) {
  for (let i = 0; i < count; i += 1) expectCode(await world.verify(key), 'VALID');
}

describe('bad framing', () => {
  for (const [what, request] of [
    ['a body both chunked and with a length', () => head('POST /v2/keys.verifyKey HTTP/1.1', 'Host: x', auth(),
      'Content-Type: application/json', 'Transfer-Encoding: chunked', 'Content-Length: 5') + '0\r\n\r\n'],
    ['two different lengths', () => head('POST /v2/keys.verifyKey HTTP/1.1', 'Host: x', 'Content-Length: 2', 'Content-Length: 3') + '{}'],
    ['a negative length', () => head('POST /v2/keys.verifyKey HTTP/1.1', 'Host: x', 'Content-Length: -1')],
    ['a length that is no number', () => head('POST /v2/keys.verifyKey HTTP/1.1', 'Host: x', 'Content-Length: 5x')],
    ['no HTTP at all', () => '\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03 hello\r\n\r\n'],
    ['a header without a colon', () => head('GET /v2/liveness HTTP/1.1', 'Host: x', 'nonsense')],
    ['a blank before the colon', () => head('GET /v2/liveness HTTP/1.1', 'Host : x')],
    ['a folded header', () => head('GET /v2/liveness HTTP/1.1', 'Host: x', 'A: b\r\n c')],
    ['an unknown transfer coding', () => head('POST /v2/keys.verifyKey HTTP/1.1', 'Host: x', 'Transfer-Encoding: gzip')],
    ['a bad chunk size', () => head('POST /v2/keys.verifyKey HTTP/1.1', 'Host: x', auth(), 'Content-Type: application/json',
      'Transfer-Encoding: chunked') + 'zz\r\n{}\r\n0\r\n\r\n'],
  ]) {
    it(`refuses ${what} and closes`, async () => {
      const text = await readToEnd(await open(world.server.url, request()), 5000);
      assert.ok([400, 501].includes(statusOf(text)), `got ${JSON.stringify(text.slice(0, 300))}`);
      assert.match(text, /connection: close/i);
      await stillServes(1);
    });
  }
  it('refuses headers beyond the limit with 431', async () => {
    const huge = head('GET /v2/liveness HTTP/1.1', 'Host: x', `X-Big: ${'x'.repeat(64 * 1024)}`);
    assert.equal(statusOf(await readToEnd(await open(world.server.url, huge), 5000)), 431);
    const many = head('GET /v2/liveness HTTP/1.1', 'Host: x', ...Array.from({ length: 500 }, (_, i) => `H${i}: v`));
    assert.equal(statusOf(await readToEnd(await open(world.server.url, many), 5000)), 431);
  });
  it('refuses a declared body above the limit before it is sent', async () => {
    const socket = await open(world.server.url, head('POST /v2/apis.createApi HTTP/1.1', 'Host: x', auth(),
      'Content-Type: application/json', `Content-Length: ${11 * 1024 * 1024}`));
    const text = await readToEnd(socket, 5000);
    assert.equal(statusOf(text), 413);
    assert.match(text, /connection: close/i);
  });
  it('refuses a chunked body that grows beyond the limit', async () => {
    const socket = await open(world.server.url, head('POST /v2/apis.createApi HTTP/1.1', 'Host: x', auth(),
      'Content-Type: application/json', 'Transfer-Encoding: chunked'));
    const answer = readToEnd(socket, 10_000);
    const chunk = `100000\r\n${' '.repeat(0x100000)}\r\n`;
    for (let i = 0; i < 12 && !socket.destroyed; i += 1) socket.write(chunk);
    assert.equal(statusOf(await answer), 413);
  });
  it('takes a chunked body', async () => {
    const body = JSON.stringify({ key });
    const request = head('POST /v2/keys.verifyKey HTTP/1.1', 'Host: x', auth(), 'Content-Type: application/json',
      'Transfer-Encoding: chunked', 'Connection: close') + `${body.length.toString(16)}\r\n${body}\r\n0\r\n\r\n`;
    assert.match(await readToEnd(await open(world.server.url, request)), /"code":"VALID"/);
  });
  it('answers pipelined requests in their order', async () => {
    const socket = await open(world.server.url, verifyRequest() + head('GET /v2/liveness HTTP/1.1', 'Host: x') + verifyRequest());
    const text = await readUntil(socket, /VALID[\s\S]*message[\s\S]*VALID/);
    socket.destroy();
    assert.equal(text.match(/HTTP\/1\.1 200/g).length, 3);
  });
  it('survives requests that are cut off anywhere', async () => {
    const request = verifyRequest();
    for (let length = 1; length < request.length; length += 7) {
      const socket = await open(world.server.url, request.slice(0, length));
      socket.destroy();
    }
    for (let length = 1; length < request.length; length += 23) {
      const socket = await open(world.server.url, request.slice(0, length));
      socket.end();
      const text = await readToEnd(socket, 3000);
      assert.ok(text === '' || statusOf(text) >= 400, text.slice(0, 200));
    }
    await stillServes();
  });
  it('takes a request byte by byte', async () => {
    const socket = await open(world.server.url);
    socket.setNoDelay(true);
    for (const byte of verifyRequest()) socket.write(byte);
    assert.match(await readUntil(socket, /"code":"VALID"/), /"code":"VALID"/);
    socket.destroy();
  });
});

describe('bad bodies', () => {
  const shapes = ['', '{', '}', '[', '"', 'nul', '{"key"', '{"key":}', '{"key":"a",}', '{\'key\':"a"}', '{"key":"a"}x', '{"key":"\\u12"}',
    '{"key":"\\ud800"}', '{"key":NaN}', '{"key":1e999}', '{"key":"a\nb"}', '\u0000', '{"key":"a"}\u0000', '[{"key":"a"}]', '1', '"key"', 'true',
    `{"key":${'9'.repeat(5000)}}`, '/* c */{"key":"a"}'];
  for (const operation of ['keys.verifyKey', 'keys.createKey', 'apis.createApi']) {
    it(`are refused by ${operation} with 400`, async () => {
      for (const body of shapes) {
        const answer = await world.admin.raw(operation, body);
        assert.equal(answer.status, 400, `${JSON.stringify(body.slice(0, 40))}: ${answer.text.slice(0, 300)}`);
        assert.ok(answer.error.errors.length >= 1, `${JSON.stringify(body.slice(0, 40))}: ${answer.text.slice(0, 300)}`);
      }
    });
  }
  it('of wrong types are refused member by member', async () => {
    const wrong = [null, 1, 1.5, true, 'text', [], {}, [1], { a: 1 }, -1, 1e300];
    for (const name of ['prefix', 'name', 'byteLength', 'externalId', 'meta', 'roles', 'permissions', 'expires', 'credits', 'ratelimits',
      'enabled', 'recoverable']) {
      for (const value of wrong) {
        const answer = await world.admin.call('keys.createKey', { apiId: 'api_absent00', [name]: value });
        assert.ok([400, 404, 412].includes(answer.status), `${name}: ${JSON.stringify(value)}: ${answer.text.slice(0, 300)}`);
      }
    }
  });
  it('never reach the log as broken text', async () => {
    const { apiId } = await world.admin.ok('apis.createApi', { name: 'quote " backslash \\ line\nend \u2028 \u007f' });
    assert.equal((await world.admin.ok('apis.getApi', { apiId })).name, 'quote " backslash \\ line\nend \u2028 \u007f');
  });
});

describe('many clients', () => {
  it('keeps verifying while 500 slow ones send a byte now and then', async () => {
    const request = verifyRequest();
    const sockets = await openMany(world.server.url, 500, (i) => request.slice(0, 1 + (i % (request.length - 2))));
    const drip = setInterval(() => { for (const socket of sockets) if (!socket.destroyed) socket.write('x'); }, 500);
    try {
      await stillServes(300);
      const answers = await Promise.all(Array.from({ length: 200 }, () => world.verify(key)));
      for (const answer of answers) expectCode(answer, 'VALID');
    } finally {
      clearInterval(drip);
      sockets.forEach((socket) => socket.destroy());
    }
  });
  it('closes a connection that never finishes its header', async () => {
    const socket = await open(world.server.url, 'POST /v2/keys.verifyKey HTTP/1.1\r\nHost: x\r\n');
    const drip = setInterval(() => { if (!socket.destroyed) socket.write('X-A: b\r\n'); }, 1000);
    const text = await readToEnd(socket, 30_000);
    clearInterval(drip);
    assert.ok(text === '' || statusOf(text) === 408, text.slice(0, 300));
    assert.ok(socket.destroyed);
  });
  it('keeps verifying beside 2,000 idle keep-alive connections, which stay usable', async () => {
    const sockets = await openMany(world.server.url, 2000);
    try {
      const first = await Promise.all(sockets.slice(0, 100).map(async (socket) => {
        socket.write(verifyRequest());
        return readUntil(socket, /"code":"[A-Z_]+"/);
      }));
      for (const text of first) assert.match(text, /"code":"VALID"/);
      await stillServes(300);
      const last = sockets.at(-1);
      last.write(verifyRequest());
      assert.match(await readUntil(last, /"code":"[A-Z_]+"/), /"code":"VALID"/);
    } finally {
      sockets.forEach((socket) => socket.destroy());
    }
  });
  it('goes on after clients that leave in the middle of a command', async () => {
    const apiId = await world.api();
    const body = JSON.stringify({ apiId });
    const request = head('POST /v2/keys.createKey HTTP/1.1', 'Host: x', 'Content-Type: application/json', auth(),
      `Content-Length: ${body.length}`) + body;
    for (const socket of await openMany(world.server.url, 200, () => request)) socket.destroy();
    await stillServes();
    expectOk(await world.listKeys(apiId));
  });
});
