import { Injectable } from '@nestjs/common';
import type { EntityManager } from 'typeorm';

/** Links by mail with which an editor sets a password: invitations and resets. */
@Injectable()
export class PasswordLinks {
  /** Sends an invitation to the editor's stored address, in the transaction that makes the editor or asks again. */
  async invite(_tx: EntityManager, _editorId: number): Promise<void> {}
}
