// An editor of the benchmark's own, with a session.
import { DataSource } from 'typeorm';
import { SessionsService } from '../dist/src/accounts/sessions.service.js';
import { createApp } from '../dist/src/app.setup.js';

/** @returns the token of a chief editor of that server */
export async function editor(server) {
  const app = await createApp(server.config, server.database);
  await app.init();
  try {
    const db = app.get(DataSource);
    const [{ id }] = await db.query(
      `insert into editors (email, email_canonical, name, role, state) values ('a@center.example', 'a@center.example', 'محررة', 'chief', 'active') returning id`,
    );
    return await db.transaction((tx) => app.get(SessionsService).open(tx, id));
  } finally {
    await app.close();
  }
}
