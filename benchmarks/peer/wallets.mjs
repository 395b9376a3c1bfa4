// What both Node services share: tokens, keys, rows and transfers. The libraries and the methods
// are the cheapest that need no compiler: scrypt runs once, and the key of tokens is imported once.
import { createCipheriv, createDecipheriv, randomBytes, scryptSync, webcrypto } from "node:crypto";
import { PrismaPg } from "@prisma/adapter-pg";
import prismaClient from "@prisma/client";
import { keccak_256 } from "@noble/hashes/sha3.js";
import { jwtVerify } from "jose";
import { isPrivate, pointFromScalar } from "tiny-secp256k1";

const { DATABASE_URL, DB_POOL_MAX, ENCRYPTION_SECRET, JWT_SECRET, JWT_ISSUER, JWT_AUDIENCE } =
  process.env;

const statementNames = new Map();

/** Return the name under which a connection keeps a statement prepared. */
function statementName(sql) {
  if (!statementNames.has(sql)) statementNames.set(sql, `s${statementNames.size}`);
  return statementNames.get(sql);
}

export const prisma = new prismaClient.PrismaClient({
  adapter: new PrismaPg(
    { connectionString: DATABASE_URL, max: Number(DB_POOL_MAX) },
    { statementNameGenerator: ({ sql }) => statementName(sql) },
  ),
  // By default a request fails that waits for two seconds, as a thousand at once do.
  transactionOptions: { maxWait: 30_000, timeout: 30_000 },
});

const sealingKey = scryptSync(ENCRYPTION_SECRET, "salt", 32);
const tokenKey = await webcrypto.subtle.importKey(
  "raw",
  Buffer.from(JWT_SECRET),
  { name: "HMAC", hash: "SHA-256" },
  false,
  ["verify"],
);
const expected = {
  algorithms: ["HS256"],
  issuer: JWT_ISSUER,
  audience: JWT_AUDIENCE,
  clockTolerance: 30,
  requiredClaims: ["exp", "iat", "iss", "aud"],
};

/** An answer with a status, and a sentence for the user. */
export class Refusal extends Error {
  constructor(statusCode, message) {
    super(message);
    this.statusCode = statusCode;
  }
}

/** Return the FID of the user whom the header authenticates. */
export async function authenticate(authorization) {
  if (!authorization?.startsWith("Bearer ")) throw new Refusal(401, "Authentication required");
  let claims;
  try {
    claims = (await jwtVerify(authorization.slice(7), tokenKey, expected)).payload;
  } catch {
    throw new Refusal(401, "Authentication required");
  }
  if (!Number.isSafeInteger(claims.fid) || claims.fid < 1) {
    throw new Refusal(400, "Base Account (FID) required");
  }
  return claims.fid;
}

/** Return the checksummed address (EIP-55) of a private key. */
function addressOf(privateKey) {
  const digits = Buffer.from(keccak_256(pointFromScalar(privateKey, false).subarray(1)))
    .subarray(12)
    .toString("hex");
  const cases = keccak_256(Buffer.from(digits, "ascii"));
  let address = "0x";
  for (let i = 0; i < 40; i++) {
    const case_ = i % 2 ? cases[i >> 1] & 15 : cases[i >> 1] >> 4;
    address += case_ > 7 ? digits[i].toUpperCase() : digits[i];
  }
  return address;
}

/** Decrypt the private key of a row. */
export function open(row) {
  const sealed = Buffer.from(row.encryptedPrivateKey, "hex");
  const decipher = createDecipheriv("aes-256-gcm", sealingKey, Buffer.from(row.iv, "hex"));
  decipher.setAuthTag(sealed.subarray(32));
  return Buffer.concat([decipher.update(sealed.subarray(0, 32)), decipher.final()]);
}

/** Decrypt the private key of a row, and check that it derives the address of the row. */
export function openVerified(row) {
  const privateKey = open(row);
  if (addressOf(privateKey) !== row.address) throw new Refusal(503, "The wallet is not readable");
  return privateKey;
}

/** Return the row of a new trading wallet. */
export function newWallet(fid) {
  let privateKey;
  do privateKey = randomBytes(32);
  while (!isPrivate(privateKey));
  const iv = randomBytes(12);
  const cipher = createCipheriv("aes-256-gcm", sealingKey, iv);
  const sealed = Buffer.concat([cipher.update(privateKey), cipher.final(), cipher.getAuthTag()]);
  return {
    fid,
    chain: "ethereum",
    walletType: "trading",
    address: addressOf(privateKey),
    encryptedPrivateKey: sealed.toString("hex"),
    iv: iv.toString("hex"),
  };
}

/** Return a user's wallet as the list of wallets shows it. */
export function shown(row) {
  return {
    id: `fid_${row.fid}_${row.chain}`,
    address: row.address,
    chain: row.chain === "base-account" ? "base" : row.chain,
    walletType: row.walletType,
    createdAt: row.createdAt,
    updatedAt: row.updatedAt,
  };
}

/** Return a wallet with its key, as its owner sees it. */
export function shownWithKey(row, privateKey) {
  return {
    id: `fid_${row.fid}_ethereum`,
    address: row.address,
    chain: "ethereum",
    privateKey: `0x${privateKey.toString("hex")}`,
    createdAt: row.createdAt,
  };
}

const USDC = "0x833589fCD6eDb6E08f4c7C32D4f71b54bdA02913";
const DECIMALS = { USDC: 6, ETH: 18 };
export const CHAIN_ID = 8453;

/** Validate the body of a deposit, and return it with its amount in the smallest unit. */
export function parseDeposit(body) {
  const { asset = "USDC", amount, baseAddress } = body ?? {};
  if (!Object.hasOwn(DECIMALS, asset)) {
    throw new Refusal(400, "Unsupported asset. Only ETH and USDC are supported.");
  }
  const parts = /^(?=.?\d)(\d*)\.?(\d*)$/.exec(typeof amount === "string" ? amount : "");
  if (!parts || parts[2].length > DECIMALS[asset]) {
    throw new Refusal(400, "Invalid amount format. Please check your input.");
  }
  const units = BigInt(parts[1] + parts[2].padEnd(DECIMALS[asset], "0"));
  if (units === 0n) throw new Refusal(400, "Amount must be greater than zero");
  if (baseAddress !== undefined && !/^0x[0-9a-fA-F]{40}$/.test(baseAddress)) {
    throw new Refusal(400, "Invalid address");
  }
  return { asset, amount, units, baseAddress: baseAddress?.toLowerCase() };
}

/** Return the address that a deposit comes from: the stored Base Account, or that of the body. */
export function senderOf(deposit, rows) {
  const stored = rows.find((row) => row.chain === "base-account")?.address;
  if (stored && deposit.baseAddress && stored !== deposit.baseAddress) {
    throw new Refusal(400, "Base wallet mismatch. Please reconnect your wallet.");
  }
  const from = stored ?? deposit.baseAddress;
  if (!from) throw new Refusal(400, "Base address required");
  return from;
}

/** Return the answer to a deposit: the transfer that the user's own wallet will sign. */
export function transfer(deposit, from, to) {
  const word = (digits) => digits.padStart(64, "0");
  const data = `0xa9059cbb${word(to.slice(2).toLowerCase())}${word(deposit.units.toString(16))}`;
  return {
    success: true,
    network: { name: "Base Mainnet", chainId: CHAIN_ID },
    asset: deposit.asset,
    amount: deposit.amount,
    depositAddress: to,
    transaction:
      deposit.asset === "USDC"
        ? { from, to: USDC, value: "0x0", data, gas: "0x30d40" }
        : { from, to, value: `0x${deposit.units.toString(16)}`, data: "0x" },
    note: "Confirm this transaction in your wallet to fund your trading wallet.",
  };
}
