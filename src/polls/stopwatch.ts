import { Injectable } from '@nestjs/common';

/** The time that windows in memory are measured by: it never jumps, and a test may set it. */
@Injectable()
export class Stopwatch {
  /** @returns seconds since some moment */
  seconds(): number {
    return performance.now() / 1_000;
  }
}
