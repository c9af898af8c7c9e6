import pino from 'pino';
import { firstWord, metLimit } from './first-word.js';

/**
 * The only fields of a log line. Lines are built from these instead of being redacted afterwards, so that addresses,
 * keys, passwords, tokens, request bodies and error objects cannot get into a log (OWASP ASVS 5.0, 16.2.5).
 */
export interface LogFields {
  requestId?: string;
  accountId?: string;
  jobId?: string;
  queue?: string;
  attempt?: number;
  outcome?: string;
  reason?: string;
  method?: string;
  route?: string;
  status?: number;
  /** Milliseconds. */
  ms?: number;
  client?: string;
  relay?: string;
  /** Host of a URL that is told of events. */
  receiver?: string;
  smtpStatus?: string;
  /** The stage in which a dialogue with a relay ended. */
  stage?: string;
  setting?: string;
  url?: string;
  signal?: string;
  part?: string;
  count?: number;
  /** What went wrong, by name, code and place; never the message, which may repeat input. */
  fault?: Fault;
}

export interface Fault {
  name: string;
  /** The error's code, or the first word of a store's answer. */
  code?: string;
  /** Which limit a new connection to PostgreSQL met. */
  limit?: string;
  /** Our own frames of the stack, without the message. */
  at?: string[];
  cause?: Fault;
}

export type LogLevel = 'fatal' | 'error' | 'warn' | 'info' | 'debug' | 'trace' | 'silent';

export interface Log {
  error(fields: LogFields, message: string): void;
  warn(fields: LogFields, message: string): void;
  info(fields: LogFields, message: string): void;
  debug(fields: LogFields, message: string): void;
}

/** Writes JSON lines, to standard output unless told otherwise; times are UTC in ISO 8601. */
export function createLog(level: LogLevel, processName: string, destination?: pino.DestinationStream): Log {
  const options: pino.LoggerOptions = {
    level,
    base: { process: processName, pid: process.pid },
    timestamp: pino.stdTimeFunctions.isoTime,
    formatters: { level: (label) => ({ level: label }) },
  };
  return destination ? pino(options, destination) : pino(options);
}

/**
 * Describes an error and its causes (at most 3) without messages, because messages of drivers and parsers repeat
 * values.
 */
export function describeFault(error: unknown, depth = 0): Fault {
  if (!(error instanceof Error)) return { name: typeof error };
  const code = (error as { code?: unknown }).code;
  const at = (error.stack ?? '')
    .split('\n')
    .filter((line) => /^\s+at /.test(line) && !line.includes('node_modules') && !line.includes('node:'))
    .slice(0, 4)
    .map((line) =>
      line
        .trim()
        .replace(/^at /, '')
        .replace(/\(?(?:file:\/\/)?\/.*\/((?:src|test)\/)/, '($1'),
    );
  const isTold = typeof code === 'string' || typeof code === 'number';
  const told = isTold ? String(code) : error.name === 'ReplyError' ? firstWord(error) : undefined;
  const limit = depth === 0 ? metLimit(error) : undefined;
  return {
    name: error.name,
    ...(told === undefined ? {} : { code: told }),
    ...(limit === undefined ? {} : { limit }),
    ...(at.length > 0 ? { at } : {}),
    ...(error.cause !== undefined && depth < 3 ? { cause: describeFault(error.cause, depth + 1) } : {}),
  };
}
