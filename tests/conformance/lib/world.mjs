// What most tests need: a server, its first workspace's administrator, and makers of APIs, keys and lesser callers.
import { eventsTail } from './cli.mjs';
import { Caller, Client } from './http.mjs';
import { startServer } from './server.mjs';

/** A permission that no test asks for: a root key must hold at least one. */
export const NOTHING = 'portal.*.create_portal_session';

let counter = 0;

/** A text that no other call returns. */
export function unique(prefix) {
  counter += 1;
  return `${prefix}_${process.pid}_${counter}`;
}

export class World {
  constructor(server) {
    this.server = server;
    this.client = new Client(server.url);
    this.admin = new Caller(this.client, server.rootKey);
    this.workspaceId = server.workspaceId;  // the administrator's
  }

  /** A server of its own with its bootstrap root key. */
  static async start(options) {
    return new World(await startServer(options));
  }

  async stop() {
    this.client.close();
    await this.server.dispose();
  }

  /** A caller in the first workspace that holds exactly these permissions, or none that counts. */
  async callerWith(...permissions) {
    const held = permissions.length > 0 ? permissions : [NOTHING];
    const { rootKey } = await this.admin.ok('rootKeys.createRootKey', { name: unique('caller'), permissions: held });
    return new Caller(this.client, rootKey);
  }

  /** An administrator of a new workspace: `{caller, workspaceId}`. */
  async otherWorkspace(...permissions) {
    const { workspaceId } = await this.admin.ok('workspaces.createWorkspace', { name: unique('workspace') });
    const { rootKey } = await this.admin.ok('rootKeys.createRootKey', {
      name: unique('other'),
      permissions: permissions.length > 0 ? permissions : ['administrator'],
      workspaceId,
    });
    return { caller: new Caller(this.client, rootKey), workspaceId };
  }

  async api(caller = this.admin) {
    const { apiId } = await caller.ok('apis.createApi', { name: unique('api') });
    return apiId;
  }

  /** A key: `{keyId, key, apiId}`; in a new API unless `fields` names one. */
  async key(fields = {}, caller = this.admin) {
    const apiId = fields.apiId ?? await this.api(caller);
    const made = await caller.ok('keys.createKey', { ...fields, apiId });
    return { ...made, apiId };
  }

  /** An identity: `{id, externalId}`. */
  async identity(fields = {}, caller = this.admin) {
    const externalId = fields.externalId ?? unique('customer');
    const { identityId } = await caller.ok('identities.createIdentity', { ...fields, externalId });
    return { id: identityId, externalId };
  }

  get(keyId, caller = this.admin) { return caller.ok('keys.getKey', { keyId }); }

  verify(key, more = {}, caller = this.admin) { return caller.call('keys.verifyKey', { key, ...more }); }

  update(keyId, fields) { return this.admin.ok('keys.updateKey', { keyId, ...fields }); }

  /** The events that the request of this answer caused, in their order. */
  async eventsOf(answer) {
    return (await eventsTail(this.server)).filter((event) => event.requestId === answer.body.meta.requestId);
  }

  async listKeys(apiId, more = {}) { return this.admin.call('apis.listKeys', { apiId, ...more }); }
}
