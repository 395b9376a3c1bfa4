import { Refusal, open, prisma, shownWithKey } from "../../../../wallets.mjs";
import { answering } from "../../../answer.mjs";

export const GET = answering(async (fid) => {
  const where = { fid_chain: { fid, chain: "ethereum" } };
  const row = await prisma.wallet.findUnique({ where });
  if (!row) throw new Refusal(404, "There is no trading wallet");
  return { wallet: shownWithKey(row, open(row)) };
});
