import { MailRoom, type Letter } from '../src/mail/mail-room.service.js';

/** @returns what is put into the outbox from now on, in order, until the mocks are restored; it is put there all the same */
export function watchOutbox(): Letter[] {
  const posted: Letter[] = [];
  const post = MailRoom.prototype.post;
  vi.spyOn(MailRoom.prototype, 'post').mockImplementation(async function (this: MailRoom, tx, letter) {
    posted.push(letter);
    return post.call(this, tx, letter);
  });
  return posted;
}
