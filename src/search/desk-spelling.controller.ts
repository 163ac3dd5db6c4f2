import { Controller, Get, Param, Query } from '@nestjs/common';
import { ApiTags } from '@nestjs/swagger';
import { Allows, By, type EditorActor } from '../access/access.js';
import { IdPipe } from '../http/body.js';
import { DeskRoute } from '../http/openapi.js';
import { LexiconService } from './lexicon.service.js';
import { AskSpelling, MixedSpellings } from './spelling.dto.js';

@ApiTags('desk: articles')
@Controller('api/v1/desk/articles')
export class DeskSpellingController {
  constructor(private readonly lexicon: LexiconService) {}

  @Get(':id/spelling')
  @Allows('articles.read')
  @DeskRoute(
    'findMixedSpellings',
    'Words that the article spells in several ways, or otherwise than the center.',
    [200, MixedSpellings],
    404,
  )
  spelling(@By() actor: EditorActor, @Param('id', new IdPipe()) id: number, @Query() { revision }: AskSpelling): Promise<MixedSpellings> {
    return this.lexicon.spelling(actor, id, revision);
  }
}
