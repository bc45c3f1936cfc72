// Raw connections, for what no HTTP client would send.
import net from 'node:net';

/** Opens a connection and sends `text`, if any. The socket never throws: errors end it. */
export function open(url, text) {
  const { hostname, port } = new URL(url);
  return new Promise((resolve, reject) => {
    const socket = net.connect(Number(port), hostname);
    socket.once('error', reject);
    socket.once('connect', () => {
      socket.off('error', reject);
      socket.on('error', () => {});
      if (text !== undefined) socket.write(text);
      resolve(socket);
    });
  });
}

/** Opens `count` connections, at most 100 at a time. */
export async function openMany(url, count, textOf = () => undefined) {
  const sockets = [];
  while (sockets.length < count) {
    const some = Math.min(100, count - sockets.length);
    sockets.push(...await Promise.all(Array.from({ length: some }, (_, i) => open(url, textOf(sockets.length + i)))));
  }
  return sockets;
}

/** Everything that the server sends until it closes the connection, or until `timeoutMs` have passed. */
export function readToEnd(socket, timeoutMs = 20_000) {
  return new Promise((resolve) => {
    const chunks = [];
    const finish = () => {
      clearTimeout(timer);
      socket.destroy();
      resolve(Buffer.concat(chunks).toString('latin1'));
    };
    const timer = setTimeout(finish, timeoutMs);
    socket.on('data', (chunk) => chunks.push(chunk));
    socket.once('end', finish);
    socket.once('close', finish);
  });
}

/** Resolves with what came once `pattern` is in it; with what came so far when the server closes first. */
export function readUntil(socket, pattern) {
  return new Promise((resolve) => {
    let text = '';
    const onData = (chunk) => {
      text += chunk.toString('latin1');
      if (pattern.test(text)) finish();
    };
    const finish = () => {
      socket.off('data', onData);
      resolve(text);
    };
    socket.on('data', onData);
    socket.once('close', finish);
  });
}
