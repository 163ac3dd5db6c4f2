import { connect } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import Fastify, { type FastifyInstance } from 'fastify';
import { endSlowBodies } from './slow-bodies.js';

describe('A body that comes slowly', () => {
  let fastify: FastifyInstance;
  let port: number;

  beforeAll(async () => {
    fastify = Fastify();
    endSlowBodies(fastify, 300, () => 'HTTP/1.1 408 Request Timeout\r\nContent-Length: 0\r\nConnection: close\r\n\r\n');
    fastify.addContentTypeParser('multipart/form-data', (_request, _payload, done) => done(null));
    const bytesOf = async (raw: AsyncIterable<Buffer>): Promise<number> => {
      let bytes = 0;
      for await (const chunk of raw) bytes += chunk.length;
      return bytes;
    };
    fastify.post('/json', (request) => request.body);
    fastify.post('/upload', { config: { upload: true } }, async ({ raw }) => ({ bytes: await bytesOf(raw) }));
    fastify.post('/refused', { config: { upload: true } }, (_request, reply) => reply.code(401).send());
    fastify.post('/refused-late', { config: { upload: true } }, async (_request, reply) => {
      await sleep(500);
      return reply.code(401).send();
    });
    await fastify.listen({ port: 0, host: '127.0.0.1' });
    port = (fastify.server.address() as { port: number }).port;
  });
  afterAll(() => fastify.close());

  /** Sends bytes, one each 80 ms; what came back by the end, and whether the server ended it before we did. */
  async function trickle(path: string, type: string, bytes = 10): Promise<{ answer: string; cut: boolean }> {
    const socket = connect(port, '127.0.0.1');
    let [answer, cut, sent] = ['', false, 0];
    socket.on('data', (data) => (answer += data.toString()));
    socket.on('error', () => (cut = true));
    socket.on('close', () => (cut ||= sent < bytes));
    socket.write(`POST ${path} HTTP/1.1\r\nHost: localhost\r\nContent-Type: ${type}\r\nContent-Length: ${bytes}\r\n\r\n`);
    for (; sent < bytes && !socket.destroyed && !/^HTTP\/1.1 408/.test(answer); sent += 1) {
      await sleep(80);
      socket.write('1');
    }
    await sleep(50);
    socket.destroy();
    return { answer: answer.split('\r\n')[0]!, cut };
  }

  it('is answered 408', async () => {
    expect(await trickle('/json', 'application/json')).toMatchObject({ answer: 'HTTP/1.1 408 Request Timeout' });
  });

  it('is waited for where a file is uploaded', async () => {
    expect(await trickle('/upload', 'multipart/form-data')).toEqual({ answer: 'HTTP/1.1 200 OK', cut: false });
  });

  it('is not waited for once the upload has been refused', async () => {
    expect(await trickle('/refused', 'multipart/form-data')).toEqual({ answer: 'HTTP/1.1 401 Unauthorized', cut: true });
  });

  it('is not waited for either when the refusal came later than others would have been waited for', async () => {
    expect(await trickle('/refused-late', 'multipart/form-data', 16)).toEqual({ answer: 'HTTP/1.1 401 Unauthorized', cut: true });
  });
});
