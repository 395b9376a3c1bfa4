// Search: opens the view of a pasted id, address or name.

import { card, h, link, note, quiet, table } from "./dom.js";
import { address, copyable, fidLink, time } from "./format.js";
import { KINDS } from "./labels.js";
import { replace } from "./router.js";
import { get } from "./session.js";

const FIDS_END = 2n ** 63n;
const FID = /^(?:fid|user|#)?[\s:#]*([1-9][0-9]{0,18})$/i;
// An id of /api, the name of a wallet file, or the actor of an audit entry.
const WALLET = /^(?:fid|wallet|user)[_:]([1-9][0-9]{0,18})(?:_[a-z-]+(?:\.json)?)?$/i;
const ADDRESS = /^0x[0-9a-f]{40}$/i;
const BEGINNING = /^0x[0-9a-f]{0,39}(?:…|\.{3})?/i;
const UUID = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/i;
const REQUEST = /^(?!\d+$)[A-Za-z0-9._-]{8,64}$/;

export function search(view, _, { q: asked = "" }) {
  view.title(`Search for ${asked}`);
  const fid = (FID.exec(asked) ?? WALLET.exec(asked))?.[1];
  const { element, body: place } = card("Found", { id: "found", wide: true });
  view.add(element);
  if (fid && BigInt(fid) < FIDS_END) replace(["users", fid]);
  else if (ADDRESS.test(asked)) view.load(place, "wallets:read", () => byAddress(view, asked));
  else if (BEGINNING.test(asked)) place.append(note(
    "The beginning of an address is not searched: the index holds whole addresses. ",
    "Paste the whole address, or the FID."));
  else if (UUID.test(asked)) view.load(place, "wallets:read", () => byDeposit(view, asked.toLowerCase()));
  else if (asked.startsWith("client:") || asked.startsWith("cli:")) replace(["audit"], { actor: asked });
  else if (REQUEST.test(asked)) replace(["audit"], { request_id: asked });
  else place.append(note("The search does not recognize this text."), hint());
}

const hint = () => quiet("Search for an FID (1464243, FID 1464243), a wallet (fid_1464243_ethereum), a whole address, ",
  "a deposit id, a request id, or an actor (client:engine).");

async function byAddress(view, asked) {
  const { data, has_more: more } = await get("wallets", { address: asked });
  // A late response must not leave the view that was opened meanwhile.
  if (!view.root.isConnected) return [];
  const fids = new Set(data.map((wallet) => wallet.fid));
  if (fids.size === 1) {
    replace(["users", data[0].fid]);
    return [];
  }
  if (!data.length) return [note("No wallet in PostgreSQL has this address. To find a wallet that is only in a file, search for its FID.")];
  const rows = data.map((wallet) => [fidLink(wallet.fid), KINDS[wallet.type],
    wallet.address ? address(wallet.address, null) : "Cannot be decrypted (alarm)", time(wallet.createdAt)]);
  const found = table("Wallets with this address", ["User", "Wallet", "Address", "Created"], rows);
  return more ? [found, quiet("Only the newest 50 are shown.")] : [found];
}

async function byDeposit(view, id) {
  try {
    await get(`deposits/${id}`);
  } catch (refusal) {
    if (refusal.code !== "deposit_not_found") throw refusal;
    // A request id may be a UUID, too.
    return [note("No deposit has the id ", copyable(id, "id"), "."),
      h("p", {}, link(`#/audit?request_id=${id}`, "Search the audit log for a request with this id"))];
  }
  if (view.root.isConnected) replace(["deposits", id]);
  return [];
}
