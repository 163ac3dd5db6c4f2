import { Catch } from '@nestjs/common';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { HomeLanguage, problemWords, type Problem } from '../http/problem.js';
import { ProblemFilter } from '../http/problem.filter.js';
import { dirOf } from '../text/language.js';
import { FrameService, type Frame } from './frame.service.js';
import { shell, shownToOne } from './shell.js';

/** Shows a refusal as a page, where a person asked for one. */
@Catch()
export class PageFilter extends ProblemFilter {
  constructor(
    home: HomeLanguage,
    private readonly frames: FrameService,
  ) {
    super(home);
  }

  protected override answer(problem: Problem, request: FastifyRequest, reply: FastifyReply): void {
    void this.frameFor(problem).then((frame) => send(problem, request, reply, this.home, frame));
  }

  /** From what is not there, or no longer, readers are to find the rest; every other refusal must do without the database. */
  private frameFor(problem: Problem): Promise<Frame | undefined> {
    const wanted = [404, 410].includes(problem.getStatus());
    return wanted ? this.frames.read({ slots: [] }).catch(() => undefined) : Promise.resolve(undefined);
  }
}

function send(problem: Problem, { url, headers }: FastifyRequest, reply: FastifyReply, home: HomeLanguage, frame: Frame | undefined): void {
  const lang = home.ofReader(url, headers['accept-language']);
  const { language, title, detail } = problemWords(problem, lang);
  const page = shell({
    lang,
    title,
    site: frame ?? { center: home.name, home: home.lang },
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
