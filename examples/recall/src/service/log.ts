import { type Logger, pino } from 'pino';

/** JSON lines on standard output. */
export const createLog = (level: string): Logger => pino({ name: 'recall', level });
