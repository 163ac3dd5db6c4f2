// Shares as readers' browsers send them, ready to go: their work done, their senders confirmed.
import { randomBytes, randomUUID } from 'node:crypto';
import { createChallenge, solveChallenge } from 'altcha-lib';
import { deriveKey } from 'altcha-lib/algorithms/pbkdf2';
import { Secret } from '../dist/src/config/secret.js';
import { parseAddress } from '../dist/src/mail/address.js';
import { MailboxKeys } from '../dist/src/mail/mailbox-keys.js';
import { SenderCookie } from '../dist/src/send-to-friend/sender-cookie.js';
import { ShareSecrets } from '../dist/src/send-to-friend/share-secrets.js';

/** @param config of the server that gets them */
export function shareRequests({ secretKey, publicOrigin }) {
  const derive = (purpose) => new Secret(secretKey).derive(purpose);
  const secrets = new ShareSecrets(derive);
  const keys = new MailboxKeys(() => derive('mailboxes'));
  const cookies = new SenderCookie({ origin: publicOrigin }, secrets);
  const cookieName = publicOrigin.startsWith('https:') ? '__Host-sv' : 'sv';

  /** Work whose search begins at its end: what a reader's search takes is not ours. */
  async function someWork() {
    const challenge = await createChallenge({
      algorithm: 'PBKDF2/SHA-256',
      cost: 1,
      counter: 0,
      data: { for: 'share', factor: 1 },
      deriveKey,
      expiresAt: new Date(Date.now() + 600_000),
      hmacSignatureSecret: secrets.work.toString('hex'),
      hmacKeySignatureSecret: secrets.solutions.toString('hex'),
    });
    return { challenge, solution: await solveChallenge({ challenge, deriveKey }) };
  }

  /** One share of a sender of its own, somewhere in the world. */
  async function requestOf(article, recipient = `friend@${randomBytes(8).toString('hex')}.example`) {
    const senderEmail = `sender-${randomBytes(8).toString('hex')}@readers.example`;
    const proof = cookies.proofOf(keys.exactHashOf(parseAddress(senderEmail)), Math.floor(Date.now() / 1_000) - 10);
    return {
      path: `/api/v1/articles/${article}/shares`,
      headers: {
        'Content-Type': 'application/json',
        'Idempotency-Key': randomUUID(),
        Cookie: `${cookieName}=${proof}`,
        'X-Forwarded-For': [10, ...randomBytes(3)].join('.'),
        'User-Agent': 'Mozilla/5.0 (X11; Linux x86_64; rv:128.0) Gecko/20100101 Firefox/128.0',
      },
      body: JSON.stringify({ senderName: 'سلمى القنديلي', senderEmail, recipients: [recipient], work: await someWork() }),
    };
  }

  return { requestOf, hashOf: (address) => keys.hashOf(parseAddress(address)) };
}
