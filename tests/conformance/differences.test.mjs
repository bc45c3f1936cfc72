// Where keyfold differs from Unkey on purpose: the table of docs/compatibility.md, by its numbers.
import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { expectCode, expectError, expectForbidden, expectInvalid, expectNotFound, expectOk } from './lib/expect.mjs';
import { Caller } from './lib/http.mjs';
import { unique, World } from './lib/world.mjs';

describe('differences from Unkey', () => {
  let world;
  before(async () => { world = await World.start(); });
  after(() => world.stop());

  it('1 creates no key in a deleted API', async () => {
    const apiId = await world.api();
    await world.admin.ok('apis.deleteApi', { apiId });
    expectNotFound(await world.admin.call('keys.createKey', { apiId }), 'api');
  });
  it('2 takes the scheme word in any letter case', async () => {
    for (const scheme of ['bearer', 'BEARER', 'bEaReR']) {
      expectOk(await world.admin.call('apis.createApi', { name: 'scheme' }, { Authorization: `${scheme} ${world.server.rootKey}` }));
    }
  });
  it('3 answers a body above the limit with 413 and closes', async () => {
    const body = `{"name":"${'x'.repeat(11 * 1024 * 1024)}"}`;
    const answer = await world.admin.raw('apis.createApi', body);
    expectError(answer, 413, 'user/bad_request/request_body_too_large', 'Request Entity Too Large');
    assert.equal(answer.headers.connection, 'close');
  });
  it('3 takes a body of exactly the limit', async () => {
    const frame = '{"name":"small enough"}';
    const body = frame.padEnd(10 * 1024 * 1024, ' ');
    expectOk(await world.admin.raw('apis.createApi', body));
  });
  it('4 answers unknown paths and wrong methods in the envelope', async () => {
    const absent = await world.client.request('POST', '/v2/nothing.here');
    expectError(absent, 404, absent.error?.type?.replace('https://unkey.com/docs/errors/', '') ?? 'an error type');
    const wrong = await world.client.request('GET', '/v2/keys.getKey');
    assert.equal(wrong.status, 405);
    assert.equal(wrong.headers.allow, 'POST');
    assert.match(wrong.body.meta.requestId, /^req_/);
    assert.equal(wrong.error.status, 405);
  });
  it('5 refuses invalid UTF-8 with the byte offset, on every path', async () => {
    const broken = Buffer.from('{"name":"abc\xff\xfe"}', 'latin1');
    const [entry] = expectInvalid(await world.admin.raw('apis.createApi', broken), 'requestBody');
    assert.match(entry.message, /12/);
    expectInvalid(await world.admin.raw('keys.verifyKey', Buffer.from('{"key":"abc\xc3("}', 'latin1')), 'requestBody');
  });
  it('5 refuses overlong forms and surrogates', async () => {
    for (const bytes of ['\xc0\xaf', '\xed\xa0\x80', '\xf5\x80\x80\x80', '\xe2\x82']) {
      expectInvalid(await world.admin.raw('apis.createApi', Buffer.from(`{"name":"abc${bytes}"}`, 'latin1')));
      expectInvalid(await world.admin.raw('keys.verifyKey', Buffer.from(`{"key":"abc${bytes}"}`, 'latin1')));
    }
  });
  it('6 has one text for a customer key and an unknown token', async () => {
    const { key } = await world.key();
    const detailFor = async (token) => expectError(
      await new Caller(world.client, token).call('apis.createApi', { name: 'abc' }), 401, 'unkey/authentication/key_not_found').detail;
    assert.equal(await detailFor(key), await detailFor('unkey_unknown'));
  });
  it('7 names no looked-up id in a 403', async () => {
    const { keyId, apiId } = await world.key();
    for (const operation of ['keys.getKey', 'keys.updateKey', 'keys.deleteKey']) {
      const { detail } = expectForbidden(await (await world.callerWith()).call(operation, { keyId }));
      assert.ok(!detail.includes(apiId) && !detail.includes(keyId), detail);
    }
  });
  it('9 shows a revocation to the very next verification', async () => {
    for (let i = 0; i < 20; i += 1) {
      const { keyId, key } = await world.key();
      expectCode(await world.verify(key), 'VALID');
      await world.admin.ok('keys.deleteKey', { keyId });
      expectCode(await world.verify(key), 'NOT_FOUND');
    }
  });
  it('11 12 lists permissions sorted and distinct', async () => {
    const slugs = [unique('z'), unique('a'), unique('m')];
    const role = unique('role');
    await world.admin.ok('permissions.createRole', { name: role, permissions: slugs });
    const { key, keyId } = await world.key({ roles: [role], permissions: slugs });
    assert.deepEqual(expectCode(await world.verify(key), 'VALID').permissions, [...slugs].sort());
    assert.deepEqual((await world.get(keyId)).permissions, [...slugs].sort());
  });
  it('14 refuses JSON nested deeper than 100', async () => {
    const nested = (depth) => `{"apiId":"api_absent00","meta":{"a":${'['.repeat(depth)}${']'.repeat(depth)}}}`;
    expectNotFound(await world.admin.raw('keys.createKey', nested(90)), 'api');
    expectInvalid(await world.admin.raw('keys.createKey', nested(101)), 'requestBody');
    expectInvalid(await world.admin.raw('keys.createKey', nested(100_000)), 'requestBody');
    const deepTags = `{"key":"a","tags":${'['.repeat(100_000)}${']'.repeat(100_000)}}`;
    expectInvalid(await world.admin.raw('keys.verifyKey', deepTags));
  });
  it('18 refuses impossible numbers of a rate limit instead of dropping all limits', async () => {
    const { key } = await world.key();
    for (const numbers of [{ limit: 0, duration: 60_000 }, { limit: 1, duration: 999 }]) {
      expectInvalid(await world.verify(key, { ratelimits: [{ name: 'own', ...numbers }] }), '/minimum');
    }
  });
  it('19 lets the last of two entries with one name count', async () => {
    const { key } = await world.key();
    const own = (limit) => ({ name: 'own', limit, duration: 86_400_000 });
    const { ratelimits } = expectCode(await world.verify(key, { ratelimits: [own(5), own(9)] }), 'VALID');
    assert.deepEqual(ratelimits.map((one) => one.limit), [9]);
  });
});
