import { connect } from 'node:net';

/** What a server answers first to `question`, in one character per byte. Rejects if it refuses or keeps silent for 1 s. */
export function greeting(port: number, host: string, question: string): Promise<string> {
  return new Promise((resolve, reject) => {
    const socket = connect(port, host);
    socket.setTimeout(1_000, () => socket.destroy(new Error(`${host}:${port} keeps silent`)));
    socket.on('connect', () => socket.write(question, 'latin1'));
    socket.on('data', (answer) => {
      resolve(answer.toString('latin1'));
      socket.destroy();
    });
    socket.on('error', reject);
    socket.on('close', () => reject(new Error(`${host}:${port} hung up`)));
  });
}
