// Next.js in processes that share a port, as `next start` serves it in one.
import cluster from "node:cluster";
import { fileURLToPath } from "node:url";

cluster.setupPrimary({
  exec: fileURLToPath(import.meta.resolve("next/dist/bin/next")),
  args: ["start", "--hostname", "127.0.0.1", "--port", process.env.PORT],
});
for (let n = 0; n < Number(process.env.WEB_CONCURRENCY); n++) cluster.fork();
process.on("SIGTERM", () => {
  for (const worker of Object.values(cluster.workers)) worker.kill();
  process.exit(0);
});
cluster.on("exit", (worker, code) => process.exit(code ?? 1));
