import type { Socket } from 'node:net';

/** `up` is from the client to the server. */
export type Direction = 'up' | 'down';
export type Tap = (bytes: Buffer, line: Line) => void;
/** Whether a message to the server matches; the text is its bytes as Latin-1. */
export type Matches = (text: string) => boolean;
/** `before`: the server never gets the message. `after`: the server does what was asked; only its answer is lost. */
export type Moment = 'before' | 'after';

/** One connection through a proxy. */
export interface Line {
  /** The local port of the connection to the server. */
  port: number | undefined;
  /** When a fault first hurt the connection, in milliseconds since the epoch. */
  hurtAt: number | undefined;
}

/** A connection with the state that only the proxy needs. */
export interface Wire extends Line {
  readonly near: Socket;
  readonly far: Socket;
  readonly queue: Record<Direction, Promise<void>>;
  /** Bytes, of both directions together, after which the connection is cut. */
  bytesLeft: number;
  /** Set when the message that `cutAt` waits for has come; called when the connection is cut. */
  struck: (() => void) | undefined;
  /** Whether both ends are open but nothing is passed on any more. */
  hasVanished: boolean;
}

export function addressOf(url: string): { host: string; port: number } {
  const { hostname, port } = new URL(url);
  return { host: hostname, port: Number(port) };
}
