import { newWallet, parseDeposit, prisma, senderOf, transfer } from "../../../../wallets.mjs";
import { answering } from "../../../answer.mjs";

export const POST = answering(async (fid, request) => {
  const deposit = parseDeposit(await request.json());
  const rows = await prisma.wallet.findMany({ where: { fid } });
  const from = senderOf(deposit, rows);
  let trading = rows.find((row) => row.chain === "ethereum");
  if (!trading) {
    try {
      trading = await prisma.wallet.create({ data: newWallet(fid) });
    } catch (error) {
      // Another request has created the wallet.
      if (error.code !== "P2002") throw error;
      const where = { fid_chain: { fid, chain: "ethereum" } };
      trading = await prisma.wallet.findUniqueOrThrow({ where });
    }
  }
  return transfer(deposit, from, trading.address);
});
