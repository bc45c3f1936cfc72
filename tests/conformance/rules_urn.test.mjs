// URN grants of root keys (UR*), asked through keys.getKey.
import { after, before, describe, it } from 'node:test';
import { expectError, expectForbidden, expectOk } from './lib/expect.mjs';
import { World } from './lib/world.mjs';

describe('URN grants', () => {
  let world;
  let keyId;
  let workspace;
  before(async () => {
    world = await World.start();
    ({ keyId } = await world.key());
    workspace = world.workspaceId;
  });
  after(() => world.stop());

  const readWith = async (...grants) => (await world.callerWith(...grants)).call('keys.getKey', { keyId });
  const urn = (rest) => `unkey:v1:${workspace}:${rest}`;

  for (const path of ['keyspaces/*/keys/*', 'keyspaces/**', 'keyspaces/*/**']) {
    it(`UR3 covers a key by ${path}`, async () => { expectOk(await readWith(urn(`${path}#read_key`))); });
  }
  it('UR1 covers everything by **#*', async () => { expectOk(await readWith(urn('**#*'))); });
  for (const rest of ['keyspaces/*#read_key', 'identities/**#read_key', 'keyspaces/*/keys/*#delete_key', 'keyspaces/*/keys#read_key']) {
    it(`UR3 does not cover a key by ${rest}`, async () => { expectForbidden(await readWith(urn(rest))); });
  }
  it('UR3 does not reach another workspace', async () => {
    expectForbidden(await readWith('unkey:v1:ws_elsewhere:**#*'));
  });
  for (const rest of ['keyspaces/*/keys/*', '#read_key', 'keyspaces/*/keys/*#', 'keyspaces/*/keys/*#read_key#x', '/keyspaces/*/keys/*#read_key',
    'keyspaces/*/keys/*/#read_key', 'keyspaces//keys/*#read_key', 'keyspaces/ks_*/keys/*#read_key', '**/keys/*#read_key',
    'keyspaces/*/keys/*#read/key', 'keyspaces/*/keys/*#_read_key', 'keyspaces/*/keys/*#*', '*#*']) {
    it(`UR2 refuses to hand out the malformed grant ${rest}`, async () => {
      const answer = await world.admin.call('rootKeys.createRootKey', { name: 'malformed', permissions: [urn(rest)] });
      expectError(answer, 400, 'unkey/application/invalid_input');
    });
  }
  it('UR5 does not meet a tuple requirement by a URN', async () => {
    const caller = await world.callerWith(urn('**#*'));
    expectForbidden(await caller.call('apis.createApi', { name: 'by urn' }));
  });
});
