import { Controller, Get, Param, Query } from '@nestjs/common';
import { ApiTags } from '@nestjs/swagger';
import { Allows } from '../access/access.js';
import { IdPipe } from '../http/body.js';
import { DeskRoute } from '../http/openapi.js';
import { LangQuery } from '../http/query.js';
import { DeskPollResults } from './poll.dto.js';
import { ResultsService } from './results.service.js';

@ApiTags('desk: polls')
@Controller('api/v1/desk/polls')
export class DeskResultsController {
  constructor(private readonly results: ResultsService) {}

  @Get(':id/results')
  @Allows('polls.audit')
  @DeskRoute('deskResults', 'What a poll has come to so far, whatever its rule: counted now.', [200, DeskPollResults], 404)
  show(@Param('id', new IdPipe()) id: number, @Query() { lang }: LangQuery): Promise<DeskPollResults> {
    return this.results.deskShow(id, lang);
  }
}
