import { Body, Controller, Get, Param, Patch, Post, Put, Query } from '@nestjs/common';
import { ApiTags } from '@nestjs/swagger';
import { Allows, By, type EditorActor } from '../access/access.js';
import { IdPipe } from '../http/body.js';
import { DeskRoute } from '../http/openapi.js';
import type { Personal } from '../http/published.js';
import {
  ActOnArticle,
  CorrectArticle,
  DeskArticle,
  DeskArticleList,
  DraftArticle,
  ListDeskArticles,
  ListRevisions,
  PatchArticle,
  PutArticle,
  ReturnArticle,
  RevisionList,
  RevisionText,
  ScheduleArticle,
  TakeBackArticle,
} from './desk-article.dto.js';
import { DeskArticlesService } from './desk-articles.service.js';
import { DraftingService } from './drafting.service.js';
import { CompareRevisions, RevisionDiff } from './revision-diff.dto.js';
import { revisionDiffPage } from './revision-diff.page.js';
import { WorkflowService } from './workflow.service.js';

/** Every answer of an act is the whole article. */
@ApiTags('desk: articles')
@Controller('api/v1/desk/articles')
export class DeskArticlesController {
  constructor(
    private readonly desk: DeskArticlesService,
    private readonly drafting: DraftingService,
    private readonly workflow: WorkflowService,
  ) {}

  @Get()
  @Allows('articles.list')
  @DeskRoute('listDeskArticles', 'What you may see, last edited first, with counts by state.', [200, DeskArticleList])
  list(@By() by: EditorActor, @Query() query: ListDeskArticles): Promise<DeskArticleList> {
    return this.desk.list(by, query);
  }

  @Post()
  @Allows('articles.create')
  @DeskRoute('draftArticle', 'Starts an article. Nothing of it is public.', [201, DeskArticle], 409, 413, 415, 422)
  create(@By() by: EditorActor, @Body() draft: DraftArticle): Promise<DeskArticle> {
    return this.desk.create(by, draft);
  }

  @Get(':id')
  @Allows('articles.read')
  @DeskRoute('findDeskArticle', 'One article with its newest revision.', [200, DeskArticle], 404)
  find(@By() by: EditorActor, @Param('id', new IdPipe()) id: number): Promise<DeskArticle> {
    return this.desk.find(by, id);
  }

  @Put(':id')
  @Allows('articles.save')
  @DeskRoute(
    'putArticle',
    'Saves the whole text. What readers see stays until it is published.',
    [200, DeskArticle],
    404,
    409,
    413,
    415,
    422,
  )
  put(@By() by: EditorActor, @Param('id', new IdPipe()) id: number, @Body() article: PutArticle): Promise<DeskArticle> {
    return this.desk.put(by, id, article);
  }

  @Patch(':id')
  @Allows('articles.save')
  @DeskRoute(
    'patchArticle',
    'Saves parts of the text. What readers see stays until it is published.',
    [200, DeskArticle],
    404,
    409,
    413,
    415,
    422,
  )
  patch(@By() by: EditorActor, @Param('id', new IdPipe()) id: number, @Body() article: PatchArticle): Promise<DeskArticle> {
    return this.desk.patch(by, id, article);
  }

  @Get(':id/revisions')
  @Allows('articles.read')
  @DeskRoute('listRevisions', 'The article’s history, newest first.', [200, RevisionList], 404)
  revisions(@By() by: EditorActor, @Param('id', new IdPipe()) id: number, @Query() query: ListRevisions): Promise<RevisionList> {
    return this.desk.revisions(by, id, query);
  }

  @Get(':id/revisions/:number')
  @Allows('articles.read')
  @DeskRoute('findRevision', 'What the article said at one step.', [200, RevisionText], 404)
  revision(
    @By() by: EditorActor,
    @Param('id', new IdPipe()) id: number,
    @Param('number', new IdPipe('number')) number: number,
  ): Promise<RevisionText> {
    return this.desk.revision(by, id, number);
  }

  @Get(':id/revisions/:number/diff')
  @Allows('articles.read')
  @DeskRoute('compareRevisions', 'What came and went between two revisions, by words.', [200, RevisionDiff], 404)
  async diff(
    @By() by: EditorActor,
    @Param('id', new IdPipe()) id: number,
    @Param('number', new IdPipe('number')) number: number,
    @Query() query: CompareRevisions,
  ): Promise<RevisionDiff | Personal> {
    const diff = await this.desk.compare(by, id, number, query.with);
    return query.format === 'html' ? revisionDiffPage(diff, query.lang ?? diff.lang) : diff;
  }

  @Post(':id/revisions/:number/restore')
  @Allows('articles.save')
  @DeskRoute('restoreRevision', 'Brings back an earlier text, as a new revision.', [200, DeskArticle], 404, 409, 413, 415, 422)
  restore(
    @By() by: EditorActor,
    @Param('id', new IdPipe()) id: number,
    @Param('number', new IdPipe('number')) number: number,
    @Body() { version }: ActOnArticle,
  ): Promise<DeskArticle> {
    return this.desk.carryOut(by, (tx) => this.drafting.restore(tx, by, id, version, number));
  }

  @Post(':id/submit')
  @Allows('articles.submit')
  @DeskRoute('submitArticle', 'Hands it to review.', [200, DeskArticle], 404, 409, 413, 415)
  submit(@By() by: EditorActor, @Param('id', new IdPipe()) id: number, @Body() { version }: ActOnArticle): Promise<DeskArticle> {
    return this.desk.carryOut(by, (tx) => this.workflow.submit(tx, by, { id, version }));
  }

  @Post(':id/return')
  @Allows('articles.return')
  @DeskRoute('returnArticle', 'Gives it back to its author, with a comment.', [200, DeskArticle], 404, 409, 413, 415)
  return(@By() by: EditorActor, @Param('id', new IdPipe()) id: number, @Body() { version, comment }: ReturnArticle): Promise<DeskArticle> {
    return this.desk.carryOut(by, (tx) => this.workflow.return(tx, by, { id, version }, comment));
  }

  @Post(':id/approve')
  @Allows('articles.approve')
  @DeskRoute('approveArticle', 'Lets it pass review.', [200, DeskArticle], 404, 409, 413, 415)
  approve(@By() by: EditorActor, @Param('id', new IdPipe()) id: number, @Body() { version }: ActOnArticle): Promise<DeskArticle> {
    return this.desk.carryOut(by, (tx) => this.workflow.approve(tx, by, { id, version }));
  }

  @Post(':id/schedule')
  @Allows('articles.schedule')
  @DeskRoute('scheduleArticle', 'Lets its newest revision go live at an instant.', [200, DeskArticle], 404, 409, 413, 415, 422)
  schedule(@By() by: EditorActor, @Param('id', new IdPipe()) id: number, @Body() { version, at }: ScheduleArticle): Promise<DeskArticle> {
    return this.desk.carryOut(by, (tx) => this.workflow.schedule(tx, by, { id, version }, at));
  }

  @Post(':id/unschedule')
  @Allows('articles.unschedule')
  @DeskRoute('unscheduleArticle', 'Takes it off the schedule; it stays approved.', [200, DeskArticle], 404, 409, 413, 415)
  unschedule(@By() by: EditorActor, @Param('id', new IdPipe()) id: number, @Body() { version }: ActOnArticle): Promise<DeskArticle> {
    return this.desk.carryOut(by, (tx) => this.workflow.unschedule(tx, by, { id, version }));
  }

  @Post(':id/publish')
  @Allows('articles.publish')
  @DeskRoute('publishArticle', 'Shows its newest revision to readers, at once.', [200, DeskArticle], 404, 409, 413, 415, 422)
  publish(@By() by: EditorActor, @Param('id', new IdPipe()) id: number, @Body() { version }: ActOnArticle): Promise<DeskArticle> {
    return this.desk.carryOut(by, (tx) => this.workflow.publish(tx, by, { id, version }));
  }

  @Post(':id/correct')
  @Allows('articles.correct')
  @DeskRoute(
    'correctArticle',
    'Tells readers what was corrected; a revision not yet public goes out with it, if you may publish it.',
    [200, DeskArticle],
    404,
    409,
    413,
    415,
    422,
  )
  correct(@By() by: EditorActor, @Param('id', new IdPipe()) id: number, @Body() { version, note }: CorrectArticle): Promise<DeskArticle> {
    return this.desk.carryOut(by, (tx) => this.workflow.correct(tx, by, { id, version }, note));
  }

  @Post(':id/unaffected')
  @Allows('articles.correct')
  @DeskRoute(
    'settleTranslationNotices',
    'Says that what was told about a translation does not concern this text.',
    [200, DeskArticle],
    404,
    409,
    413,
    415,
  )
  unaffected(@By() by: EditorActor, @Param('id', new IdPipe()) id: number, @Body() { version }: ActOnArticle): Promise<DeskArticle> {
    return this.desk.carryOut(by, (tx) => this.workflow.unaffected(tx, by, { id, version }));
  }

  @Post(':id/retract')
  @Allows('articles.retract')
  @DeskRoute('retractArticle', 'Takes it back in public: readable still, its notice first.', [200, DeskArticle], 404, 409, 413, 415)
  retract(
    @By() by: EditorActor,
    @Param('id', new IdPipe()) id: number,
    @Body() { version, reason }: TakeBackArticle,
  ): Promise<DeskArticle> {
    return this.desk.carryOut(by, (tx) => this.workflow.retract(tx, by, { id, version }, reason));
  }

  @Post(':id/withdraw')
  @Allows('articles.withdraw')
  @DeskRoute(
    'withdrawArticle',
    'Removes it from public view for good; readers get 410 with the reason.',
    [200, DeskArticle],
    404,
    409,
    413,
    415,
  )
  withdraw(
    @By() by: EditorActor,
    @Param('id', new IdPipe()) id: number,
    @Body() { version, reason }: TakeBackArticle,
  ): Promise<DeskArticle> {
    return this.desk.carryOut(by, (tx) => this.workflow.withdraw(tx, by, { id, version }, reason));
  }
}
