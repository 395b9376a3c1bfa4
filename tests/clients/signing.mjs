// What viem and ethers make of a request to sign. Reads one request per line, and answers each with
// one line: {"viem": result, "ethers": result}, where a result is hex, or null for a refusal.
import { createRequire } from "node:module";
import { createInterface } from "node:readline";

const require = createRequire(`${process.cwd()}/`);
const viem = require("viem");
const { privateKeyToAccount } = require("viem/accounts");
const ethers = require("ethers");

const libraries = {
  viem: {
    typedData: ({ text }) => viem.hashTypedData(JSON.parse(text)),
    message: ({ data }) => viem.hashMessage({ raw: data }),
    transaction: ({ key, transaction }) => {
      const { gas, input, from, authorizationList, ...rest } = transaction;
      const types = { "0x0": "legacy", "0x1": "eip2930", "0x2": "eip1559", "0x4": "eip7702" };
      const request = { ...rest, type: types[transaction.type], gas: BigInt(gas) };
      for (const name of ["value", "gasPrice", "maxFeePerGas", "maxPriorityFeePerGas"]) {
        if (name in request) request[name] = BigInt(request[name]);
      }
      for (const name of ["chainId", "nonce"]) request[name] = Number(request[name]);
      if (authorizationList) request.authorizationList = authorizationList.map(numbers);
      return privateKeyToAccount(key).signTransaction(request);
    },
    authorization: async ({ key, authorization }) => {
      const signed = await privateKeyToAccount(key).signAuthorization(numbers(authorization));
      return viem.serializeSignature(signed);
    },
  },
  ethers: {
    typedData: ({ text }) => {
      const { domain, types, message } = JSON.parse(text);
      const { EIP712Domain, ...rest } = types;
      return ethers.TypedDataEncoder.hash(domain, rest, message);
    },
    message: ({ data }) => ethers.hashMessage(ethers.getBytes(data)),
    transaction: ({ key, transaction }) => {
      const { gas, input, from, authorizationList, ...rest } = transaction;
      const request = { ...rest, type: Number(transaction.type), gasLimit: gas };
      request.nonce = Number(request.nonce);
      if (authorizationList) {
        request.authorizationList = authorizationList.map((item) => ({
          address: item.address,
          chainId: BigInt(item.chainId),
          nonce: BigInt(item.nonce),
          signature: ethers.Signature.from({
            r: ethers.toBeHex(item.r, 32),
            s: ethers.toBeHex(item.s, 32),
            yParity: Number(item.yParity),
          }),
        }));
      }
      return new ethers.Wallet(key).signTransaction(request);
    },
    authorization: ({ key, authorization }) => {
      const { address, chainId, nonce } = authorization;
      const request = { address, chainId: BigInt(chainId), nonce: BigInt(nonce) };
      return new ethers.Wallet(key).authorizeSync(request).signature.serialized;
    },
  },
};

function numbers({ address, chainId, nonce, yParity, r, s }) {
  return {
    address,
    chainId: Number(chainId),
    nonce: Number(nonce),
    ...(yParity && { yParity: Number(yParity), r: pad(r), s: pad(s) }),
  };
}

function pad(quantity) {
  return viem.pad(quantity.length % 2 ? `0x0${quantity.slice(2)}` : quantity);
}

for await (const line of createInterface({ input: process.stdin })) {
  const request = JSON.parse(line);
  const results = {};
  for (const [name, library] of Object.entries(libraries)) {
    try {
      results[name] = await library[request.kind](request);
    } catch (error) {
      results[name] = null;
      if (process.env.DEBUG) console.error(name, String(error).slice(0, 300));
    }
  }
  console.log(JSON.stringify(results));
}
