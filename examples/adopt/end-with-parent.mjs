// Loaded before a program that `start.mjs` starts: ends it when that is gone, also after `kill -9`. What tells is the end of
// standard input, which also outlives that the program replaces itself.
process.stdin.once('close', () => process.kill(process.pid, 'SIGTERM')).resume();
// A program that has ended by itself waits for nobody.
process.stdin.unref();
