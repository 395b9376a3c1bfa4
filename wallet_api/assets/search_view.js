// Search: opens the view of a pasted id, address or name.

import { find as findEntries } from "./audit_filters.js";
import { card, h, link, note, quiet, table } from "./dom.js";
import { fidLink, isFid, time } from "./format.js";
import { address, copyButton, copyable, hasTime } from "./ids.js";
import { KINDS } from "./labels.js";
import { replace, to } from "./router.js";
import { get, knownNetwork } from "./session.js";
import { SEARCHED } from "./view.js";

const FID = /^(?:fid|user|#)?[\s:#]*([1-9][0-9]{0,18})$/i;
// An id of /api, the name of a wallet file, or the actor of an audit entry.
const WALLET = /^(?:fid|wallet|user)[_:]([1-9][0-9]{0,18})(?:_[a-z-]+(?:\.json)?)?$/i;
const ADDRESS = /^(?:0x)?([0-9a-f]{40})$/i;
// As far as it was copied, or as wallets shorten it: 0x24e08CE1, 0x24e08C…CD74E2.
const BEGINNING = /^(0x[0-9a-f]{0,39})(?:(?:…|\.{2,3})([0-9a-f]{0,39}))?$/i;
// 0x and the digits that the service asks for.
const SHORTEST = 6;
const UUID = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/i;
// A client without "client:". A request id may look like one.
const CLIENT = /^[a-z0-9][a-z0-9._-]{0,62}$/;
// As the service accepts one. What may also be an FID or an address is taken for that.
const REQUEST = /^[A-Za-z0-9._-]{1,64}$/;

export function search(view, _, { q: asked = "" }) {
  view.title(`Search for ${asked}`, copyButton(asked, "search text"));
  const fid = (FID.exec(asked) ?? WALLET.exec(asked))?.[1];
  const digits = ADDRESS.exec(asked)?.[1];
  const [, beginning, ending = ""] = BEGINNING.exec(asked) ?? [];
  const { element, body: place } = card("Found", { id: "found", wide: true });
  view.add(element);
  const find = (filters, sentences) => view.load(place, "wallets:read", () => wallets(view, filters, ending.toLowerCase(), sentences));
  if (fid && isFid(fid)) replace(["users", fid]);
  else if (digits) find({ address: `0x${digits}` }, { found: "Wallets with this address", none: "No wallet in PostgreSQL has this address.", orRequest: /^0x/i.test(asked) ? null : asked });
  else if (beginning?.length >= SHORTEST) find({ addressPrefix: beginning }, { found: `Wallets whose address is ${asked}`, none: "No wallet in PostgreSQL has such an address." });
  else if (beginning) place.append(note(`Paste at least ${SHORTEST - 2} digits after 0x.`));
  else if (UUID.test(asked)) view.load(place, "wallets:read", () => byDeposit(view, asked.toLowerCase()));
  else if (asked.startsWith("client:") || asked.startsWith("cli:")) replace(["audit"], { actor: asked });
  else if (CLIENT.test(asked) && !hasTime(asked)) view.load(place, "audit:read", () => byClient(view, asked));
  else if (REQUEST.test(asked)) replace(["audit"], { request_id: asked });
  else place.append(note("The search does not recognize this text."), quiet(SEARCHED));
}

// The view of the audit log completes a request id with a range.
const requestLink = (id) => h("p", {}, link(to(["audit"], { request_id: id }), "Search the audit log for a request with this id"));

// Open the entries of a client, or look for a request if no client of this name did anything.
async function byClient(view, asked) {
  const actor = `client:${asked}`;
  const { data } = await findEntries({ actor }, { limit: 1 });
  if (view.root.isConnected) replace(["audit"], data.length ? { actor } : { request_id: asked });
  return [];
}

// The service searches for beginnings only. A wallet that does not decrypt has no address to compare.
async function wallets(view, filters, ending, { found, none, orRequest }) {
  const { data, has_more: more } = await get("wallets", filters);
  const fits = data.filter((wallet) => !wallet.address || wallet.address.toLowerCase().endsWith(ending));
  // A late response must not leave the view that was opened meanwhile.
  if (!view.root.isConnected) return [];
  if (!more && new Set(fits.map((wallet) => wallet.fid)).size === 1) {
    replace(["users", fits[0].fid]);
    return [];
  }
  const shown = more ? [quiet(`Only the first ${data.length} wallets were compared. Paste more of the address.`)] : [];
  if (!fits.length) return [note(none, " To find a wallet that is only in a file, search for its FID."), ...shown, ...(orRequest ? [requestLink(orRequest)] : [])];
  const explorer = (await knownNetwork())?.explorer;
  const rows = fits.map((wallet) => [fidLink(wallet.fid), KINDS[wallet.type],
    wallet.address ? address(wallet.address, explorer) : "Cannot be decrypted (alarm)", time(wallet.createdAt)]);
  return [table(found, ["User", "Wallet", "Address", "Created"], rows), ...shown];
}

async function byDeposit(view, id) {
  try {
    await get(`deposits/${id}`);
  } catch (refusal) {
    const why = {
      deposit_not_found: ["No deposit has the id ", copyable(id, "id"), "."],
      insufficient_scope: ["Deposits are not searched: this token lacks the scope wallets:read."],
    }[refusal.code];
    if (!why) throw refusal;
    // A request id may be a UUID, too.
    return [note(...why), requestLink(id)];
  }
  if (view.root.isConnected) replace(["deposits", id]);
  return [];
}
