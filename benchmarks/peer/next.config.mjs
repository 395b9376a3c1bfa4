export default {
  serverExternalPackages: ["@prisma/adapter-pg", "@prisma/client", "tiny-secp256k1"],
};
