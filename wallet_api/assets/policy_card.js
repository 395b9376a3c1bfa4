// The policies that apply to a wallet, and the remaining amounts of their windows.

import { card, h, note, pill, quiet } from "./dom.js";
import { amount, duration } from "./format.js";
import { address, copyable, marked, short } from "./ids.js";
import { LAYERS } from "./labels.js";
import { go } from "./router.js";
import { get, knownNetwork } from "./session.js";

export function policyCard(view, fid, client) {
  const { element, body } = card("Policy", { id: "policy", more: clientForm(fid, client) });
  view.add(element);
  view.load(body, "policies:read", async () => {
    const found = await get(`users/${encodeURIComponent(fid)}/policy/effective`, { client });
    const network = await knownNetwork();
    const shown = found.layers.map((layer) => layerPart(layer, found.windows, network));
    if (!found.complete) shown.push(quiet("Some windows are not shown."));
    if (found.layers.some((layer) => layer.layer !== "user")) return shown;
    return [note(client && found.unrestricted
      ? `No policy of the service or the wallet applies. ${client} is unrestricted: it needs a policy only for delegations and for messages of 32 bytes.`
      : "No policy of the service or the wallet applies. Only a client with a policy of its own, or an unrestricted one, can sign."), ...shown];
  });
}

// A client may have a policy of its own, which applies to what it signs.
function clientForm(fid, client) {
  const input = h("input", { name: "client", value: client, "aria-label": "Signed by client", placeholder: "any client", autocomplete: "off", spellcheck: "false" });
  const submit = (event) => {
    event.preventDefault();
    go(["users", fid], { client: input.value.trim() });
  };
  return h("form", { class: "inline", onsubmit: submit }, h("span", { class: "quiet" }, "Signed by"), input, h("button", {}, "Show"));
}

function layerPart({ layer, policy, version, name, rules }, windows, network) {
  const id = policy ? copyable(policy, "policy id", short(policy)) : null;
  return h("div", { class: "layer" },
    h("h3", {}, LAYERS[layer], name && ` · ${name}`, h("span", { class: "quiet" }, " ", id, ` version ${version}`)),
    h("ul", { class: "rules" }, rules.map((rule) => h("li", {},
      pill(rule.effect === "deny" ? "bad" : "good", rule.explanation.split(" ", 1)), marked(rule.explanation.replace(/^\S+/, ""), explorerOf(rule, network)),
      windows.filter((one) => one.layer === layer && one.rule === rule.id).map((one) => meter(one, network))))));
}

// A rule for other chains only names no address of the service's chain.
function explorerOf({ explanation }, network) {
  return network && (!/ chain \d/.test(explanation) || explanation.includes(network.name)) ? network.explorer : null;
}

function meter({ asset, symbol, decimals, chainId, seconds, maxAmount, left }, network) {
  const on = ` on chain ${chainId}`;
  const explorer = network?.chainId === chainId ? network.explorer : null;
  const unit = symbol ?? (asset === "native" ? `native${on}` : [address(asset, explorer, short(asset)), on]);
  const sums = `${amount(left, decimals)} of ${amount(maxAmount, decimals)}`;
  // Exact numbers are in the text; a double is enough for a bar.
  const part = maxAmount === "0" ? 0 : Number(left) / Number(maxAmount);
  return h("div", { class: part === 0 ? "window empty" : "window", title: `${left} of ${maxAmount} in the smallest unit` },
    h("meter", { min: "0", max: "1", low: "0.1", optimum: "1", value: String(part), "aria-label": `${sums} ${symbol ?? asset} left` }),
    h("span", {}, sums, " ", unit, " left", quiet(`in any ${duration(seconds)}`)));
}
