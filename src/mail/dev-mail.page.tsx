import { Fragment, type JSX } from 'preact';
import { renderToStaticMarkup } from 'preact-render-to-string';
import type { FolderMail } from './mail-folder.js';

const STYLE = `
  body { font: 16px/1.6 system-ui, sans-serif; margin: 2rem auto; max-width: 60rem; padding: 0 1rem; color: #1c2733 }
  table { width: 100%; border-collapse: collapse } td, th { padding: .5rem; border-bottom: 1px solid #e1e6ea; text-align: start }
  pre { white-space: pre-wrap; overflow-wrap: anywhere; background: #f3f5f6; padding: 1rem; unicode-bidi: plaintext }
  iframe { width: 100%; height: 48rem; border: 1px solid #e1e6ea }`;

/** All mail in the folder. */
export function mailList(mails: readonly FolderMail[]): string {
  return page(
    'Mail that was not sent',
    <>
      <p>Without SMTP_URL mail goes no further than this folder. This page is shown on this machine only.</p>
      {mails.length === 0 ? (
        <p>There is none yet.</p>
      ) : (
        <table>
          <thead>
            <tr>
              <th>Subject</th>
              <th>To</th>
              <th>When</th>
            </tr>
          </thead>
          <tbody>
            {mails.map(({ id, subject, to, at }) => (
              <tr>
                <td>
                  <a href={`/dev/mail/${id}`}>
                    <bdi>{subject}</bdi>
                  </a>
                </td>
                <td>
                  <bdi>{to}</bdi>
                </td>
                <td>{at}</td>
              </tr>
            ))}
          </tbody>
        </table>
      )}
    </>,
  );
}

/** One mail, both its parts. The HTML stands in a frame that may run, load and open nothing; links can be followed from the plain text. */
export function mailView({ subject, to, at, text, html }: FolderMail): string {
  return page(
    subject,
    <>
      <p>
        <a href="/dev/mail">All mail</a> · to <bdi>{to}</bdi> · {at}
      </p>
      <pre>
        {text.split(/(https?:\/\/[^\s\u2066-\u2069]+)/).map((piece, index) => (
          <Fragment>{index % 2 === 1 ? <a href={piece}>{piece}</a> : piece}</Fragment>
        ))}
      </pre>
      <iframe title="HTML" sandbox="" srcdoc={html} />
    </>,
  );
}

function page(title: string, content: JSX.Element): string {
  return `<!DOCTYPE html>${renderToStaticMarkup(
    <html lang="en">
      <head>
        <meta charset="utf-8" />
        <meta name="viewport" content="width=device-width, initial-scale=1" />
        <title>{title}</title>
        <style>{STYLE}</style>
      </head>
      <body>
        <h1>
          <bdi>{title}</bdi>
        </h1>
        {content}
      </body>
    </html>,
  )}`;
}
