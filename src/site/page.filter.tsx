import { Catch } from '@nestjs/common';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { problemWords, type Problem } from '../http/problem.js';
import { ProblemFilter } from '../http/problem.filter.js';
import { dirOf } from '../text/language.js';
import { shell, shownToOne } from './shell.js';

/** Shows a refusal as a page, where a person asked for one. */
@Catch()
export class PageFilter extends ProblemFilter {
  protected override answer(problem: Problem, { url, headers }: FastifyRequest, reply: FastifyReply): void {
    const lang = this.home.ofReader(url, headers['accept-language']);
    const { language, title, detail } = problemWords(problem, lang);
    const page = shell({
      lang,
      title,
      center: this.home.name,
      home: this.home.lang,
      children: (
        <div lang={language} dir={dirOf(language)}>
          <h1>{title}</h1>
          <p>{detail}</p>
        </div>
      ),
    });
    void reply.code(problem.getStatus()).headers({ ...problem.more.headers });
    void reply.send(shownToOne(reply, page));
  }
}
