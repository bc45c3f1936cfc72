// Assertions about answers; each failure shows the whole answer.
import assert from 'node:assert/strict';

const TYPES = 'https://unkey.com/docs/errors/';

function show(answer) {
  return `got ${answer.status} ${answer.text.slice(0, 2000)}`;
}

/** A success in the envelope; returns `data`. */
export function expectOk(answer) {
  assert.equal(answer.status, 200, show(answer));
  assert.match(answer.body?.meta?.requestId ?? '', /^req_[A-Za-z0-9]{9}$/, show(answer));
  assert.equal(answer.headers['content-type'], 'application/json', show(answer));
  return answer.data;
}

/**
 * An error in the envelope. `type` is the part after the site's address (`unkey/data/key_not_found`) or a whole urn.
 * Checks that `errors` is there exactly on 400 and the listener's own 4xx.
 */
export function expectError(answer, status, type, title) {
  assert.equal(answer.status, status, `want ${status} ${type}; ${show(answer)}`);
  const error = answer.error ?? {};
  assert.equal(error.type, type.startsWith('urn:') ? type : TYPES + type, show(answer));
  assert.equal(error.status, status, show(answer));
  assert.match(answer.body.meta?.requestId ?? '', /^req_[A-Za-z0-9]{9}$/, show(answer));
  assert.ok(typeof error.title === 'string' && error.title.length > 0, show(answer));
  assert.ok(typeof error.detail === 'string' && error.detail.length > 0, show(answer));
  if (title) assert.equal(error.title, title, show(answer));
  if (status === 400) assert.ok(Array.isArray(error.errors), `errors must be an array; ${show(answer)}`);
  if ([401, 403, 404, 409, 412].includes(status)) assert.ok(!('errors' in error), `no errors here; ${show(answer)}`);
  return error;
}

/** 400 by the request's schema: at least one entry, of the given location's end when one is asked for. */
export function expectInvalid(answer, location) {
  const { errors } = expectError(answer, 400, 'unkey/application/invalid_input', 'Bad Request');
  assert.ok(errors.length >= 1, show(answer));
  for (const entry of errors) {
    assert.equal(typeof entry.message, 'string', show(answer));
    assert.equal(typeof entry.location, 'string', show(answer));
  }
  if (location !== undefined) {
    assert.ok(errors.some((entry) => entry.location.endsWith(location)), `no location ends in ${location}; ${show(answer)}`);
  }
  return errors;
}

/** 400 by a rule behind the schema: `errors` is empty. */
export function expectRuleViolation(answer) {
  const error = expectError(answer, 400, 'unkey/application/invalid_input', 'Bad Request');
  assert.deepEqual(error.errors, [], show(answer));
  return error;
}

export const expectForbidden = (answer) =>
  expectError(answer, 403, 'unkey/authorization/insufficient_permissions', 'Insufficient Permissions');

export const expectNotFound = (answer, kind) => expectError(answer, 404, `unkey/data/${kind}_not_found`, 'Not Found');

/** A verification with that code and nothing else but `code` and `valid` when `bare`. Returns `data`. */
export function expectCode(answer, code) {
  const data = expectOk(answer);
  assert.equal(data.code, code, show(answer));
  assert.equal(data.valid, code === 'VALID', show(answer));
  if (code === 'NOT_FOUND') assert.deepEqual(Object.keys(data).sort(), ['code', 'valid'], show(answer));
  return data;
}

/** The members of an object, sorted. */
export const members = (object) => Object.keys(object).sort();
