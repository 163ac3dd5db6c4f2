// A reader in a process of its own: what those who load the server do to their own process is not what the server does to its readers.
import { fork } from 'node:child_process';
import { once } from 'node:events';
import { setTimeout as sleep } from 'node:timers/promises';

const PAUSE_MS = 5;

/** @returns a reader of one address, who asks again 5 ms after each answer, while told to */
export async function startReader(url) {
  const child = fork(import.meta.filename, [url]);
  await once(child, 'spawn');
  return {
    /** @returns how long each answer took until `done` settled, in ms */
    async until(done) {
      child.send({ reading: true });
      await done;
      child.send({ reading: false });
      return (await once(child, 'message'))[0];
    },
    leave: () => child.disconnect(),
  };
}

if (process.argv[1] === import.meta.filename) {
  let reading = new AbortController();
  process.on('message', async (told) => {
    reading.abort();
    reading = new AbortController();
    if (told.reading) process.send(await read(process.argv[2], reading.signal));
  });
}

async function read(url, signal) {
  const times = [];
  while (!signal.aborted) {
    const began = performance.now();
    await (await fetch(url)).text();
    times.push(performance.now() - began);
    await sleep(PAUSE_MS);
  }
  return times;
}
