// Failed expectations about Arabic text are read by people: print them whole.
import { chai } from 'vitest';

chai.config.truncateThreshold = 0;
