import { Controller, Get, Query } from '@nestjs/common';
import { ApiTags } from '@nestjs/swagger';
import { Allows, By, type EditorActor } from '../access/access.js';
import { DeskRoute } from '../http/openapi.js';
import { AuditPage, ListAudit } from './audit.dto.js';
import { AuditService } from './audit.service.js';

@ApiTags('desk: audit')
@Controller('api/v1/desk/audit')
export class DeskAuditController {
  constructor(private readonly audit: AuditService) {}

  @Get()
  @Allows('audit.read')
  @DeskRoute('listAudit', 'Who did what to which object, newest first.', [200, AuditPage])
  list(@Query() query: ListAudit, @By() actor: EditorActor): Promise<AuditPage> {
    return this.audit.list(actor, query);
  }
}
