import { Injectable } from '@nestjs/common';
import type { EntityManager } from 'typeorm';
import type { Actor } from '../access/access.js';
import type { Letterhead } from '../mail/letter.js';
import { MailRoom, type Letter } from '../mail/mail-room.service.js';
import type { Mail } from '../mail/mail.js';
import type { Lang } from '../text/language.js';
import type { LoadedArticle } from './article-facts.js';
import { approvedMail, returnedMail, scheduleFailedMail, submittedMail } from './article.mail.js';

interface Recipient {
  readonly id: number;
  readonly email: string;
  readonly lang: Lang;
}

/** Who hears of an article's way by mail. Nobody is told of what he did himself. */
@Injectable()
export class ArticleLetters {
  constructor(private readonly mail: MailRoom) {}

  /** To the section editors granted its section; where there are none, to the chiefs. */
  async submitted(tx: EntityManager, actor: Actor, article: LoadedArticle, version: number): Promise<void> {
    const [path = []] = article.sectionPaths;
    const reviewers = await tx.query<Recipient[]>(
      `with granted as (
         select distinct e.id, e.email, e.lang from editors e join editor_sections g on g.editor_id = e.id
         where e.state = 'active' and e.role = 'section_editor' and g.section_id = any($1))
       select * from granted
       union all
       select id, email, lang from editors where state = 'active' and role = 'chief' and not exists (select from granted)`,
      [path],
    );
    await this.send(tx, actor, 'submitted', article, version, reviewers, submittedMail);
  }

  async returned(tx: EntityManager, actor: Actor, article: LoadedArticle, version: number, comment: string): Promise<void> {
    const author = await this.editors(tx, [article.createdBy]);
    await this.send(tx, actor, 'returned', article, version, author, (about) => returnedMail(about, comment));
  }

  async approved(tx: EntityManager, actor: Actor, article: LoadedArticle, version: number): Promise<void> {
    await this.send(tx, actor, 'approved', article, version, await this.editors(tx, [article.createdBy]), approvedMail);
  }

  /** To the author and to whoever scheduled it. @param fields what was missing */
  async scheduleFailed(
    tx: EntityManager,
    actor: Actor,
    article: LoadedArticle,
    version: number,
    scheduledBy: number | null,
    fields: readonly string[],
  ): Promise<void> {
    const concerned = await this.editors(tx, [article.createdBy, scheduledBy]);
    await this.send(tx, actor, 'schedule_failed', article, version, concerned, (about) => scheduleFailedMail(about, fields));
  }

  private editors(tx: EntityManager, ids: readonly (number | null)[]): Promise<Recipient[]> {
    return tx.query<Recipient[]>(`select id, email, lang from editors where state = 'active' and id = any($1)`, [ids]);
  }

  private async send(
    tx: EntityManager,
    { editor }: Actor,
    kind: Letter['kind'],
    { id, title, lang: titleLang }: LoadedArticle,
    version: number,
    recipients: readonly Recipient[],
    write: (about: { lang: Lang; center: Letterhead; title: string; titleLang: Lang; by: string | null }) => Mail,
  ): Promise<void> {
    for (const { id: to, email, lang } of recipients) {
      if (to === editor?.id) continue;
      const mail = write({ lang, center: await this.mail.letterhead(tx, lang), title, titleLang, by: editor?.name ?? null });
      await this.mail.post(tx, { kind, dedupeKey: `${kind}:${id}:${version}:${to}`, to: email, mail });
    }
  }
}
