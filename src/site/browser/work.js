// A worker. Searches for the counter whose key begins as a challenge of ALTCHA asks (PBKDF2 of nonce and counter, 32 bits, big-endian), and
// answers with the solution, or null where this browser cannot search.

/** Tries under way at once: enough that a processor never waits for the next. */
const AT_ONCE = 8;

/** @typedef {{ algorithm: string, cost: number, keyLength: number, keyPrefix: string, nonce: string, salt: string }} Parameters */

addEventListener('message', async ({ data }) => {
  try {
    postMessage(await solution(data));
  } catch {
    postMessage(null);
  }
});

/** @param {Parameters} parameters */
async function solution({ algorithm, cost, keyLength, keyPrefix, nonce, salt }) {
  const derivation = { name: 'PBKDF2', salt: bytesOf(salt), iterations: cost, hash: algorithm.slice('PBKDF2/'.length) };
  const start = bytesOf(nonce);
  /** @param {number} counter */
  const keyOf = async (counter) => {
    const password = new Uint8Array(start.length + 4);
    password.set(start);
    new DataView(password.buffer).setUint32(start.length, counter);
    const key = await crypto.subtle.importKey('raw', password, 'PBKDF2', false, ['deriveBits']);
    return hexOf(await crypto.subtle.deriveBits(derivation, key, keyLength * 8));
  };
  for (let first = 0; ; first += AT_ONCE) {
    const keys = await Promise.all(Array.from({ length: AT_ONCE }, (_, n) => keyOf(first + n)));
    const found = keys.findIndex((key) => key.startsWith(keyPrefix));
    if (found >= 0) return { counter: first + found, derivedKey: keys[found] };
  }
}

/** @param {string} hex */
function bytesOf(hex) {
  return Uint8Array.from(hex.match(/../g) ?? [], (pair) => parseInt(pair, 16));
}

/** @param {ArrayBuffer} buffer */
function hexOf(buffer) {
  return Array.from(new Uint8Array(buffer), (byte) => byte.toString(16).padStart(2, '0')).join('');
}
