import { Injectable } from '@nestjs/common';
import { Published } from '../http/published.js';
import type { SuggestQuery, Suggestions } from './search.dto.js';

@Injectable()
export class SuggestService {
  suggest(_query: SuggestQuery): Promise<Published> {
    const none: Suggestions = { items: [], authors: [], tags: [] };
    return Promise.resolve(new Published({ body: JSON.stringify(none), modified: null, settled: false }));
  }
}
