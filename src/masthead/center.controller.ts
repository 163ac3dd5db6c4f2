import { Controller, Get, Query } from '@nestjs/common';
import { ApiTags } from '@nestjs/swagger';
import { Answers } from '../http/openapi.js';
import type { Published } from '../http/published.js';
import { Public } from '../http/public.js';
import { LangQuery } from '../http/query.js';
import { CenterView } from './center.dto.js';
import { MastheadService } from './masthead.service.js';

@Public()
@ApiTags('center')
@Controller('api/v1/center')
export class CenterController {
  constructor(private readonly masthead: MastheadService) {}

  @Get()
  @Answers('findCenter', 'The center: name, masthead, contact.', CenterView)
  find(@Query() { lang }: LangQuery): Promise<Published> {
    return this.masthead.center(lang);
  }
}
