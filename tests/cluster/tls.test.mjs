import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { after, before, test } from 'node:test';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { Caller } from '../conformance/lib/http.mjs';
import { removeDirectory, temporaryDirectory } from '../conformance/lib/server.mjs';
import { Broker } from './lib/broker.mjs';
import { Nodes } from './lib/nodes.mjs';

const directory = temporaryDirectory('cluster-tls');
const openssl = (...args) => promisify(execFile)('openssl', args, { cwd: directory });
let broker;
let nodes;

/** A CA of that name and a certificate for each node that it signs. */
async function makeCertificates(authority, names) {
  await openssl('req', '-x509', '-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-nodes', '-days', '2',
    '-subj', `/CN=${authority}`, '-keyout', `${authority}.key`, '-out', `${authority}.pem`);
  for (const name of names) {
    await openssl('req', '-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-nodes', '-subj', `/CN=${name}`,
      '-keyout', `${name}.key`, '-out', `${name}.csr`);
    await openssl('x509', '-req', '-in', `${name}.csr`, '-CA', `${authority}.pem`, '-CAkey', `${authority}.key`,
      '-CAcreateserial', '-days', '2', '-out', `${name}.pem`);
  }
}

const tls = (name, authority) => `
owner_timeout_ms = 1000
tls_certificate_file = "${join(directory, `${name}.pem`)}"
tls_key_file = "${join(directory, `${name}.key`)}"
tls_ca_file = "${join(directory, `${authority}.pem`)}"
`;

before(async () => {
  await makeCertificates('ca', ['node0', 'node1']);
  await makeCertificates('stranger-ca', ['stranger']);
  broker = await Broker.start(join(directory, 'kafka'), 2);
  nodes = await Nodes.start(broker, directory, 2, (node) => tls(`node${node}`, 'ca'));
  await nodes.settle();
});

after(async () => {
  await nodes?.stop();
  await broker?.dispose();
  removeDirectory(directory);
});

/** Makes an API through the node that does not own the workspace's partition; the answer. */
async function forwarded() {
  const made = await new Caller(nodes.clients[0], nodes.rootKey).call('apis.createApi', { name: 'first' });
  if (made.status !== 200) return made;
  const owner = await nodes.ownerOf(Number(made.headers['x-keyfold-position'].split(':')[0]));
  return new Caller(nodes.clients[1 - owner], nodes.rootKey).call('apis.createApi', { name: 'second' });
}

test('nodes with certificates of one CA forward commands to each other', async () => {
  const answer = await forwarded();
  assert.equal(answer.status, 200, answer.text);
});

test('a node whose certificate another CA has signed is not listened to', async () => {
  await nodes.servers[1].stop();
  nodes.clusterOptions = (node) => (node === 1 ? tls('stranger', 'stranger-ca') : tls('node0', 'ca'));
  await nodes.startNode(1);
  await nodes.settle();
  const answer = await forwarded();
  assert.equal(answer.status, 503, answer.text);
  assert.ok(answer.headers['retry-after']);
});
