// Renders /openapi.json: operations at the left, one of them at the right, with a form that calls it on this server.
// Everything that comes from the description or from an answer is put into the page as text, never as markup.
const document_ = await (await fetch('/openapi.json')).json();
const byId = (id) => document.getElementById(id);
let rootKey = '';  // of the form; kept in this page's memory only

/** An element with attributes and children; texts become text nodes. */
function make(name, attributes = {}, ...children) {
  const element = document.createElement(name);
  for (const [key, value] of Object.entries(attributes)) element.setAttribute(key, value);
  element.append(...children.filter((child) => child != null));
  return element;
}

/** What a $ref names, else the value itself. */
function resolve(value) {
  if (!value?.$ref) return value;
  return value.$ref.slice(2).split('/').reduce((at, name) => at[name.replaceAll('~1', '/').replaceAll('~0', '~')], document_);
}

/** Paragraphs of text with `code` and **bold**. */
function prose(text = '') {
  return text.trim().split(/\n\s*\n/).filter((part) => part !== '').map((part) => make('p', {},
    ...part.split(/(`[^`]+`|\*\*[^*]+\*\*)/).map((piece) => {
      if (piece.startsWith('`')) return make('code', {}, piece.slice(1, -1));
      if (piece.startsWith('**')) return make('strong', {}, piece.slice(2, -2));
      return piece;
    })));
}

function typeOf(schema) {
  const variants = schema.oneOf ?? schema.anyOf;
  if (variants) return variants.map((variant) => typeOf(resolve(variant))).join(' or ');
  if (schema.type === 'array') return `array of ${typeOf(resolve(schema.items ?? {}))}`;
  return [schema.type ?? 'any'].flat().join(' or ');
}

const LIMITS = { minLength: 'length ≥', maxLength: 'length ≤', minimum: '≥', maximum: '≤', minItems: 'items ≥', maxItems: 'items ≤', pattern: 'matches' };

function limitsOf(schema) {
  const limits = Object.entries(LIMITS).filter(([name]) => schema[name] !== undefined).map(([name, text]) => `${text} ${schema[name]}`);
  if (schema.enum) limits.push(`one of ${schema.enum.join(', ')}`);
  if (schema.default !== undefined) limits.push(`default ${JSON.stringify(schema.default)}`);
  return limits.join(' · ');
}

/** The schema's members, with those of nested objects below them. */
function members(schemaOrRef, depth = 0) {
  let schema = resolve(schemaOrRef) ?? {};
  if (schema.allOf) schema = schema.allOf.map(resolve).reduce((all, part) => ({ ...all, ...part, properties: { ...all.properties, ...part.properties } }), {});
  if (schema.type === 'array') return members(schema.items, depth);
  const properties = Object.entries(schema.properties ?? {});
  if (properties.length === 0 || depth > 6) return null;
  return make('ul', { class: 'members' }, ...properties.map(([name, value]) => {
    const member = resolve(value);
    const required = schema.required?.includes(name) ? make('span', { class: 'required' }, ' required') : null;
    const description = value.description ?? member.description;
    return make('li', {}, make('code', {}, name), make('span', { class: 'quiet' }, ` ${typeOf(member)} `, limitsOf(member)), required,
      ...prose(description), members(member, depth + 1));
  }));
}

const jsonBody = (content) => Object.entries(content ?? {}).find(([type]) => type.includes('json'))?.[1];

function responses(operation) {
  return Object.entries(operation.responses).flatMap(([status, value]) => {
    const response = resolve(value);
    const body = jsonBody(response.content);
    const isSuccess = status.startsWith('2');
    const example = body?.example && make('pre', {}, JSON.stringify(body.example, null, 2));
    return [make('h3', {}, status, make('span', { class: 'quiet' }, ` ${response.description ?? ''}`)),
      isSuccess && body ? members(body.schema) : null, isSuccess ? example : null];
  });
}

function curl(path, method, example) {
  if (method === 'get') return `curl ${location.origin}${path}`;
  const text = JSON.stringify(example ?? {}).replaceAll("'", "'\\''");
  return `curl ${location.origin}${path} \\\n  -H 'Authorization: Bearer YOUR_ROOT_KEY' \\\n  -H 'Content-Type: application/json' \\\n  -d '${text}'`;
}

/** A form that calls the operation and shows the answer. */
function tryIt(path, method, example) {
  const key = make('input', { type: 'password', autocomplete: 'off', spellcheck: 'false' });
  key.value = rootKey;
  const body = make('textarea', { rows: '6', spellcheck: 'false' }, JSON.stringify(example ?? {}, null, 2));
  const answer = make('pre', { 'aria-live': 'polite' }, 'No answer yet.');
  const form = make('form', {}, ...(method === 'get' ? [] : [make('label', {}, 'Root key', key), make('label', {}, 'Body', body)]),
    make('button', {}, 'Send'), answer);
  form.addEventListener('submit', async (event) => {
    event.preventDefault();
    rootKey = key.value;
    const headers = { 'Content-Type': 'application/json', Authorization: `Bearer ${rootKey}` };
    try {
      const response = await fetch(path, method === 'get' ? {} : { method: 'POST', headers, body: body.value, credentials: 'omit' });
      const text = await response.text();
      let shown = text;
      try { shown = JSON.stringify(JSON.parse(text), null, 2); } catch { /* not JSON: shown as it is */ }
      answer.textContent = `${response.status}\n${shown}`;
    } catch (error) {
      answer.textContent = `The request was not answered: ${error.message}`;
    }
  });
  return form;
}

const operations = Object.entries(document_.paths).flatMap(([path, methods]) => Object.entries(methods)
  .filter(([, operation]) => operation.operationId).map(([method, operation]) => ({ path, method, operation, id: operation.operationId })));

function show(id) {
  const found = operations.find((candidate) => candidate.id === id);
  for (const link of document.querySelectorAll('nav a')) link.toggleAttribute('aria-current', link.hash === `#${id}`);
  if (!found) {
    byId('main').replaceChildren(make('h2', {}, document_.info.title), ...prose(document_.info.description));
    return;
  }
  const { path, method, operation } = found;
  const request = jsonBody(resolve(operation.requestBody)?.content);
  const example = request?.example;
  byId('main').replaceChildren(make('h2', {}, operation.summary ?? id), make('p', { class: 'quiet' }, make('code', {}, `${method.toUpperCase()} ${path}`)),
    ...prose(operation.description), ...(request ? [make('h3', {}, 'Request'), members(request.schema) ?? make('p', {}, 'An empty object.')] : []),
    make('h3', {}, 'Example'), make('pre', {}, curl(path, method, example)),
    make('h3', {}, 'Try it here'), tryIt(path, method, example),
    ...responses(operation).filter((part) => part != null));
  document.title = `${id} · keyfold`;
}

function list(filter) {
  const wanted = filter.trim().toLowerCase();
  const matches = operations.filter(({ id, operation }) => `${id} ${operation.summary}`.toLowerCase().includes(wanted));
  byId('operations').replaceChildren(...(document_.tags ?? []).flatMap((tag) => {
    const links = matches.filter(({ operation }) => operation.tags?.[0] === tag.name).map(({ id }) => make('a', { href: `#${id}` }, id));
    return links.length > 0 ? [make('h2', {}, tag.name), ...links] : [];
  }));
}

byId('version').textContent = document_.info.version;
byId('filter').addEventListener('input', (event) => list(event.target.value));
addEventListener('hashchange', () => { show(location.hash.slice(1)); byId('main').focus(); scrollTo(0, 0); });
list('');
show(location.hash.slice(1));
