import { Injectable } from '@nestjs/common';
import type { EntityManager } from 'typeorm';
import type { Actor } from '../access/access.js';
import { MailRoom } from '../mail/mail-room.service.js';
import type { LoadedArticle } from './article-facts.js';

@Injectable()
export class ArticleLetters {
  constructor(private readonly mail: MailRoom) {}
  async submitted(_tx: EntityManager, _actor: Actor, _article: LoadedArticle, _version: number): Promise<void> {}
  async returned(_tx: EntityManager, _actor: Actor, _article: LoadedArticle, _version: number, _comment: string): Promise<void> {}
  async approved(_tx: EntityManager, _actor: Actor, _article: LoadedArticle, _version: number): Promise<void> {}
}
