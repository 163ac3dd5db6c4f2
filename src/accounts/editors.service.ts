import { Injectable } from '@nestjs/common';
import { DataSource, QueryFailedError, type EntityManager } from 'typeorm';
import { notAllowed, type Actor, type EditorActor } from '../access/access.js';
import type { Role } from '../access/policy.js';
import { AuditService } from '../audit/audit.service.js';
import { inTransaction } from '../database/transaction.js';
import { HomeLanguage, NotFound, Problem, type Sentence } from '../http/problem.js';
import type { Address } from '../mail/address.js';
import { MailRoom } from '../mail/mail-room.service.js';
import type { Lang } from '../text/language.js';
import { EditorPage, EditorView, type ChangeEditor, type ListEditors, type ReplaceEditor } from './editor.dto.js';
import type { EditorState } from './editor.entity.js';
import { addressChangedMail } from './editor.mail.js';
import { activeAdmins, editorById, editorPage, editorToChange, type EditorRow } from './editors.queries.js';
import { PasswordLinks } from './password-links.service.js';
import { Passwords, type PasswordHash } from './passwords.js';
import { SessionsService } from './sessions.service.js';

/** Who is to work at the desk, and as what. */
export interface Appointment {
  readonly email: Address;
  readonly name: string;
  readonly role: Role;
  /** Of their mail; the center's where none is given. */
  readonly lang?: Lang;
  /** Ids of the sections granted to a section editor. */
  readonly sections?: readonly number[];
}

/** The fields whose changes the audit log tells. */
const AUDITED = ['email', 'name', 'role', 'state', 'lang', 'sections'] as const;

/** Appointing editors and changing what they may do. */
@Injectable()
export class EditorsService {
  constructor(
    private readonly dataSource: DataSource,
    private readonly home: HomeLanguage,
    private readonly sessions: SessionsService,
    private readonly passwords: Passwords,
    private readonly links: PasswordLinks,
    private readonly mailRoom: MailRoom,
    private readonly audit: AuditService,
  ) {}

  async list({ limit, cursor, role, state, section }: ListEditors): Promise<EditorPage> {
    const rows = await this.dataSource.query<EditorRow[]>(editorPage, [limit, cursor?.key, cursor?.id, role, state, section]);
    return EditorPage.of(rows, limit);
  }

  /** @throws NotFound */
  async find(id: number): Promise<EditorView> {
    return view(this.dataSource.manager, id);
  }

  /** @throws Problem as {@link appoint} does */
  async create(actor: EditorActor, appointment: Appointment): Promise<EditorView> {
    return this.act(actor, async (tx) => this.appoint(tx, actor, appointment));
  }

  /**
   * Makes an editor. With a password the editor can sign in at once, without one an invitation goes out.
   * @returns the id
   * @throws Problem 409 `email_taken`, 422 `grants_not_allowed`, 422 `unknown_reference`
   */
  async appoint(tx: EntityManager, actor: Actor, appointment: Appointment, password: PasswordHash | null = null): Promise<number> {
    const { email, name, role, lang = this.home.lang, sections = [] } = appointment;
    const state: EditorState = password === null ? 'invited' : 'active';
    const [editor] = await tx.query<{ id: number }[]>(
      `insert into editors (email, email_canonical, name, role, state, lang) values ($1, $2, $3, $4, $5, $6)
       on conflict (email_canonical) do nothing returning id`,
      [email.address, email.canonical, name, role, state, lang],
    );
    if (!editor) throw emailTaken();
    const { id } = editor;
    await grant(tx, id, role, sections);
    await (password === null ? this.links.invite(tx, id) : this.passwords.set(tx, id, password));
    const after = { email: email.address, name, role, state, lang, sections };
    await this.audit.record(tx, actor, { act: 'editors.create', object: { type: 'editor', id }, after });
    return id;
  }

  /** Puts another appointment in the place of the present one; a suspended editor stays suspended. @throws Problem as {@link change} does */
  async replace(actor: EditorActor, id: number, { lang = this.home.lang, sections = [], ...rest }: ReplaceEditor): Promise<EditorView> {
    return this.change(actor, id, { ...rest, lang, sections });
  }

  /**
   * Changes parts of an appointment, suspends or reinstates. Sessions end with any change of what the editor may do or signs in with.
   * @throws NotFound, Problem 409 `stale_version`, 409 `email_taken`, 409 `last_admin`, 422 `suspends_self`, 422 `grants_not_allowed`,
   *   422 `unknown_reference`
   */
  async change(actor: EditorActor, id: number, changes: ChangeEditor): Promise<EditorView> {
    return this.act(actor, async (tx, admins) => {
      const before = await row(tx, id, editorToChange);
      await update(tx, before, changes);
      await regrant(tx, before, changes);
      const after = await row(tx, id, editorById);
      if (actor.editor.id === id && after.state === 'suspended') throw suspendsSelf();
      if (admins.length === 1 && admins[0] === id && !(after.role === 'admin' && after.state === 'active')) throw lastAdmin();
      await this.follow(tx, before, after);
      await this.audit.record(tx, actor, { act: 'editors.change', object: { type: 'editor', id }, ...differences(before, after) });
      return id;
    });
  }

  /** Sends the invitation again, with a new link in place of the old. @throws NotFound, Problem 409 `stale_version`, 409 `wrong_state` */
  async invite(actor: EditorActor, id: number, version: number): Promise<EditorView> {
    return this.act(actor, async (tx) => {
      const editor = await row(tx, id, editorToChange);
      await update(tx, editor, { version });
      if (editor.state !== 'invited') throw wrongState(editor.state);
      await this.links.invite(tx, id);
      await this.audit.record(tx, actor, { act: 'editors.invite', object: { type: 'editor', id }, after: { email: editor.email } });
      return id;
    });
  }

  /**
   * Runs an admin's act on an editor. Acts of this kind come one after the other, so that two admins who take each other's role at once
   * cannot both succeed.
   * @param work gets the ids of all active admins and gives the editor's id
   * @throws Problem 403 `not_allowed` when the role was lost since the request came in
   */
  private async act(actor: EditorActor, work: (tx: EntityManager, admins: readonly number[]) => Promise<number>): Promise<EditorView> {
    return inTransaction(this.dataSource, async (tx) => {
      const admins = (await tx.query<{ id: number }[]>(activeAdmins)).map(({ id }) => id);
      if (!admins.includes(actor.editor.id)) throw notAllowed();
      return view(tx, await work(tx, admins));
    });
  }

  /** What has to happen at once when an appointment changed. */
  private async follow(tx: EntityManager, before: EditorRow, after: EditorRow): Promise<void> {
    const { id } = after;
    const moved = before.email !== after.email;
    const suspended = before.state !== 'suspended' && after.state === 'suspended';
    const rights = before.role !== after.role || before.sections.join() !== after.sections.join();
    if (moved || suspended || rights) await this.sessions.endAll(tx, id);
    // What was sent to the old address may be in the wrong hands.
    if (moved || suspended) await this.links.revoke(tx, id);
    if (moved && after.state === 'invited') await this.links.invite(tx, id);
    // Only to one who has been at the desk: the old address of an invitation may be a stranger's.
    if (moved && before.state === 'active') {
      const dedupeKey = `email_changed:${id}:${after.version}`;
      await this.mailRoom.post(tx, { kind: 'email_changed', dedupeKey, to: before.email, mail: addressChangedMail(before) });
    }
  }
}

/** @throws NotFound */
async function row(tx: EntityManager, id: number, query: typeof editorById | typeof editorToChange): Promise<EditorRow> {
  const [found] = await tx.query<EditorRow[]>(query, [id]);
  if (!found) throw new NotFound();
  return found;
}

async function view(tx: EntityManager, id: number): Promise<EditorView> {
  return EditorView.of(await row(tx, id, editorById));
}

/** @throws Problem 409 `stale_version`, 409 `email_taken` */
async function update(tx: EntityManager, before: EditorRow, changes: ChangeEditor): Promise<void> {
  const { version, email, name, role, lang, suspended } = changes;
  try {
    const [, updated] = await tx.query<[unknown, number]>(
      `update editors e set version = version + 1, email = coalesce($3, email), email_canonical = coalesce($4, email_canonical),
         name = coalesce($5, name), role = coalesce($6, role), lang = coalesce($7, lang),
         state = case
           when $8 then 'suspended'
           when $8 is null or state <> 'suspended' then state
           when exists (select from editor_passwords p where p.editor_id = e.id) then 'active'
           else 'invited' end
       where id = $1 and version = $2`,
      [before.id, version, email?.address, email?.canonical, name, role, lang, suspended],
    );
    if (updated === 0) throw staleVersion(before.version);
  } catch (error) {
    if (error instanceof QueryFailedError && (error.driverError as { constraint?: string }).constraint === 'editors_email_canonical_key')
      throw emailTaken();
    throw error;
  }
}

/** Grants anew where the change says so; whoever is no section editor any more keeps none. */
async function regrant(tx: EntityManager, before: EditorRow, { role = before.role, sections }: ChangeEditor): Promise<void> {
  const granted = sections ?? (role === 'section_editor' ? before.sections : []);
  await tx.query(`delete from editor_sections where editor_id = $1`, [before.id]);
  await grant(tx, before.id, role, granted);
}

/** @throws Problem 422 `grants_not_allowed`, 422 `unknown_reference` */
async function grant(tx: EntityManager, id: number, role: Role, sections: readonly number[]): Promise<void> {
  if (sections.length === 0) return;
  if (role !== 'section_editor') throw grantsNotAllowed();
  const granted = await tx.query<unknown[]>(
    `insert into editor_sections (editor_id, section_id) select $1, id from sections where id = any($2::int[]) for key share returning section_id`,
    [id, sections],
  );
  if (granted.length < sections.length) throw unknownSection();
}

/** The audited fields that differ, before and after. */
function differences(before: EditorRow, after: EditorRow): { before: Record<string, unknown>; after: Record<string, unknown> } {
  const changed = AUDITED.filter((name) => JSON.stringify(before[name]) !== JSON.stringify(after[name]));
  const of = (editor: EditorRow): Record<string, unknown> => Object.fromEntries(changed.map((name) => [name, editor[name]]));
  return { before: of(before), after: of(after) };
}

function staleVersion(version: number): Problem {
  const message = {
    ar: 'غيّر أحد هذا المحرر بعد أن فتحته. حدّث الصفحة ثم أعد المحاولة.',
    en: 'Somebody changed this editor after you opened it. Reload it and try again.',
  };
  return new Problem(409, 'stale_version', message, { errors: [{ field: 'version', rule: `current:${version}`, message }] });
}

function refusal(status: 409 | 422, code: string, field: string, rule: string, message: Sentence): Problem {
  return new Problem(status, code, message, { errors: [{ field, rule, message }] });
}

function emailTaken(): Problem {
  return refusal(409, 'email_taken', 'email', 'unique', {
    ar: 'هذا العنوان لمحرر آخر.',
    en: 'Another editor has this address.',
  });
}

function grantsNotAllowed(): Problem {
  return refusal(422, 'grants_not_allowed', 'sections', 'role', {
    ar: 'تُسند الأقسام إلى محرر القسم وحده؛ غيره لا يحتاج إليها.',
    en: 'Sections are granted to section editors only; the other roles have no use for them.',
  });
}

function unknownSection(): Problem {
  return refusal(422, 'unknown_reference', 'sections', 'exists', {
    ar: 'أحد هذه الأقسام غير موجود.',
    en: 'One of these sections does not exist.',
  });
}

function suspendsSelf(): Problem {
  return refusal(422, 'suspends_self', 'suspended', 'self', {
    ar: 'لا يوقف أحد نفسه؛ اطلب ذلك من مدير آخر.',
    en: 'Nobody suspends themselves; ask another admin to.',
  });
}

function lastAdmin(): Problem {
  return new Problem(409, 'last_admin', {
    ar: 'هذا آخر مدير نشط؛ عيّن مديرًا آخر أولًا.',
    en: 'This is the last active admin; appoint another one first.',
  });
}

const STATES: Readonly<Record<Exclude<EditorState, 'invited'>, Sentence>> = {
  active: {
    ar: 'اختار هذا المحرر كلمة سره من قبل، فلا يحتاج إلى دعوة.',
    en: 'This editor has a password already and needs no invitation.',
  },
  suspended: { ar: 'هذا المحرر موقوف؛ ارفع الإيقاف أولًا.', en: 'This editor is suspended; lift the suspension first.' },
};

function wrongState(state: keyof typeof STATES): Problem {
  return new Problem(409, 'wrong_state', STATES[state]);
}
