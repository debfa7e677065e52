// pino with the transport pino-loki: node pino_loki.mjs URL KEY COUNT
import pino from "pino";

const [url, key, count] = process.argv.slice(2);
const transport = pino.transport({
  target: "pino-loki",
  options: {
    host: url,
    headers: { Authorization: `Bearer ${key}` },
    batching: { interval: 1, maxBufferSize: 20000 },
    labels: { app: "pino" },
    silenceErrors: false,
  },
});
const logger = pino(transport);
for (let line = 0; line < Number(count); line++) {
  logger.info({ line }, `probe pino line ${line}`);
  // Its worker reads from a buffer that is not unlimited.
  if (line % 500 === 499) await new Promise((done) => setTimeout(done, 20));
}
// Its worker does not keep the process alive.
const alive = setInterval(() => {}, 1000);
transport.on("close", () => clearInterval(alive));
transport.end();
