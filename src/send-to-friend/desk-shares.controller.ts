import { Controller, Get, Query } from '@nestjs/common';
import { ApiTags } from '@nestjs/swagger';
import { Allows } from '../access/access.js';
import { DeskRoute } from '../http/openapi.js';
import { ListShareCounts, ShareCountPage } from './share.dto.js';
import { ShareCounts } from './share-counts.service.js';

@ApiTags('desk: shares')
@Controller('api/v1/desk/shares')
export class DeskSharesController {
  constructor(private readonly counts: ShareCounts) {}

  @Get()
  @Allows('shares.read')
  @DeskRoute('listShares', 'How often pieces were sent to friends, by piece and day.', [200, ShareCountPage])
  list(@Query() query: ListShareCounts): Promise<ShareCountPage> {
    return this.counts.list(query);
  }
}
