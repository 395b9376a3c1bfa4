// The service with the same duties, on Fastify: a key is opened and its address derived before
// either is shown, an audit entry is in the same transaction as the key, a deposit is recorded,
// and a request leaves one line in the log.
import cluster from "node:cluster";
import { randomUUID } from "node:crypto";
import Fastify from "fastify";
import {
  CHAIN_ID,
  Refusal,
  authenticate,
  newWallet,
  openVerified,
  parseDeposit,
  prisma,
  senderOf,
  shown,
  shownWithKey,
  transfer,
} from "./wallets.mjs";

function entry(request, action) {
  const { fid, id: requestId, ip } = request;
  return prisma.auditEntry.create({
    data: { fid, action, actor: `user:${fid}`, requestId, ip },
    select: { id: true },
  });
}

function record(deposit, fid, id, fromAddress, toAddress) {
  const { asset, units } = deposit;
  return prisma.deposit.create({
    data: { id, fid, asset, amount: `${units}`, fromAddress, toAddress, chainId: CHAIN_ID },
    select: { id: true },
  });
}

async function listWallets(request) {
  const rows = await prisma.wallet.findMany({
    where: { fid: request.fid },
    orderBy: { chain: "asc" },
  });
  for (const row of rows) if (row.encryptedPrivateKey) openVerified(row);
  return { wallets: rows.map(shown) };
}

async function showKey(request) {
  const { fid } = request;
  const [row] = await prisma.$transaction([
    prisma.wallet.findUnique({ where: { fid_chain: { fid, chain: "ethereum" } } }),
    entry(request, "key.requested"),
  ]);
  if (!row) throw new Refusal(404, "There is no trading wallet");
  return { wallet: shownWithKey(row, openVerified(row)) };
}

async function prepareDeposit(request) {
  const { fid } = request;
  const deposit = parseDeposit(request.body);
  const depositId = randomUUID();
  const rows = await prisma.wallet.findMany({ where: { fid } });
  const from = senderOf(deposit, rows);
  let trading = rows.find((row) => row.chain === "ethereum");
  if (!trading) {
    const made = newWallet(fid);
    openVerified(made);
    try {
      await prisma.$transaction([
        prisma.wallet.create({ data: made, select: { id: true } }),
        entry(request, "wallet.created"),
        record(deposit, fid, depositId, from, made.address),
      ]);
      return { ...transfer(deposit, from, made.address), depositId };
    } catch (error) {
      // Another request has created the wallet.
      if (error.code !== "P2002") throw error;
      const where = { fid_chain: { fid, chain: "ethereum" } };
      trading = await prisma.wallet.findUniqueOrThrow({ where });
    }
  }
  openVerified(trading);
  await record(deposit, fid, depositId, from, trading.address);
  return { ...transfer(deposit, from, trading.address), depositId };
}

async function serve() {
  const app = Fastify({
    logger: true,
    disableRequestLogging: true,
    genReqId: () => randomUUID(),
    bodyLimit: 16_384,
  });
  app.decorateRequest("fid", 0);
  app.addHook("onRequest", async (request, reply) => {
    reply.header("cache-control", "no-store");
    request.fid = await authenticate(request.headers.authorization);
  });
  app.addHook("onResponse", async (request, reply) => {
    app.log.info(
      {
        request_id: request.id,
        method: request.method,
        path: request.routeOptions.url,
        status: reply.statusCode,
        duration_ms: reply.elapsedTime,
        actor: `user:${request.fid}`,
        ip: request.ip,
      },
      "request",
    );
  });
  app.setErrorHandler((error, request, reply) => {
    const status = error.statusCode ?? 503;
    if (status >= 500) app.log.error({ request_id: request.id, type: error.name }, "failed");
    if (status === 401) reply.header("www-authenticate", "Bearer");
    reply.code(status).send({ error: error instanceof Refusal ? error.message : "Not possible" });
  });
  app.get("/api/wallet/user-wallets", listWallets);
  app.get("/api/wallet/primary-with-key", showKey);
  app.post("/api/wallet/deposit", prepareDeposit);
  await app.listen({ host: "127.0.0.1", port: Number(process.env.PORT) });
}

if (cluster.isPrimary) {
  for (let n = 0; n < Number(process.env.WEB_CONCURRENCY); n++) cluster.fork();
  process.on("SIGTERM", () => {
    for (const worker of Object.values(cluster.workers)) worker.kill();
    process.exit(0);
  });
  cluster.on("exit", (worker, code) => process.exit(code ?? 1));
} else {
  await serve();
}
