import type { Socket } from 'node:net';

/** `up` is from the client to the server. */
export type Direction = 'up' | 'down';
export type Tap = (bytes: Buffer, line: Line) => void;
/** Of the bytes of one message to the server, as Latin-1. */
export type Matches = (text: string) => boolean;
/** `before`: the server never gets the message. `after`: it did what was asked, and only its answer is lost. */
export type Moment = 'before' | 'after';

/** One connection through a proxy. */
export interface Line {
  /** Of the connection to the server, by which the server knows it. */
  port: number | undefined;
  /** When a fault hurt it first; milliseconds since the epoch. */
  hurtAt: number | undefined;
}

/** Such a connection as the proxy sees it. */
export interface Wire extends Line {
  readonly near: Socket;
  readonly far: Socket;
  readonly queue: Record<Direction, Promise<void>>;
  /** Bytes in both directions after which it breaks. */
  bytesLeft: number;
  /** The server has the message that was waited for: its answer cuts the line. */
  struck: (() => void) | undefined;
  /** Both ends are alive, and nothing comes through. */
  hasVanished: boolean;
}

export function addressOf(url: string): { host: string; port: number } {
  const { hostname, port } = new URL(url);
  return { host: hostname, port: Number(port) };
}
