// What holds for every authenticated endpoint (ALL-*), asked of each of them.
import assert from 'node:assert/strict';
import { after, describe, it } from 'node:test';
import { expectError, expectForbidden, expectInvalid, expectNotFound, expectOk, expectRuleViolation } from './lib/expect.mjs';
import { Caller } from './lib/http.mjs';
import { unique, World } from './lib/world.mjs';

const world = await World.start();
after(() => world.stop());

/** Follows a reference inside the document. */
function resolved(document, schema) {
  if (schema.$ref === undefined) return schema;
  return schema.$ref.slice(2).split('/').reduce((node, name) => node[name], document);
}

/** Every endpoint that wants a root key, as the server's own document tells: `{operation, body, isClosed}`. */
async function authenticatedEndpoints() {
  const document = JSON.parse((await world.client.request('GET', '/openapi.json')).text);
  return Object.entries(document.paths).flatMap(([path, { post }]) => {
    const security = post?.security ?? document.security;
    if (post === undefined || !security.some((scheme) => 'bearer' in scheme)) return [];
    const content = post.requestBody.content['application/json'];
    const body = resolved(document, content.schema);
    const members = body.type === 'array' ? resolved(document, body.items) : body;
    return [{ operation: path.slice('/v2/'.length), body: content.example, isClosed: members.additionalProperties === false }];
  });
}

const withUnknownMember = (body) =>
  (Array.isArray(body) ? body.map((item) => ({ ...item, unknownMember: 1 })) : { ...body, unknownMember: 1 });

describe('every endpoint', async () => {
  const malformed = (answer) => expectError(answer, 400, 'unkey/authentication/malformed');
  const unknown = (answer) => expectError(answer, 401, 'unkey/authentication/key_not_found', 'Unauthorized');

  for (const { operation, body, isClosed } of await authenticatedEndpoints()) {
    describe(operation, () => {
      const as = (authorization) => world.admin.call(operation, body, { Authorization: authorization });

      it('ALL-01 ALL-37 answers 400, not 401, without an Authorization header', async () => {
        const errors = expectInvalid(await as(undefined));
        assert.deepEqual(errors.map((entry) => entry.location), ['security']);
      });
      it('ALL-02 ALL-40 treats an empty Authorization value as none', async () => {
        assert.equal(expectInvalid(await as(''))[0].location, 'security');
      });
      it('ALL-03 refuses a token without the scheme word', async () => { malformed(await as(world.server.rootKey)); });
      it('ALL-03 refuses another scheme', async () => { malformed(await as('Basic dXNlcjpwYXNz')); });
      it('ALL-04 refuses a scheme word without a token', async () => {
        malformed(await as('Bearer'));
        malformed(await as('Bearer    '));
      });
      it('ALL-05 ALL-07 VK-24 does not know a token of any shape', async () => {
        for (const token of ['unkey_2cGKbMxRyIzhCxo1Idjz8q', 'invalid_token', 'sk_live_0', '!§$%']) {
          unknown(await as(Buffer.from(`Bearer ${token}`).toString('latin1')));
        }
      });
      it('ALL-06 skips several blanks before the token', async () => { unknown(await as('Bearer     unknown')); });
      it('ALL-18 refuses malformed JSON', async () => { expectInvalid(await world.admin.raw(operation, '{"a":'), 'requestBody'); });
      if (isClosed) {
        it('ALL-19 refuses an unknown member', async () => {
          expectInvalid(await world.admin.call(operation, withUnknownMember(body)), '/additionalProperties');
        });
      }
      it('ALL-15 ALL-16 refuses a caller without the right, or says that there is nothing', async () => {
        const answer = await (await world.callerWith()).call(operation, body);
        if (answer.status === 200) {
          assert.ok(operation === 'keys.verifyKey' ? answer.data.code === 'NOT_FOUND' : answer.data.length === 0, answer.text);
        } else if (answer.status === 404) {
          expectError(answer, 404, answer.error.type.replace('https://unkey.com/docs/errors/', ''), 'Not Found');
        } else {
          expectForbidden(answer);
        }
      });
      it('ALL-21 judges the body before the credentials', async () => {
        expectInvalid(await world.admin.raw(operation, '{', { Authorization: 'Bearer unknown' }));
      });
      it('ALL-22 ALL-32 wants a content type of JSON', async () => {
        const text = JSON.stringify(body);
        for (const type of [undefined, 'text/plain', 'application/x-www-form-urlencoded']) {
          const headers = { 'Content-Type': type, Authorization: 'Bearer' };
          expectInvalid(await world.admin.raw(operation, text, headers), 'requestBody');
        }
      });
      it('ALL-35 refuses an empty body, null, an empty array, trailing text and a byte-order mark', async () => {
        for (const text of ['', 'null', '[]', '{} {}', '[{}] []', '\uFEFF{}', '\uFEFF[{}]']) {
          expectInvalid(await world.admin.raw(operation, text));
        }
      });
      it('ALL-33 answers other methods with 405 and Allow', async () => {
        for (const method of ['GET', 'PUT', 'OPTIONS', 'DELETE']) {
          const answer = await world.client.request(method, `/v2/${operation}`);
          assert.equal(answer.status, 405);
          assert.equal(answer.headers.allow, 'POST');
        }
      });
    });
  }
});

describe('every request', () => {
  it('ALL-08 does not take a customer key as bearer, whatever it may do', async () => {
    const { key } = await world.key({ permissions: ['api.*.create_api', 'administrator'] });
    const answer = await new Caller(world.client, key).call('apis.createApi', { name: 'stolen' });
    expectError(answer, 401, 'unkey/authentication/key_not_found');
  });
  it('ALL-09 does not know a revoked root key, at once', async () => {
    const made = await world.admin.ok('rootKeys.createRootKey', { name: 'gone', permissions: ['api.*.create_api'] });
    const caller = new Caller(world.client, made.rootKey);
    await caller.ok('apis.createApi', { name: 'before' });
    await world.admin.ok('rootKeys.revokeRootKey', { rootKeyId: made.rootKeyId });
    expectError(await caller.call('apis.createApi', { name: 'after' }), 401, 'unkey/authentication/key_not_found');
  });
  it('ALL-11 forbids an expired root key', async () => {
    const { rootKey } = await world.admin.ok('rootKeys.createRootKey',
      { name: 'late', permissions: ['api.*.create_api'], expires: Date.now() - 1000 });
    const answer = await new Caller(world.client, rootKey).call('apis.createApi', { name: 'late' });
    expectError(answer, 403, 'unkey/authorization/forbidden', 'Forbidden');
  });
  it('ALL-39 lists errors on 400 alone, and none for a rule behind the schema', async () => {
    const { apiId } = await world.key();
    expectRuleViolation(await world.admin.call('keys.createKey',
      { apiId, credits: { remaining: 1, refill: { interval: 'monthly', amount: 1 } } }));
    expectNotFound(await world.admin.call('keys.getKey', { keyId: 'key_absent00' }), 'key');
    expectForbidden(await (await world.callerWith()).call('apis.createApi', { name: 'forbidden' }));
  });
  it('EX7 tells a caller what is missing and nothing of what is held', async () => {
    const caller = await world.callerWith('api.*.read_api', 'api.api_secret000.create_key');
    const { detail } = expectForbidden(await caller.call('apis.createApi', { name: 'forbidden' }));
    assert.match(detail, /api\.\*\.create_api/);
    assert.doesNotMatch(detail, /read_api|api_secret000/);
  });
  it('ALL-17 carries a new request id each time', async () => {
    const ids = new Set();
    for (let i = 0; i < 20; i += 1) {
      const answer = await world.verify('unknown');
      expectOk(answer);
      ids.add(answer.body.meta.requestId);
    }
    assert.equal(ids.size, 20);
  });
  it('ALL-27 answers errors as problem+json to who asks for it', async () => {
    const typeFor = async (accept) => (await world.admin.call('keys.getKey', { keyId: 'key_absent00' }, { Accept: accept }))
      .headers['content-type'];
    assert.equal(await typeFor(undefined), 'application/json');
    assert.equal(await typeFor('application/json'), 'application/json');
    for (const accept of ['application/problem+json', '*/*', 'application/*', 'text/html, */*;q=0.8']) {
      assert.equal(await typeFor(accept), 'application/problem+json', accept);
    }
  });
  it('ALL-27 answers schema errors as application/json whatever is asked for', async () => {
    const answer = await world.admin.call('keys.getKey', {}, { Accept: 'application/problem+json' });
    assert.equal(answer.headers['content-type'], 'application/json');
  });
  it('ALL-32 accepts a charset parameter', async () => {
    expectOk(await world.admin.call('apis.createApi', { name: 'charset' }, { 'Content-Type': 'application/json; charset=utf-8' }));
  });
  it('ALL-33 answers unknown paths and trailing slashes with 404', async () => {
    for (const path of ['/', '/v2', '/v2/apis.createApi/', '/v2/nothing.here', '/v1/keys.verifyKey']) {
      assert.equal((await world.client.request('POST', path)).status, 404, path);
    }
  });
  it('ALL-34 ignores the query string and never compresses', async () => {
    const answer = await world.client.request('POST', '/v2/apis.createApi?a=b', {
      headers: { 'Content-Type': 'application/json', Authorization: `Bearer ${world.server.rootKey}`, 'Accept-Encoding': 'gzip' },
      body: '{"name":"query"}',
    });
    expectOk(answer);
    assert.equal(answer.headers['content-encoding'], undefined);
  });
  it('ALL-34 makes its own request id, not the one of X-Request-Id', async () => {
    const answer = await world.admin.call('apis.createApi', { name: 'mine' }, { 'X-Request-Id': 'req_client123' });
    assert.notEqual(answer.body.meta.requestId, 'req_client123');
  });
  it('ALL-36 lets the last of duplicate members count', async () => {
    const { apiId } = expectOk(await world.admin.raw('apis.createApi', '{"name":"first one","name":"second one"}'));
    assert.equal((await world.admin.ok('apis.getApi', { apiId })).name, 'second one');
  });
  it('ALL-36 lets the last of duplicate members count in a verification', async () => {
    const { key } = await world.key();
    const answer = await world.admin.raw('keys.verifyKey', `{"key":"unknown","key":${JSON.stringify(key)}}`);
    assert.equal(expectOk(answer).code, 'VALID');
  });
  it('ALL-38 lists every wrong member', async () => {
    const errors = expectInvalid(await world.admin.call('keys.createKey', { apiId: 'api_absent00', name: 1, byteLength: 1, enabled: 'x' }));
    const locations = errors.map((entry) => entry.location).sort();
    assert.deepEqual(locations,
      ['/properties/byteLength/minimum', '/properties/enabled/type', '/properties/name/type']);
  });
  it('ALL-38 lists missing members in one entry', async () => {
    const errors = expectInvalid(await world.admin.call('permissions.createPermission', {}));
    assert.equal(errors.length, 1);
    assert.equal(errors[0].location, '/required');
    assert.match(errors[0].message, /name/);
    assert.match(errors[0].message, /slug/);
  });
  it('1.6 refuses a fraction where an integer is wanted, and null where it is not', async () => {
    expectInvalid(await world.admin.call('keys.createKey', { apiId: 'api_absent00', expires: 1.5 }), '/properties/expires/type');
    expectInvalid(await world.admin.call('keys.createKey', { apiId: 'api_absent00', name: null }), '/properties/name/type');
  });
  it('1.6 ignores unknown members of a ratelimit', async () => {
    await world.key({ ratelimits: [{ name: 'abc', limit: 1, duration: 1000, autoApply: false, more: true }] });
  });
  it('GK-20 2.5 gives the same 404 text for a foreign and for an absent object', async () => {
    const { caller } = await world.otherWorkspace();
    const { keyId, apiId } = await world.key();
    const foreign = expectNotFound(await caller.call('keys.getKey', { keyId }), 'key');
    const absent = expectNotFound(await caller.call('keys.getKey', { keyId: 'key_absent00' }), 'key');
    assert.equal(foreign.detail, absent.detail);
    assert.equal(expectNotFound(await caller.call('apis.getApi', { apiId }), 'api').detail,
      expectNotFound(await caller.call('apis.getApi', { apiId: 'api_absent00' }), 'api').detail);
  });
  it('1.7 answers liveness, health and the OpenAPI document without credentials', async () => {
    const liveness = await world.client.request('GET', '/v2/liveness');
    assert.ok(expectOk(liveness).message.length > 0);
    for (const path of ['/health/live', '/health/ready', '/health/startup', '/openapi.yaml', '/openapi.json', '/reference']) {
      assert.equal((await world.client.request('GET', path)).status, 200, path);
    }
  });
  it('1.7 answers HEAD of liveness without a body and POST with 405', async () => {
    const head = await world.client.request('HEAD', '/v2/liveness');
    assert.equal(head.status, 200);
    assert.equal(head.text, '');
    const post = await world.client.request('POST', '/v2/liveness');
    assert.equal(post.status, 405);
    assert.match(post.headers.allow, /GET/);
  });
  it('1.1 adds no CORS, challenge or request-id header', async () => {
    const answer = await world.admin.call('apis.createApi', { name: unique('headers') }, { Authorization: 'Bearer unknown', Origin: 'http://a' });
    for (const name of ['access-control-allow-origin', 'www-authenticate', 'x-request-id']) {
      assert.equal(answer.headers[name], undefined, name);
    }
  });
});
