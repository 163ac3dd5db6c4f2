import { Controller, Get, Query } from '@nestjs/common';
import { ApiTags } from '@nestjs/swagger';
import { Allows } from '../access/access.js';
import { DeskRoute } from '../http/openapi.js';
import { MailPreview, PreviewMail } from './mail-preview.dto.js';
import { MailPreviews } from './mail-preview.service.js';

@ApiTags('desk: mail')
@Controller('api/v1/desk/mail/preview')
export class MailPreviewController {
  constructor(private readonly previews: MailPreviews) {}

  @Get()
  @Allows('mail.read')
  @DeskRoute('previewMail', 'A letter as a friend or a sender would get it, with sample names. Nothing is sent.', [200, MailPreview], 404)
  find(@Query() query: PreviewMail): Promise<MailPreview> {
    return this.previews.find(query);
  }
}
