import { prisma, shown } from "../../../../wallets.mjs";
import { answering } from "../../../answer.mjs";

export const GET = answering(async (fid) => {
  const rows = await prisma.wallet.findMany({ where: { fid }, orderBy: { chain: "asc" } });
  return { wallets: rows.map(shown) };
});
