import { Injectable, type OnModuleInit } from '@nestjs/common';
import { DataSource, type EntityManager } from 'typeorm';
import type { EditorActor } from '../access/access.js';
import { DeskArticlesService } from '../articles/desk-articles.service.js';
import { AuditService } from '../audit/audit.service.js';
import { differences } from '../audit/differences.js';
import { inTransaction } from '../database/transaction.js';
import { Problem } from '../http/problem.js';
import { fieldRefused, noSuchThing } from '../http/refusals.js';
import { advanced, held } from '../http/versioned.js';
import { analyse } from '../text/analyser.js';
import { dirOf } from '../text/language.js';
import type {
  ChangeLexiconGroup,
  CreateLexiconGroup,
  DeskLexicon,
  DeskLexiconGroup,
  ListLexicon,
  ReplaceLexiconGroup,
} from './lexicon.dto.js';
import { LexiconGroup } from './lexicon.entity.js';
import { insertGroup, lexiconGroup, lexiconPage, rekeyForms, spellingGroups, writeForms } from './lexicon.queries.js';
import type { MixedSpellings } from './spelling.dto.js';
import { mixedSpellings } from './spelling.js';

/** Every query asks which groups its words belong to, and every look at a draft goes through all spellings. */
const MOST_GROUPS = 5_000;
/** The longest names of bodies have so many; a longer form is a sentence. */
const MOST_WORDS = 6;

/** The words that search takes for each other. What is written here holds from the next query on: the index knows nothing of it. */
@Injectable()
export class LexiconService implements OnModuleInit {
  constructor(
    private readonly dataSource: DataSource,
    private readonly desk: DeskArticlesService,
    private readonly audit: AuditService,
  ) {}

  /** The groups a center begins with come without keys, and a release may have brought other rules for them. */
  async onModuleInit(): Promise<void> {
    if (this.dataSource.isInitialized) await this.dataSource.transaction((tx) => this.prepare(tx));
  }

  /** Reckons the keys of forms anew that older rules of the analyser made; one question when there are none. @returns how many */
  prepare(tx: EntityManager): Promise<number> {
    return rekeyForms(tx);
  }

  list(query: ListLexicon): Promise<DeskLexicon> {
    return lexiconPage(this.dataSource.manager, query);
  }

  /** @throws Problem 404 */
  find(id: number): Promise<DeskLexiconGroup> {
    return groupOf(this.dataSource.manager, id);
  }

  /** @throws Problem 409 `too_many_groups`; 422 `form_twice`, `form_without_letters`, `form_too_long`, `preferred_unknown` */
  async create(actor: EditorActor, { kind, forms, preferred = null }: CreateLexiconGroup): Promise<DeskLexiconGroup> {
    return inTransaction(this.dataSource, async (tx) => {
      refuseUnfit(forms, preferred);
      const id = await insertGroup(tx, kind, MOST_GROUPS);
      if (id === null) throw tooMany();
      await writeForms(tx, id, forms, preferred);
      const after = await groupOf(tx, id);
      await this.audit.record(tx, actor, { act: 'lexicon.create', object: { type: 'lexicon', id }, ...differences(null, after) });
      return after;
    });
  }

  /** Says the group anew: without `preferred` it has none. @throws as {@link change} */
  replace(actor: EditorActor, id: number, group: ReplaceLexiconGroup): Promise<DeskLexiconGroup> {
    return this.change(actor, id, { preferred: null, ...group });
  }

  /**
   * Changes what is given.
   * @throws Problem 404; 409 `stale_version`; 422 `form_twice`, `form_without_letters`, `form_too_long`, `preferred_unknown`, the last also
   * when the form preferred so far is none of the new ones
   */
  async change(actor: EditorActor, id: number, { version, ...given }: ChangeLexiconGroup): Promise<DeskLexiconGroup> {
    return inTransaction(this.dataSource, async (tx) => {
      const row = await held(tx, LexiconGroup, id);
      const before = await groupOf(tx, id);
      await advanced(tx, LexiconGroup, row, version, { kind: given.kind });
      const { forms = before.forms, preferred = before.preferred } = given;
      refuseUnfit(forms, preferred);
      await writeForms(tx, id, forms, preferred);
      const after = await groupOf(tx, id);
      await this.audit.record(tx, actor, { act: 'lexicon.change', object: { type: 'lexicon', id }, ...differences(before, after) });
      return after;
    });
  }

  /** @throws Problem 404 */
  async remove(actor: EditorActor, id: number): Promise<void> {
    await inTransaction(this.dataSource, async (tx) => {
      await held(tx, LexiconGroup, id);
      const { kind, forms, preferred } = await groupOf(tx, id);
      await tx.getRepository(LexiconGroup).delete({ id });
      await this.audit.record(tx, actor, {
        act: 'lexicon.remove',
        object: { type: 'lexicon', id },
        before: { kind, forms, preferred },
      });
    });
  }

  /**
   * What an article writes in several ways, or otherwise than the center does.
   * @param revision its number; left out, the newest @throws NotFound also when the editor may not see the article
   */
  async spelling(actor: EditorActor, articleId: number, revision?: number): Promise<MixedSpellings> {
    const { number, lang, ...parts } = await this.desk.plainText(actor, articleId, revision);
    const { items, more } = mixedSpellings(parts, await spellingGroups(this.dataSource.manager));
    return { revision: number, lang, dir: dirOf(lang), items, more };
  }
}

async function groupOf(tx: EntityManager, id: number): Promise<DeskLexiconGroup> {
  const group = await lexiconGroup(tx, id);
  if (group === null) throw noSuchThing();
  return group;
}

function refuseUnfit(forms: readonly string[], preferred: string | null): void {
  if (forms.some((form) => !/\p{L}/u.test(form) || analyse(form).length === 0)) {
    throw fieldRefused(422, 'form_without_letters', 'forms', {
      ar: 'في كل صيغة حرف واحد على الأقل.',
      en: 'Each form has at least one letter.',
    });
  }
  if (forms.some((form) => analyse(form).length > MOST_WORDS)) {
    throw fieldRefused(422, 'form_too_long', 'forms', {
      ar: `لا تزيد الصيغة على ${MOST_WORDS} كلمات.`,
      en: `A form has at most ${MOST_WORDS} words.`,
    });
  }
  if (preferred !== null && !forms.includes(preferred)) {
    throw fieldRefused(422, 'preferred_unknown', 'preferred', {
      ar: 'الصيغة المفضلة واحدة من صيغ المجموعة.',
      en: 'The preferred form is one of the group’s forms.',
    });
  }
}

function tooMany(): Problem {
  return new Problem(409, 'too_many_groups', {
    ar: `في المعجم ${MOST_GROUPS} مجموعة، وهو أقصى ما يسعه. احذف ما لا يلزم.`,
    en: `The lexicon holds ${MOST_GROUPS} groups, which is the most it takes. Remove what is not needed.`,
  });
}
