import { Controller, Get, Param, Query, Req } from '@nestjs/common';
import { ApiTags } from '@nestjs/swagger';
import type { FastifyRequest } from 'fastify';
import { IdPipe } from '../http/body.js';
import { Answers, AnswersAtTimes, Responds } from '../http/openapi.js';
import type { Personal, Published } from '../http/published.js';
import { Public } from '../http/public.js';
import { FormPipe, LangQuery } from '../http/query.js';
import { RECEIPT } from './ballot-keys.js';
import { ListPolls, PollList, PollResults, PollView, ReceiptStatus, ShowResults } from './poll.dto.js';
import { PollsService } from './polls.service.js';
import { ReaderCookie } from './reader-cookie.js';
import { ResultsService } from './results.service.js';

/** What readers read of polls; their votes have a controller of their own. */
@Public()
@ApiTags('polls')
@Controller('api/v1/polls')
export class PollsController {
  constructor(
    private readonly polls: PollsService,
    private readonly results: ResultsService,
    private readonly cookie: ReaderCookie,
  ) {}

  @Get()
  @Answers('listPolls', 'Polls, the newest opening first; archived ones only where asked for.', PollList)
  list(@Query() query: ListPolls): Promise<Published> {
    return this.polls.list(query);
  }

  @Get(':id')
  @Answers('findPoll', 'One poll. Its numbers stand here only if everybody may see them at any time.', PollView, 404)
  find(@Param('id', new IdPipe()) id: number, @Query() { lang }: LangQuery): Promise<Published> {
    return this.polls.find(id, lang);
  }

  @Get(':id/results')
  @AnswersAtTimes('showResults', 'What a poll has come to, as its rule allows.', PollResults)
  show(@Param('id', new IdPipe()) id: number, @Query() query: ShowResults, @Req() request: FastifyRequest): Promise<Published | Personal> {
    return this.results.show(id, query, () => this.cookie.nonceOf(request), 'json');
  }

  @Get(':id/results.csv')
  @AnswersAtTimes('showResultsTable', 'The same as a table for spreadsheets.', 'text/csv')
  table(@Param('id', new IdPipe()) id: number, @Query() query: ShowResults, @Req() request: FastifyRequest): Promise<Published | Personal> {
    return this.results.show(id, query, () => this.cookie.nonceOf(request), 'csv');
  }

  @Get(':id/results.svg')
  @AnswersAtTimes('showResultsChart', 'The same as a bar chart, which other sites may embed.', 'image/svg+xml')
  chart(@Param('id', new IdPipe()) id: number, @Query() query: ShowResults, @Req() request: FastifyRequest): Promise<Published | Personal> {
    return this.results.show(id, query, () => this.cookie.nonceOf(request), 'svg');
  }

  @Get(':id/receipts/:code')
  @Responds('findReceipt', 'Whether the ballot with this receipt counts; never what it chose.', [200, ReceiptStatus], 404)
  receipt(
    @Param('id', new IdPipe()) id: number,
    @Param('code', new FormPipe('code', 'receipt', RECEIPT)) code: string,
  ): Promise<ReceiptStatus> {
    return this.results.receipt(id, code);
  }
}
