// portal.createSession (PC-*), portal.exchangeCode (PX-*), portal.listKeys (PK-*), portal.rerollKey (PR-*),
// portal.getVerifications (PV-*). PC-06 and PC-07 are about apps, which keyfold does not have; PX-06 is about a server
// that repeats its own statement to a database, and there is none: PX-03 shows that a code is redeemed once.
import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { eventsTail } from './lib/cli.mjs';
import { expectError, expectForbidden, expectInvalid, expectNotFound, expectOk, expectRuleViolation } from './lib/expect.mjs';
import { unique, World } from './lib/world.mjs';

const MINT = 'portal.*.create_portal_session';

let world;
let apiId;
let portal;
before(async () => {
  world = await World.start();
  apiId = await world.api();
  portal = await makePortal([apiId]);
});
after(() => world.stop());

/** A portal of the APIs: `{portalId, slug}`. */
async function makePortal(apiIds, fields = {}) {
  const slug = unique('portal');
  const { portalId } = await world.admin.ok('portals.createPortal',
    { slug, apiIds, baseUrl: 'https://portal.example.com', ...fields });
  return { portalId, slug };
}

const mint = (fields = {}, caller = world.admin) =>
  caller.call('portal.createSession', { portal: portal.slug, externalId: 'user_a', scopes: ['keys:read'], ...fields });
const exchange = (code) => world.client.request('POST', '/v2/portal.exchangeCode',
  { headers: { 'Content-Type': 'application/json' }, body: JSON.stringify({ code }) });
const codeOf = (answer) => new URL(expectOk(answer).url).searchParams.get('code');
const refused = (answer) => expectError(answer, 401, 'unkey/authentication/portal_session_not_found', 'Unauthorized');

/** Somebody with a session's cookie: `call('portal.listKeys', {...})`. */
async function sessionWith(fields) {
  const { accessToken } = expectOk(await exchange(codeOf(await mint(fields))));
  return { accessToken, call: (operation, body) => callWith(`portal_session=${accessToken}`, operation, body) };
}

function callWith(cookie, operation, body, more = {}) {
  const headers = { 'Content-Type': 'application/json', ...(cookie ? { Cookie: cookie } : {}), ...more };
  return world.client.request('POST', `/v2/${operation}`, { headers, body: JSON.stringify(body) });
}

describe('portal.createSession', () => {
  it('PC-01 PC-09 PC-20 answers an id and an address with a code, by slug and by id, and is not cached', async () => {
    for (const named of [portal.slug, portal.portalId]) {
      const answer = await mint({ portal: named });
      const data = expectOk(answer);
      assert.match(data.id, /^ps_[A-Za-z0-9]{9}$/);
      assert.match(data.url, /^https:\/\/portal\.example\.com\/\?code=pst_[A-Za-z0-9]{24}$/);
      assert.equal(answer.headers['cache-control'], 'no-store');
      assert.equal(answer.headers.pragma, 'no-cache');
    }
  });
  it('PC-03 PC-05 writes what the session may do, and the code only as a hash', async () => {
    const answer = await mint({ scopes: ['keys:read', 'keys:create'] });
    const code = codeOf(answer);
    const { accessToken } = expectOk(await exchange(code));
    const events = await eventsTail(world.server);
    const [created] = events.filter((event) => event.requestId === answer.body.meta.requestId);
    assert.equal(created.type, 'PortalSessionCreated');
    assert.equal(created.payload.sessionId, answer.data.id);
    assert.equal(created.payload.portalId, portal.portalId);
    assert.deepEqual(created.payload.scopes, ['keys:read', 'keys:create']);
    assert.equal(created.payload.keyspaceIds.length, 1);
    const all = JSON.stringify(events);
    for (const secret of [code, accessToken]) assert.ok(!all.includes(secret));
  });
  it('PC-14 writes nothing when it refuses', async () => {
    const answer = await mint({}, await world.callerWith(MINT));
    expectForbidden(answer);
    const events = await eventsTail(world.server);
    assert.ok(!events.some((event) => event.requestId === answer.body.meta.requestId));
  });
  it('PC-04 makes sessions that are independent of each other', async () => {
    const [first, second] = [codeOf(await mint()), codeOf(await mint())];
    assert.notEqual(first, second);
    expectOk(await exchange(second));
    expectOk(await exchange(first));
  });
  it('PC-02 takes a preview flag and a URI to return to', async () => {
    expectOk(await mint({ preview: true, returnUrl: 'https://app.example.com/account?tab=keys#top' }));
    const long = 'https://app.example.com/'.padEnd(501, 'x');
    expectOk(await mint({ returnUrl: long.slice(0, 500) }));
    expectInvalid(await mint({ returnUrl: long }), '/properties/returnUrl/maxLength');
    expectInvalid(await mint({ returnUrl: 'not a uri' }), '/properties/returnUrl/pattern');
    expectInvalid(await mint({ preview: 'yes' }), '/properties/preview/type');
  });
  it('PC-10 ALL-06 refuses an unknown root key and none at all', async () => {
    const with_ = (headers) => world.admin.call('portal.createSession', { portal: portal.slug, externalId: 'u', scopes: ['keys:read'] }, headers);
    expectError(await with_({ Authorization: 'Bearer unkey_unknown' }), 401, 'unkey/authentication/key_not_found');
    expectInvalid(await with_({ Authorization: undefined }), 'security');
  });
  it('PC-08 refuses what the schema forbids', async () => {
    for (const [fields, location] of [
      [{ externalId: undefined }, '/required'], [{ externalId: '' }, '/properties/externalId/minLength'],
      [{ portal: undefined }, '/required'], [{ portal: '' }, '/properties/portal/minLength'],
      [{ portal: 'ab' }, '/properties/portal/minLength'], [{ scopes: undefined }, '/required'],
      [{ scopes: [] }, '/properties/scopes/minItems'], [{ scopes: ['keys:rule'] }, '/properties/scopes/items/enum'],
      [{ scopes: ['api.*.read_key'] }, '/properties/scopes/items/enum'],
      [{ scopes: ['keys:read', 'nothing'] }, '/properties/scopes/items/enum'],
    ]) {
      expectInvalid(await mint(fields), location);
    }
  });
  it('PC-09 PC-18 finds neither an unknown portal nor another workspace\'s', async () => {
    expectNotFound(await mint({ portal: 'unknown-slug' }), 'portal');
    const other = await world.otherWorkspace();
    expectNotFound(await mint({}, other.caller), 'portal');
    expectNotFound(await mint({ portal: portal.portalId }, other.caller), 'portal');
  });
  it('PC-11 PC-19 masks the portal from callers who may not make sessions', async () => {
    const reads = ['api.*.read_key', 'api.*.read_api'];
    for (const held of [[], [`portal.${portal.portalId}x.create_portal_session`], ['portal.*.read_portal'],
      ['portal.*.update_portal'], ['portal.*.create_portal'], [`unkey:v1:${world.workspaceId}:portals/*#create_portal_session`]]) {
      expectNotFound(await mint({}, await world.callerWith(...reads, ...held)), 'portal');
    }
    expectOk(await mint({}, await world.callerWith(...reads, MINT)));
    const byId = await world.callerWith(...reads, `portal.${portal.portalId}.create_portal_session`);
    expectOk(await mint({}, byId));
    expectOk(await mint({ portal: portal.portalId }, byId));
    expectForbidden(await mint({}, await world.callerWith(MINT, `unkey:v1:${world.workspaceId}:**#*`)));
  });
  it('PC-12 proves every scope on the minter', async () => {
    const tryWith = async (scopes, ...held) => mint({ scopes }, await world.callerWith(MINT, ...held));
    expectForbidden(await tryWith(['keys:reroll']));
    expectForbidden(await tryWith(['keys:reroll'], 'api.*.update_key'));
    expectOk(await tryWith(['keys:reroll'], 'api.*.create_key'));
    expectForbidden(await tryWith(['keys:read'], 'api.*.read_key'));
    expectForbidden(await tryWith(['keys:read'], 'api.*.read_api'));
    expectOk(await tryWith(['keys:read'], `api.${apiId}.read_key`, 'api.*.read_api'));
    expectOk(await tryWith(['keys:create'], 'api.*.create_key'));
    expectForbidden(await tryWith(['analytics:read']));
    expectOk(await tryWith(['analytics:read'], `api.${apiId}.read_analytics`));
    expectForbidden(await tryWith(['keys:create', 'analytics:read'], 'api.*.create_key'));
  });
  it('PC-13 asks for encrypt_key where the keyspace keeps keys', async () => {
    const keeping = await world.api();
    await world.admin.ok('apis.updateSettings', { apiId: keeping, storeEncryptedKeys: true });
    const { slug } = await makePortal([keeping]);
    for (const scope of ['keys:create', 'keys:reroll']) {
      const tryWith = async (...held) => mint({ portal: slug, scopes: [scope] }, await world.callerWith(MINT, ...held));
      expectForbidden(await tryWith('api.*.create_key'));
      expectOk(await tryWith('api.*.create_key', `api.${keeping}.encrypt_key`));
    }
  });
  it('PC-15 needs the rights on every API of the portal', async () => {
    const both = await makePortal([apiId, await world.api()]);
    const one = await world.callerWith(MINT, `api.${apiId}.create_key`);
    expectForbidden(await mint({ portal: both.slug, scopes: ['keys:create'] }, one));
    expectOk(await mint({ portal: both.slug, scopes: ['keys:create'] }, await world.callerWith(MINT, 'api.*.create_key')));
  });
  it('PC-16 PC-17 refuses a disabled portal and one whose API is gone', async () => {
    const forbidden = (answer) => expectError(answer, 403, 'unkey/authorization/forbidden', 'Forbidden');
    const disabled = await makePortal([apiId]);
    await world.admin.ok('portals.updatePortal', { portalId: disabled.portalId, enabled: false });
    forbidden(await mint({ portal: disabled.slug }));
    const gone = await world.api();
    const orphan = await makePortal([gone]);
    await world.admin.ok('apis.deleteApi', { apiId: gone });
    forbidden(await mint({ portal: orphan.slug }));
  });
});

describe('portal.exchangeCode', () => {
  it('PX-01 PX-02 redeems a code once', async () => {
    const code = codeOf(await mint());
    const answer = await exchange(code);
    const data = expectOk(answer);
    assert.match(data.accessToken, /^pat_[A-Za-z0-9]{24}$/);
    assert.ok(data.expiresAt > Date.now() && data.expiresAt <= Date.now() + 24 * 3_600_000);
    assert.equal(answer.headers['cache-control'], 'no-store');
    refused(await exchange(code));
  });
  it('PX-03 lets one of many win', async () => {
    const code = codeOf(await mint());
    const answers = await Promise.all(Array.from({ length: 20 }, () => exchange(code)));
    const won = answers.filter((answer) => answer.status === 200);
    assert.equal(won.length, 1);
    for (const answer of answers) if (answer !== won[0]) refused(answer);
  });
  it('PX-04 PX-05 tells nothing about codes that do not work', async () => {
    const used = codeOf(await mint());
    expectOk(await exchange(used));
    assert.deepEqual(refused(await exchange(used)), refused(await exchange('pst_unknown')));
    expectInvalid(await exchange(''), '/properties/code/minLength');
  });
});

describe('portal.listKeys', () => {
  it('PK-01 PK-02 PK-04 lists the customer\'s own keys in the portal\'s APIs', async () => {
    const second = await world.api();
    const both = await makePortal([apiId, second]);
    const user = unique('user');
    const mine = [await world.key({ apiId, externalId: user }), await world.key({ apiId: second, externalId: user })];
    await world.key({ externalId: user });
    await world.key({ apiId, externalId: unique('user') });
    await world.key({ apiId });
    const session = await sessionWith({ portal: both.slug, externalId: user });
    const listed = expectOk(await session.call('portal.listKeys', {}));
    assert.deepEqual(listed.map((key) => key.keyId), mine.map((key) => key.keyId).sort());
    const nobody = await sessionWith({ externalId: unique('nobody') });
    const answer = await nobody.call('portal.listKeys', {});
    assert.deepEqual(expectOk(answer), []);
    assert.deepEqual(answer.body.pagination, { hasMore: false });
  });
  it('PK-01 pages through them', async () => {
    const user = unique('user');
    const made = [];
    for (let i = 0; i < 3; i += 1) made.push((await world.key({ apiId, externalId: user })).keyId);
    const session = await sessionWith({ externalId: user });
    const first = await session.call('portal.listKeys', { limit: 2 });
    const rest = await session.call('portal.listKeys', { limit: 2, cursor: first.body.pagination.cursor });
    assert.deepEqual([...expectOk(first), ...expectOk(rest)].map((key) => key.keyId), made.sort());
    assert.equal(rest.body.pagination.hasMore, false);
  });
  it('PK-03 needs its scope and gives no ids away', async () => {
    const key = await world.key({ apiId, externalId: 'user_a' });
    const session = await sessionWith({ scopes: ['keys:create'] });
    const answer = await session.call('portal.listKeys', {});
    expectForbidden(answer);
    assert.ok(!answer.text.includes(key.keyId));
  });
  it('PK-05 9.4 ALL-30 takes the cookie, and only where it belongs', async () => {
    const session = await sessionWith({});
    const cookie = `a=b; portal_session=${session.accessToken}; c=d`;
    expectOk(await callWith(cookie, 'portal.listKeys', {}));
    expectError(await callWith('', 'portal.listKeys', {}), 400, 'unkey/authentication/portal_token_missing', 'Bad Request');
    expectError(await callWith(cookie, 'portal.listKeys', {}, { Authorization: `Bearer ${world.admin.rootKey}` }), 400,
      'unkey/authentication/portal_token_missing', 'Bad Request');
    const unknown = await callWith('portal_session=pat_unknown', 'portal.listKeys', {});
    refused(unknown);
    assert.ok(!unknown.text.includes('pat_unknown'));
    expectInvalid(await callWith(cookie, 'apis.listKeys', { apiId }));
  });
});

describe('portal.rerollKey', () => {
  const reroll = (session, keyId, expiration = 0) => session.call('portal.rerollKey', { keyId, expiration });

  it('PR-01 gives one of the customer\'s own keys a new secret', async () => {
    const user = unique('user');
    const old = await world.key({ apiId, externalId: user, prefix: 'cust_omer' });
    const session = await sessionWith({ externalId: user, scopes: ['keys:reroll', 'keys:read'] });
    const answer = await reroll(session, old.keyId);
    const made = expectOk(answer);
    assert.notEqual(made.keyId, old.keyId);
    assert.match(made.key, /^cust_omer_/);
    assert.equal(answer.headers['cache-control'], 'no-store');
    const caused = (await eventsTail(world.server)).filter((event) => event.requestId === answer.body.meta.requestId);
    assert.deepEqual(caused.map((event) => event.type), ['KeyCreated', 'KeyRerolled']);
    for (const { principal } of caused) assert.deepEqual([principal.type, principal.id], ['PORTAL_END_USER', user]);
    assert.equal((await world.get(made.keyId)).identity.externalId, user);
    assert.equal(expectOk(await world.verify(old.key)).code, 'EXPIRED');
    assert.equal(expectOk(await world.verify(made.key)).code, 'VALID');
    const listed = expectOk(await session.call('portal.listKeys', {})).map((key) => key.keyId);
    assert.deepEqual(listed, [old.keyId, made.keyId].sort());
  });
  it('PR-02 needs its scope before it looks for the key', async () => {
    const user = unique('user');
    const { keyId } = await world.key({ apiId, externalId: user });
    const session = await sessionWith({ externalId: user, scopes: ['keys:create', 'keys:read'] });
    const existing = expectForbidden(await reroll(session, keyId));
    assert.deepEqual(existing, expectForbidden(await reroll(session, 'key_absent')));
  });
  it('PR-03 finds no key that is not the customer\'s in the portal', async () => {
    const user = unique('user');
    const session = await sessionWith({ externalId: user, scopes: ['keys:reroll'] });
    const foreign = await world.otherWorkspace();
    for (const { keyId } of [
      await world.key({ externalId: user }), await world.key({ apiId, externalId: unique('user') }),
      await world.key({ apiId }), await world.key({ externalId: user }, foreign.caller), { keyId: 'key_absent' },
    ]) {
      expectNotFound(await reroll(session, keyId), 'key');
    }
    expectInvalid(await session.call('portal.rerollKey', { keyId: 'key_absent' }), '/required');
  });
  it('keeps a recoverable key recoverable', async () => {
    const user = unique('user');
    const keeping = await world.api();
    await world.admin.ok('apis.updateSettings', { apiId: keeping, storeEncryptedKeys: true });
    const { keyId } = await world.key({ apiId: keeping, externalId: user, recoverable: true });
    const { slug } = await makePortal([keeping]);
    const made = expectOk(await reroll(await sessionWith({ portal: slug, externalId: user, scopes: ['keys:reroll'] }), keyId));
    assert.equal((await world.admin.ok('keys.getKey', { keyId: made.keyId, decrypt: true })).plaintext, made.key);
  });
});

describe('portals', () => {
  it('lists them and refuses a slug twice', async () => {
    const made = await makePortal([apiId]);
    const listed = await world.admin.ok('portals.listPortals', {});
    assert.ok(listed.some((item) => item.id === made.portalId && item.slug === made.slug && item.enabled));
    expectError(await world.admin.call('portals.createPortal', { slug: made.slug, apiIds: [apiId], baseUrl: 'https://p.example' }),
      409, 'urn:keyfold:error:portal_already_exists', 'Conflicting Resource');
    expectForbidden(await world.admin.call('portals.createPortal', { slug: 'other', apiIds: [apiId], baseUrl: 'https://p.example' },
      { Authorization: `Bearer ${(await world.callerWith()).rootKey}` }));
  });
});

describe('portal.getVerifications', () => {
  const HOUR = 3_600_000;
  const sum = (points, member) => points.reduce((total, point) => total + point[member], 0);
  /** Asks until the usage stream has brought `total` verifications, and returns the points. */
  async function countsOf(session, body, total) {
    for (let tries = 0; ; tries += 1) {
      const points = expectOk(await session.call('portal.getVerifications', body));
      if (sum(points, 'total') >= total || tries >= 100) return points;
      await new Promise((resolve) => { setTimeout(resolve, 50); });
    }
  }
  const lastHour = () => ({ startTime: Date.now() - HOUR, endTime: Date.now() + 60_000 });

  it('PV-01 PV-02 PV-06 counts own keys only, deleted ones too, by outcome and by key', async () => {
    const user = unique('user');
    const kept = await world.key({ apiId, externalId: user });
    const deleted = await world.key({ apiId, externalId: user });
    const foreign = await world.key({ apiId, externalId: unique('user') });
    for (const key of [kept, kept, deleted, foreign]) await world.verify(key.key);
    await world.update(kept.keyId, { enabled: false });
    await world.verify(kept.key);
    await world.admin.ok('keys.deleteKey', { keyId: deleted.keyId });
    const session = await sessionWith({ externalId: user, scopes: ['analytics:read'] });
    const points = await countsOf(session, lastHour(), 4);
    assert.deepEqual(['total', 'valid', 'disabled', 'expired'].map((member) => sum(points, member)), [4, 3, 1, 0]);
    assert.ok(points.length >= 61 && points.every((point, i) => i === 0 || point.time === points[i - 1].time + 60_000));
    const one = await countsOf(session, { ...lastHour(), keyId: deleted.keyId }, 1);
    assert.equal(sum(one, 'total'), 1);
  });
  it('PV-03 needs its scope', async () => {
    const session = await sessionWith({ scopes: ['keys:read'] });
    expectForbidden(await session.call('portal.getVerifications', lastHour()));
  });
  it('PV-04 PV-05 refuses a time that is too long or that ends before it begins', async () => {
    const session = await sessionWith({ scopes: ['analytics:read'] });
    const ask = (startTime, endTime) => session.call('portal.getVerifications', { startTime, endTime });
    const now = Date.now();
    expectRuleViolation(await ask(now, now));
    expectRuleViolation(await ask(now, now - 1));
    expectRuleViolation(await ask(now - 91 * 24 * HOUR, now));
    expectOk(await ask(now - 89 * 24 * HOUR, now));
  });
});
