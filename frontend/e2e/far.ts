import { once } from 'node:events';
import { createServer, request } from 'node:http';
import type { AddressInfo } from 'node:net';

/** Another address of this machine: to the page it is not the computer that it runs on. */
const elsewhere = '127.0.0.2';

/**
 * Puts the program on another address, as if it were reached over a network: what is asked there is asked of the
 * program, and where it says its own address in answers it says that one.
 */
export async function putFar(url: string): Promise<{ url: string; stop: () => void }> {
  const near = new URL(url);
  const server = createServer((asked, answer) => {
    const headers = { ...asked.headers, host: near.host };
    delete headers.origin;
    const onward = request(
      {
        host: near.hostname,
        port: near.port,
        path: asked.url,
        method: asked.method,
        headers,
      },
      (got) => {
        if (!got.headers['content-type']?.includes('json')) {
          answer.writeHead(got.statusCode ?? 502, got.headers);
          got.pipe(answer);
          return;
        }
        const pieces: Buffer[] = [];
        got.on('data', (piece: Buffer) => pieces.push(piece));
        got.on('end', () => {
          const text = Buffer.concat(pieces).toString().replaceAll(near.origin, far.origin);
          answer.writeHead(got.statusCode ?? 502, { 'content-type': 'application/json' });
          answer.end(text);
        });
      },
    );
    onward.on('error', () => answer.destroy());
    answer.on('close', () => onward.destroy());
    asked.pipe(onward);
  }).listen(0, elsewhere);
  await once(server, 'listening');
  const far = new URL(`http://${elsewhere}:${(server.address() as AddressInfo).port}`);
  return {
    url: far.origin + near.pathname + near.hash,
    stop: () => {
      server.close();
      server.closeAllConnections();
    },
  };
}
